"""What encryption costs the journal: group commits, writing and reading, sealed and not.

python bench/journal.py [--batches 2000] [--frames 200] [--octets 100]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from tocsin.model import Batch, Frame
from tocsin.service.journal import Header, Journal, Snapshot, Written, read_batches
from tocsin.service.keyring import Keyring


def header():
    return Header(file=1, first_batch=1, chain=bytes(32), version="bench", processor="bench",
                  site="", where="", mode="live", live=True, opened_s=0.0, begun_s=0.0,
                  clock=(0.0, 0.0, 1.0))  # fmt: skip


def measure(sealed, batches, frames, octets):
    payload = bytes(range(256)) * (octets // 256 + 1)
    steps = [
        Written(k, Batch(k * 0.05, tuple(
            Frame("radar", k * frames + n, k * 0.05, payload[:octets], "udp")
            for n in range(frames)
        )))
        for k in range(1, batches + 1)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        keys = Keyring.open(Path(folder)) if sealed else None
        first = Snapshot(0, 0.0, b"", {})
        book = Journal.begin(Path(folder) / "journal", header(), first, [], keys)
        began, cpu = time.perf_counter(), time.thread_time()
        for step in steps:
            book.append([step])
        wall_s, cpu_s = time.perf_counter() - began, time.thread_time() - cpu
        state = bytes(2_000_000)
        at = time.thread_time()
        for k in range(20):
            book.append([], Snapshot(batches, float(k), state, {}))
        snapshot_s = (time.thread_time() - at) / 20
        book.close()
        began = time.perf_counter()
        read = sum(len(b.frames) for b in read_batches(Path(folder) / "journal"))
        read_s = time.perf_counter() - began
        size = sum(p.stat().st_size for p in (Path(folder) / "journal").iterdir())
    assert read == batches * frames
    return {
        "commits_per_s": round(batches / wall_s), "frames_per_s": round(read / wall_s),
        "cpu_us_per_batch": round(cpu_s / batches * 1e6),
        "snapshot_2mb_cpu_ms": round(snapshot_s * 1e3, 2),
        "read_frames_per_s": round(read / read_s), "octets_on_disk": size,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batches", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--octets", type=int, default=100)
    args = parser.parse_args()
    for sealed in (False, True):
        found = measure(sealed, args.batches, args.frames, args.octets)
        print(json.dumps({"sealed": sealed, **found}))


if __name__ == "__main__":
    main()
