"""What decoders do in a second, in the thread's CPU time, with ratios within one run.

python -m bench formats [--only NAME] [--seconds 1.0]

One row a format in ROWS: a function that returns what is measured; `*_wanted` is the goal. The
others are in `formats_more`, their peers in `formats_peers`.
"""

import argparse
import functools
import json
import time
from collections.abc import Callable

from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from bench import formats_more
from tocsin.codec import decode_into, open_session
from tocsin.codec.sapient import (
    FrameStream,
    Sighted,
    encode_registration,
    encode_scan,
    split_into,
    ulid,
)
from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, Frame

SITE = """
[node]
name = "bench"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "radar"
kind = "radar"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "11111111-1111-4111-8111-111111111111"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 5
"""
START_S = 1_780_000_000.0


def rate(job: Callable[[], int], seconds: float) -> float:
    """Return things a second of the best of the runs that fit into the time; job gives how many."""
    best_s, n, spent_s = float("inf"), job(), 0.0
    while spent_s < seconds:
        began = time.thread_time()
        n = job()
        took_s = time.thread_time() - began
        best_s, spent_s = min(best_s, took_s), spent_s + took_s
    return n / best_s


def sapient(seconds: float) -> dict[str, float]:
    """SAPIENT detections: octets to columns, against protobuf's parser alone."""
    node = read_site(SITE.encode(), "bench.toml")
    node_id = node.sensors[0].node_id
    hello = encode_registration(
        node_id, START_S, kind="radar", name="radar", status_s=5.0, scan_s=1.0
    )
    pieces = []
    for k in range(100):
        seen = [
            Sighted(
                ulid(START_S, 100 * k + j), azimuth_rad=0.1 * j, elevation_rad=0.1,
                range_m=1000.0 + j, sigma_azimuth_rad=0.01, sigma_elevation_rad=0.01,
                sigma_range_m=10.0, confidence=0.9, scores=(0.9, 0.1, 0.0, 0.0, 0.0, 0.0),
            )
            for j in range(50)
        ]  # fmt: skip
        at_s = START_S + 0.1 * k
        ids = [ulid(at_s, 100_000 + 100 * k + j) for j in range(50)]
        pieces.append((at_s, encode_scan(node_id, at_s, seen, ids)))
    messages = [m for _, data in pieces for m in split_into(FrameStream(), data)]

    def bare() -> int:
        parse = SapientMessage.FromString
        for message in messages:
            parse(message)
        return len(messages)

    def whole() -> int:
        session = open_session(node, live=True)
        first = Frame("radar", 0, START_S, hello, "p")
        decode_into(session, node, Batch(START_S, (first,)))
        n = 0
        for number, (at_s, data) in enumerate(pieces, 1):
            batch = Batch(at_s, (Frame("radar", number, at_s, data, "p"),))
            n += len(decode_into(session, node, batch).detections)
        assert n == len(messages)
        return n

    alone, all_of_it = rate(bare, seconds), rate(whole, seconds)
    return {
        "octets": sum(map(len, messages)) / len(messages),
        "parse_alone_per_s": alone,
        "columns_per_s": all_of_it,
        "ratio": all_of_it / alone,
        "ratio_wanted": 0.12,
    }


ROWS: dict[str, Callable[[float], dict[str, float]]] = {"sapient": sapient} | {
    name: functools.partial(row, rate=rate) for name, row in formats_more.ROWS.items()
}


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m bench formats")
    parser.add_argument("--only", choices=sorted(ROWS))
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    given = parser.parse_args(words)
    for name, row in ROWS.items():
        if given.only in (None, name):
            found = {key: float(f"{value:.4g}") for key, value in row(given.seconds).items()}
            print(json.dumps({"format": name, **found}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
