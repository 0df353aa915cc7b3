"""Tracks as ASTERIX: CAT062 for each, CAT063 for the sensors, CAT065 for ourselves.

EUROCONTROL-SPEC-0149-9, -10 and -12. One picture is a run of payloads of whole blocks: tracks,
then the sensors, then our state and the end of the batch.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.asterix._records import encode_block, encode_record
from tocsin.codec.asterix.cat062 import CAT062_1_21
from tocsin.codec.asterix.cat063 import CAT063_1_7
from tocsin.codec.asterix.cat065 import CAT065_1_5
from tocsin.codec.asterix.radar import time_of_day_s
from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import Nature, Sensor, TrackKind
from tocsin.units import FOOT_M

__all__ = ["MOST_TRACKS", "Numbers", "numbers_into", "payloads", "system_record"]

PAYLOAD_OCTETS = 1400  # of one datagram: below Ethernet's 1,500 with its headers
MOST_TRACKS = 65_535  # I062/040 has 16 bits; number 0 is left out, some take it for none
SERVICE = 1  # I063/015, I065/015: we have one
FTPMIN = FOOT_M / 60.0  # metres a second
_HALF_STEP_DEG = 90.0 / 2**25  # of I062/105
_ADDRESS = re.compile(r"^[0-9a-f]{6}$")
_CALLSIGN = re.compile(r"^[A-Z0-9 ]{1,8}$")
_MEASURED, _DECLARED = TrackKind.WORDS[TrackKind.MEASURED], TrackKind.WORDS[TrackKind.DECLARED]
# I062/080 SRC: where the height of I062/130 comes from.
NO_SOURCE, GNSS, RADAR_3D = 0, 1, 2
# I063/060 CON by the state of a sensor; what is neither well nor unheard is degraded.
_CON = {"ok": 0, "silent": 3, "never heard": 3}
DEGRADED = 1


@dataclass(slots=True)
class Numbers:
    """The track numbers that a receiver knows, by id; last: the newest that was given out."""

    ids: dict[str, int] = field(default_factory=dict)
    last: int = 0


def numbers_into(numbers: Numbers, ids: Iterable[str]) -> list[str]:
    """Give track numbers to ids that have none, each number again as late as can be. Return the
    ids for which there is none.
    """
    taken = set(numbers.ids.values())
    left = []
    for name in ids:
        if name in numbers.ids:
            continue
        if len(taken) >= MOST_TRACKS:
            left.append(name)
            continue
        numbers.last = numbers.last % MOST_TRACKS + 1
        while numbers.last in taken:
            numbers.last = numbers.last % MOST_TRACKS + 1
        numbers.ids[name] = numbers.last
        taken.add(numbers.last)
    return left


def system_record(track: ShownTrack, number: int, sac: int, sic: int, *, ended: bool) -> bytes:
    """Return one CAT062 record; ended: the last of its track. Raises ValueError for a position
    that is none.
    """
    if not (abs(track.lat_deg) <= 90.0 and abs(track.lon_deg) <= 180.0):
        raise ValueError(f"the track is at {track.lat_deg}, {track.lon_deg}; give degrees")
    values: dict[str, Any] = {
        "010": {"SAC": sac, "SIC": sic},
        "040": {"TRN": number},
        "070": {"TOD_s": time_of_day_s(track.time_s)},
        "080": _status(track, ended=ended),
        "105": {
            "LAT_deg": track.lat_deg,
            # Half a step below 180 degrees would become 180, which is written as -180.
            "LON_deg": (track.lon_deg + 180.0 + _HALF_STEP_DEG) % 360.0
            - 180.0
            - _HALF_STEP_DEG,
        },
    }
    if _known(track.vel_east_mps, track.vel_north_mps):
        values["185"] = {
            "VX_mps": _held(track.vel_east_mps, 0.25, 15),
            "VY_mps": _held(track.vel_north_mps, 0.25, 15),
        }
    if _known(track.vel_up_mps):
        values["220"] = {"ROCD_ftpmin": _held(track.vel_up_mps / FTPMIN, 6.25, 15)}
    if _known(track.alt_m):
        values["130"] = {"ALT_ft": _held((track.alt_m - track.geoid_m) / FOOT_M, 6.25, 15)}
    own = {}
    if _ADDRESS.match(track.declared):
        own["ADR"] = {"ADR": track.declared}
    if _CALLSIGN.match(track.callsign):
        own["ID"] = {"ID": track.callsign.ljust(8)}
    if own:
        values["380"] = own
    if accuracy := _accuracy(track):
        values["500"] = accuracy
    return encode_record(CAT062_1_21, values)


def payloads(
    tracks: Sequence[tuple[ShownTrack, int, bool]],
    sensors: Sequence[tuple[Sensor, str]],
    now_s: float,
    *,
    sac: int,
    sic: int,
    batch: int,
) -> tuple[list[bytes], int]:
    """Return the payloads of a picture, and how many tracks had no place on Earth.

    tracks: with number and whether it has ended; sensors: with their state in words; batch: a
    count of pictures.
    """
    records, refused = [], 0
    for track, number, ended in tracks:
        try:
            records.append(system_record(track, number, sac, sic, ended=ended))
        except ValueError:
            refused += 1
    source = {"SAC": sac, "SIC": sic}
    tod = {"TOD_s": time_of_day_s(now_s)}
    states = [
        encode_record(
            CAT063_1_7,
            {
                "010": source, "015": {"SID": SERVICE}, "030": tod,
                "050": {"SAC": sensor.sac, "SIC": sensor.sic},
                "060": {"CON": _CON.get(state, DEGRADED)},
            },
        )
        for sensor, state in sensors
        if sensor.sac is not None and sensor.sic is not None
    ]  # fmt: skip
    own = {"010": source, "015": {"SID": SERVICE}, "030": tod}
    ours = [  # our state, with nothing against it; and the end of the batch
        encode_record(CAT065_1_5, {**own, "000": {"TYP": 1}, "040": {"NOGO": 0}}),
        encode_record(CAT065_1_5, {**own, "000": {"TYP": 2}, "020": {"BTN": batch % 256}}),
    ]
    return [*_packed(62, records), *_packed(63, states), *_packed(65, ours)], refused


def _packed(category: int, records: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    held: list[bytes] = []
    size = 3
    for record in records:
        if held and size + len(record) > PAYLOAD_OCTETS:
            found.append(encode_block(category, held))
            held, size = [], 3
        held.append(record)
        size += len(record)
    return [*found, encode_block(category, held)] if held else found


def _status(track: ShownTrack, *, ended: bool) -> dict[str, int]:
    source = NO_SOURCE
    if _known(track.alt_m):
        source = GNSS if track.kind == _DECLARED else RADAR_3D
    status = {
        "MON": 0, "SPI": 0, "MRH": int(_known(track.alt_m)), "SRC": source, "CNF": 0,
        "SIM": int(track.nature != Nature.LIVE), "TSE": int(ended),
    }  # fmt: skip
    if track.coasted:  # the fourth part: no report in time
        status |= {"CST": 1}
    return status


def _accuracy(track: ShownTrack) -> dict[str, dict[str, float]]:
    """I062/500, one standard deviation each; what is smaller than half a step becomes one step,
    for 0 would say that it is not known.
    """
    stated = {}
    if _known(track.sigma_position_m):
        sigma_m = _at_least(track.sigma_position_m, 0.5, 16)
        stated["APC"] = {"X_m": sigma_m, "Y_m": sigma_m}
    if _known(track.alt_m, track.sigma_alt_m):
        stated["AGA"] = {"AGA_ft": _at_least(track.sigma_alt_m / FOOT_M, 6.25, 8)}
    if _known(track.sigma_velocity_mps):
        sigma_mps = _at_least(track.sigma_velocity_mps, 0.25, 8)
        stated["ATV"] = {"X_mps": sigma_mps, "Y_mps": sigma_mps}
    return stated


def _known(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)


def _held(value: float, lsb: float, bits: int) -> float:
    """Return the value, or the nearest that the field holds: a sign and so many bits."""
    most = (1 << bits) - 1
    return max(-most, min(most, round(value / lsb))) * lsb


def _at_least(value: float, lsb: float, bits: int) -> float:
    return max(1, min((1 << bits) - 1, round(value / lsb))) * lsb
