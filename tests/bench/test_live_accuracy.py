"""What `bench live` says of places: by frames made by hand."""

import json

import numpy as np
import pytest

from bench import live
from tocsin import geo
from tocsin.codec import wire

BEGAN_S = 1_772_366_400.0
TRUTH = (
    np.array([[4000.0, 0.0, 300.0], [0.0, -6000.0, 200.0]]),
    np.array([[20.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
)


def frame(kind, after_s, rows):
    """rows: (wire, places east north up, m, velocity)."""
    site = geo.frame_at(live.LAT, live.LON, 0.0)
    records = np.zeros(len(rows), wire.RECORD)
    for record, (number, place, velocity) in zip(records, rows, strict=True):
        lat, lon, alt = geo.from_frame(np.array([place]), site)[0]
        lat, lon = np.degrees([lat, lon])
        record["wire"], record["lat"], record["lon"] = (
            number,
            round(lat * 1e7),
            round(lon * 1e7),
        )
        record["alt"] = round(alt)
        record["v_east"], record["v_north"] = (round(10 * v) for v in velocity)
    return wire.binary(kind, 1, BEGAN_S + after_s, records.tobytes())


def test_it_counts_what_is_off_missing_and_too_many_and_carries_records_on():
    full = frame(
        0, 10.0, [(1, (4200.0, 30.0, 300.0), (20, 0)), (2, (9000.0, 0.0, 1.0), (0, 0))]
    )
    rows = live.accuracy([full, frame(1, 11.0, [])], TRUTH, BEGAN_S, seconds=0.5)
    assert [float(row[1].removesuffix(" m")) for row in rows[:2]] == pytest.approx(
        [30, 30], abs=0.2
    )
    assert [row[1] for row in rows[2:]] == ["50.00%", "50.00%"]
    assert [row[3] for row in rows[2:]] == [False, False]


def test_what_has_gone_is_on_the_screen_no_more():
    full = frame(0, 10.0, [(1, (4200.0, 0.0, 300.0), (20, 0)), (2, (9000.0, 0.0, 1.0), (0, 0))])
    gone = json.dumps(
        {"seq": 2, "type": "drop", "wire": [2], "how": "lost"}, separators=(",", ":")
    )
    rows = live.accuracy([full, gone, frame(1, 11.0, [])], TRUTH, BEGAN_S, seconds=0.5)
    assert [row[1] for row in rows[2:]] == ["50.00%", "0.00%"]
