"""`python -m bench [NAME ...] [options]`: run benches by name; without a name, all of them."""

import importlib
import sys

BENCHES = {
    "track": "bench.track", "raids": "bench.raids", "watch": "bench.watch",
    "formats": "bench.formats", "importer": "bench.importer",
}  # fmt: skip


def main(words):
    names = [w for w in words if w in BENCHES] or list(BENCHES)
    options = [w for w in words if w not in BENCHES]
    return max(importlib.import_module(BENCHES[name]).main(options) for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
