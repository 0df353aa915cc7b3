"""Other people's ASTERIX decoders, each in an environment of its own that this bench makes.

Both install a package of the name `asterix`, and one is GPL and falls over on damaged input, so
neither shares a process with the product. Without a way to install them their figures are left
out, and said to be.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PEERS = {
    "asterix_decoder": (
        "asterix_decoder==0.7.11",
        "import asterix\ndef parse(data): return len(asterix.parse(data, verbose=False))\n",
    ),
    "libasterix": (
        "libasterix==0.36.3",
        "import asterix.base as base, asterix.generated as tables\n"
        "EDITIONS = {48: tables.Cat_048_1_32, 62: tables.Cat_062_1_20}\n"
        "READ = {48: ('010', '040'), 62: ('010', '105')}\n"
        "def parse(data):\n"
        "    n = 0\n"
        "    for raw in base.RawDatablock.parse(base.Bits.from_bytes(data)):\n"
        "        category = raw.get_category()\n"
        "        edition = EDITIONS[category]\n"
        "        found = edition.cv_uap.parse(raw.get_raw_records())\n"
        "        for record in found:\n"
        "            for item in READ[category]:\n"
        "                record.get_item(item)\n"
        "        n += len(found)\n"
        "    return n\n",
    ),
}
_LOOP = """
import json, sys, time
pieces = [bytes.fromhex(line) for line in sys.stdin.read().split()]
best, n, spent = float("inf"), 0, 0.0
while spent < float(sys.argv[1]):
    began = time.thread_time()
    n = sum(parse(piece) for piece in pieces)
    took = time.thread_time() - began
    best, spent = min(best, took), spent + took
print(json.dumps({"records": n, "per_s": n / best}))
"""


def rate_of(peer: str, payloads: list[bytes], records: int, seconds: float) -> float | None:
    """Return records a second of a peer in a process of its own; None where it cannot run."""
    package, source = PEERS[peer]
    folder = Path(tempfile.gettempdir()) / f"tocsin-bench-{package.replace('==', '-')}"
    python = folder / "bin" / "python"
    try:
        if not (folder / "ready").exists():
            venv.create(folder, with_pip=True, clear=True)
            install = [str(python), "-m", "pip", "install", "-q", package]
            subprocess.run(install, check=True, timeout=300)
            (folder / "ready").touch()
        done = subprocess.run(
            [str(python), "-c", source + _LOOP, str(seconds)],
            input="\n".join(p.hex() for p in payloads), text=True, capture_output=True,
            check=True, timeout=120,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as error:
        print(f"{peer}: left out ({error})", file=sys.stderr)
        return None
    found = json.loads(done.stdout)
    if found["records"] != records:
        print(f"{peer}: read {found['records']} of {records} records", file=sys.stderr)
    return float(found["per_s"])
