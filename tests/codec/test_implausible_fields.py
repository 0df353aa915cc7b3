"""Heights and speeds that no aircraft has, as other decoders tell them: the place stands."""

import json
import math

import pytest

from tocsin import codec
from tocsin.model import Batch, Frame, Node

T = 1_764_547_200.0


def sbs(height_m, speed_mps, up_mps):
    height, speed, up = height_m / 0.3048, speed_mps * 3600 / 1852, up_mps * 60 / 0.3048
    stamp = "2025/12/01,00:00:00.000"
    return (
        f"MSG,3,1,1,3C6444,1,{stamp},{stamp},,{height!r},{speed!r},90,50.0,8.5,{up!r},,,,,0\n"
    ).encode()


def readsb(height_m, speed_mps, up_mps):
    said = {"now": T, "hex": "3c6444", "lat": 50.0, "lon": 8.5, "track": 90,
            "alt_geom": height_m / 0.3048, "gs": speed_mps * 3600 / 1852,
            "geom_rate": up_mps * 60 / 0.3048}  # fmt: skip
    return json.dumps(said).encode() + b"\n"


def statevectors(height_m, speed_mps, up_mps):
    names = "time,icao24,lat,lon,velocity,heading,vertrate,geoaltitude"
    return f"{names}\n{T},3c6444,50.0,8.5,{speed_mps!r},90,{up_mps!r},{height_m!r}\n".encode()


WRITERS = {"sbs": sbs, "readsb-json": readsb, "statevectors-csv": statevectors}


def hear(format, payload):
    session = codec.open_session(Node(), live=False, formats={"s": format})
    found = codec.decode_into(session, Node(), Batch(T, (Frame("s", 0, T, payload),)))
    (row,) = zip(
        found.detections.lat_deg.tolist(),
        found.detections.alt_m.tolist(),
        found.detections.vel_east_mps.tolist(),
        found.detections.vel_up_mps.tolist(),
        strict=True,
    )
    return row, {r.reason: r.count for r in found.rejected}


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize(
    ("said", "lost", "reason"),
    [
        ((3e7, 200.0, 5.0), 1, "implausible height"),
        ((-2e3, 200.0, 5.0), 1, "implausible height"),
        ((9e3, 5e7, 5.0), 2, "implausible speed"),
        ((9e3, -200.0, 5.0), 2, "implausible speed"),
        ((9e3, 200.0, -5e5), 3, "implausible speed"),
    ],
)
def test_a_field_that_cannot_be_is_dropped_and_counted_and_the_place_stands(
    format, said, lost, reason
):
    row, rejected = hear(format, WRITERS[format](*said))
    assert row[0] == 50.0
    assert math.isnan(row[lost])
    assert rejected == {reason: 1}


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize(
    "said", [(20e3, 900.0, -150.0), (40e3, 10.0, 3.0), (-400.0, 80.0, 0.0)]
)
def test_high_balloons_fast_jets_and_deep_valleys_are_taken(format, said):
    row, rejected = hear(format, WRITERS[format](*said))
    assert row == pytest.approx((50.0, *said))
    assert rejected == {}


def test_the_other_height_counts_where_one_cannot_be():
    payload = readsb(3e7, 200.0, 5.0).replace(b'"gs"', b'"alt_baro": 10000, "gs"')
    row, rejected = hear("readsb-json", payload)
    assert row[1] == pytest.approx(3048.0)
    assert rejected == {"implausible height": 1}
