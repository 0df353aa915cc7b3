"""A log of a flight as bodies of detections: what the thing said of itself, one a fix."""

import math
from collections.abc import Iterator

import msgspec

from tocsin.codec._capture_frames import Skipped
from tocsin.codec.flightlogs import Fix, read_flight_log

__all__ = ["fix_frames"]

ID_OCTETS = 24
SIGMA_POSITION_M, SIGMA_HEIGHT_M, SIGMA_VELOCITY_MPS = 3.0, 6.0, 0.5  # of a plain GPS receiver


def fix_frames(data: bytes, name: str, skipped: Skipped) -> Iterator[tuple[float, str, bytes]]:
    """Give one body a fix, in the order of time; what cannot have been is counted."""
    for fix in read_flight_log(data, name, skipped.counts):
        yield fix.time_s, "", msgspec.json.encode([_item(fix, name)])


def _item(fix: Fix, name: str) -> dict[str, object]:
    who = fix.who or name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    shown = "".join(c for c in who if c.isascii() and c.isprintable())[: ID_OCTETS - 4]
    item: dict[str, object] = {
        "time_s": fix.time_s, "report": "declared", "declared_id": f"log-{shown}",
        "lat": fix.lat_deg, "lon": fix.lon_deg, "sigma_position_m": SIGMA_POSITION_M,
    }  # fmt: skip
    if math.isfinite(fix.height_msl_m):
        item |= {"alt_m": fix.height_msl_m, "alt_ref": "msl", "sigma_alt_m": SIGMA_HEIGHT_M}
    if math.isfinite(fix.east_mps) and math.isfinite(fix.north_mps):
        item |= {"vel_east_mps": fix.east_mps, "vel_north_mps": fix.north_mps,
                 "sigma_velocity_mps": SIGMA_VELOCITY_MPS}  # fmt: skip
        if math.isfinite(fix.up_mps):
            item["vel_up_mps"] = fix.up_mps
    return item
