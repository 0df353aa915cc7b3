"""`python -m bench [NAME ...] [options]`: run benches by name; without a name, all of them."""

import importlib
import sys

BENCHES = (
    "track",
    "raids",
    "watch",
    "formats",
    "importer",
    "record",
    "live",
    "screen",
)


def main(words):
    names = [w for w in words if w in BENCHES] or BENCHES
    options = [w for w in words if w not in BENCHES]
    return max(importlib.import_module(f"bench.{name}").main(options) for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
