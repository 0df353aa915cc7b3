"""The aircraft of the plain twin of Mode S: one message at a time."""

import math
from dataclasses import dataclass, field

from tests.codec.modes_plainly_cpr import decode_global, decode_local

from tocsin.codec._clock import settle
from tocsin.codec._work import add_row, count, place_of, reject
from tocsin.codec.modes import _squitter as squitter
from tocsin.codec.modes import remainder
from tocsin.codec.modes._surface import read_surface
from tocsin.codec.modes.accuracy import (
    SIGMA_GEOMETRIC_M,
    SIGMA_PRESSURE_M,
    sigma_position_m,
    sigma_velocity_mps,
)
from tocsin.model import AltRef, DetectionBatch, Report
from tocsin.units import DEG, EARTH_A_M

NAN = math.nan
SHORT, LONG = 7, 14  # octets of a frame
NEAR_M = 45.0 * 1852.0
# Downlink formats in use (Annex 10 vol. IV, table 3-3): formats 24 to 31 are one, Comm-D.
FORMATS = (0, 4, 5, 11, 16, 17, 18, 19, 20, 21, 24)
SQUITTERS, WITHIN_S = 2, 60.0
FORGET_S = 300.0  # an address not heard for so long starts anew
AIRCRAFT_LIMIT = 20_000  # addresses of one receiver: all that fly in a continent
PAIR_S = 10.0  # DO-260B, A.1.7.4: even and odd not further apart
LOCAL_S = 60.0  # at SPEED_LIMIT a thing moves 60 km: far inside the 180 NM of a local decode
SPEED_LIMIT_MPS = 700.0  # above Mach 2; the fastest that CPR and its tests are made for
ALLOW_M = 1_000.0  # of position error and message latency on top of the speed test
RANGE_LIMIT_M = 800_000.0  # radio horizon between 15 km height and a mountain top
VELOCITY_S = 5.0  # how long a velocity is valid beside later positions
DIFFERENCE_S = 120.0  # and the difference of geometric and pressure height


@dataclass(slots=True)
class Cpr:
    time_s: float = NAN
    lat: int = 0
    lon: int = 0


@dataclass(slots=True)
class Aircraft:
    first_s: float
    heard_s: float
    squitters: int = 1
    accepted: bool = False
    callsign: str = ""
    category: str = ""
    even: Cpr = field(default_factory=Cpr)
    odd: Cpr = field(default_factory=Cpr)
    lat: float = NAN
    lon: float = NAN
    fix_s: float = NAN
    trusted: bool = False
    vel_east_mps: float = NAN
    vel_north_mps: float = NAN
    vel_up_mps: float = NAN
    sigma_velocity_mps: float = NAN
    velocity_s: float = NAN
    geometric_minus_pressure_m: float = NAN
    difference_s: float = NAN
    nac_p: int = -1


def take_frame(work, frame, sensor, message, time_s) -> None:  # fmt: skip
    """Take one Mode S frame of 7 or 14 octets, received at time_s."""
    form = min(24, message[0] >> 3)
    if form not in FORMATS:
        reject(work, frame.source, "unknown downlink format", f"format {form}", message)
        return
    if len(message) != (LONG if form >= 16 else SHORT):
        reject(work, frame.source, "wrong frame length", f"{len(message)} octets", message)
        return
    if form in (17, 18) and remainder(message):
        reject(work, frame.source, "checksum", f"DF{form}", message)
        return
    # The parity of an all-call reply holds the interrogator's code, 7 bits (3.1.2.3.3.2).
    if form == 11 and remainder(message) >= 128:
        reject(work, frame.source, "checksum", "DF11", message)
        return
    count(work, f"DF{form}")
    if form == 17 or (form == 18 and message[0] & 7 in (0, 1)):
        _take_squitter(work, frame, sensor, message, time_s)
    elif form not in (11, 18):
        _take_reply(work, frame, message, time_s)


def _take_reply(work, frame, message, time_s):
    """Count a reply as evidence for an address that a squitter has named.

    Its parity is laid over the address, so that any noise gives some address: it never names a
    new one, but that it hits a known one by chance is 1 in 2^24 for each that is known.
    """
    craft = work.crafts.get(frame.source, {}).get(f"{remainder(message):06x}")
    if craft is not None and 0.0 <= time_s - craft.heard_s <= WITHIN_S:
        craft.accepted = True


def _declared_id(message):
    """Return the address as hex; a "~" before one that is not ICAO's; None for no address."""
    address = message[1:4].hex()
    if address in ("000000", "ffffff"):
        return None
    # DF18, CF 1: an address that the owner chose (DO-260B, table 2-8).
    return f"~{address}" if message[0] >> 3 == 18 and message[0] & 7 == 1 else address


def _take_squitter(work, frame, sensor, message, time_s):
    declared = _declared_id(message)
    if declared is None:
        reject(work, frame.source, "no address", message[1:4].hex(), message)
        return
    settled_s: float | None = time_s
    if time_s != frame.arrival_s:  # a time of its own: the receiver's clock may be wrong
        settled_s = settle(work, frame.source, time_s, frame.arrival_s, raw=message)
    if settled_s is None:
        return
    known = work.crafts.setdefault(frame.source, {})
    craft = _heard_into(work, known, declared, settled_s, frame)
    if craft is None:
        return
    row = {}
    body = int.from_bytes(message[4:11], "big")
    _learn_into(work, frame, sensor, craft, body, settled_s, row)
    if craft.accepted:
        _add(work, frame, declared, craft, settled_s, row)


def _heard_into(work, known, declared, time_s, frame):
    craft = known.get(declared)
    if craft is not None and time_s - craft.heard_s <= FORGET_S:
        craft.squitters += 1
        if not craft.accepted:
            craft.accepted = time_s - craft.first_s <= WITHIN_S and craft.squitters >= SQUITTERS
            if time_s - craft.first_s > WITHIN_S:
                craft.first_s, craft.squitters = time_s, 1
        craft.heard_s = time_s
        return craft
    if craft is None and len(known) >= work.limit:
        _forget_into(known, time_s)
        if len(known) >= work.limit:
            reject(work, frame.source, "too many addresses", f"{work.limit} are kept")
            return None
    craft = known[declared] = Aircraft(first_s=time_s, heard_s=time_s)
    return craft


def _forget_into(known, now_s):
    stale = [name for name, craft in known.items() if not now_s - craft.heard_s <= FORGET_S]
    # Noise first: an address that was heard once and did not come back.
    stale = stale or [name for name, craft in known.items() if not craft.accepted]
    for name in stale:
        del known[name]


def _learn_into(work, frame, sensor, craft, body, time_s, row):
    code = squitter.type_code(body)
    if 1 <= code <= 4:
        callsign, craft.category = squitter.read_identification(body)
        craft.callsign = callsign or craft.callsign
        craft.accepted = craft.accepted or bool(callsign)
    elif 9 <= code <= 18 or 20 <= code <= 22:
        _place_into(work, frame, sensor, craft, squitter.read_position(body), time_s, row)
    elif code == 19:
        _velocity_into(craft, squitter.read_velocity(body), time_s)
    elif 5 <= code <= 8:
        row["flags"] = DetectionBatch.ON_GROUND
        _ground_into(work, frame, sensor, craft, read_surface(body), time_s, row)
    elif code == 31 and body >> 48 & 7 in (0, 1) and body >> 13 & 7:
        # Operational status in the air or on the ground, version 1 or 2 (DO-260B, 2.2.3.2.7.2).
        craft.nac_p = body >> 8 & 0xF


def _ground_into(work, frame, sensor, craft, said, time_s, row):
    """Place a surface position near where the craft was last, or near the receiver; a second
    look must agree before it is believed.
    """
    is_recent = time_s - craft.fix_s <= LOCAL_S
    if craft.trusted and is_recent:
        near = craft.lat, craft.lon
    elif sensor is not None and sensor.lat is not None and sensor.lon is not None:
        near = sensor.lat, sensor.lon
    else:
        return
    place = decode_local(
        said.lat, said.lon, is_odd=said.is_odd, near_lat_deg=near[0], near_lon_deg=near[1],
        round_deg=90.0,
    )  # fmt: skip
    if place is None or _distance_m(*near, *place) > NEAR_M:
        return
    if not is_recent or not _is_reachable(craft, place, time_s):
        if craft.trusted and is_recent:
            reject(work, frame.source, "implausible position", "a jump on the ground")
        craft.lat, craft.lon, craft.fix_s, craft.trusted = place[0], place[1], time_s, False
        return
    craft.lat, craft.lon, craft.fix_s, craft.trusted = place[0], place[1], time_s, True
    row["lat_deg"], row["lon_deg"], row["nic"] = place[0], place[1], said.nic
    row["sigma_position_m"] = sigma_position_m(said.nic, craft.nac_p)
    if not math.isnan(said.east_mps):
        row["vel_east_mps"], row["vel_north_mps"] = said.east_mps, said.north_mps
        row["sigma_velocity_mps"] = sigma_velocity_mps(-1)


def _velocity_into(craft, said, time_s):
    if said is None:
        return
    craft.vel_east_mps, craft.vel_north_mps = said.east_mps, said.north_mps
    craft.vel_up_mps, craft.velocity_s = said.up_mps, time_s
    craft.sigma_velocity_mps = sigma_velocity_mps(said.nac_v)
    if not math.isnan(said.difference_m):
        craft.geometric_minus_pressure_m, craft.difference_s = said.difference_m, time_s


def _distance_m(lat_a, lon_a, lat_b, lon_b):
    """Return the great-circle distance on a sphere (haversine); good to 0.5 %."""
    half_lat = math.sin((lat_b - lat_a) * DEG / 2.0)
    half_lon = math.sin((lon_b - lon_a) * DEG / 2.0)
    a = (
        half_lat * half_lat
        + math.cos(lat_a * DEG) * math.cos(lat_b * DEG) * half_lon * half_lon
    )
    return 2.0 * EARTH_A_M * math.asin(min(1.0, math.sqrt(a)))


def _is_reachable(craft, place, time_s):
    moved_m = _distance_m(craft.lat, craft.lon, place[0], place[1])
    return moved_m <= SPEED_LIMIT_MPS * abs(time_s - craft.fix_s) + ALLOW_M


def _is_receivable(sensor, place):
    if sensor is None or sensor.lat is None or sensor.lon is None:
        return True
    return _distance_m(sensor.lat, sensor.lon, place[0], place[1]) <= RANGE_LIMIT_M


def _from_pair(craft):
    even, odd = craft.even, craft.odd
    if not abs(even.time_s - odd.time_s) <= PAIR_S:
        return None
    return decode_global(
        (even.lat, even.lon), (odd.lat, odd.lon), is_odd_newer=odd.time_s >= even.time_s
    )


def _place_into(work, frame, sensor, craft, said, time_s, row):
    newest = Cpr(time_s, said.lat, said.lon)
    if said.is_odd:
        craft.odd = newest
    else:
        craft.even = newest
    if craft.trusted and time_s - craft.fix_s <= LOCAL_S:
        place = decode_local(
            said.lat,
            said.lon,
            is_odd=said.is_odd,
            near_lat_deg=craft.lat,
            near_lon_deg=craft.lon,
        )
        if place is not None and _is_reachable(craft, place, time_s):
            _believe_into(craft, place, time_s, said, row)
            return
        reject(work, frame.source, "implausible position", "a jump that no aircraft flies")
        craft.trusted = False
        craft.fix_s = math.nan
        # The other parity is from before the jump: a pair with it would be a third place.
        craft.even, craft.odd = (Cpr(), newest) if said.is_odd else (newest, Cpr())
        return
    _search_into(work, frame, sensor, craft, said, time_s, row)


def _search_into(work, frame, sensor, craft, said, time_s, row):
    place = _from_pair(craft)
    if place is None:
        return
    if not _is_receivable(sensor, place):
        reject(work, frame.source, "implausible position", "beyond the receiver's horizon")
        return
    if time_s - craft.fix_s <= LOCAL_S and _is_reachable(craft, place, time_s):
        _believe_into(craft, place, time_s, said, row)
        return
    craft.lat, craft.lon, craft.fix_s, craft.trusted = place[0], place[1], time_s, False


def _believe_into(craft, place, time_s, said, row):
    craft.lat, craft.lon, craft.fix_s, craft.trusted = place[0], place[1], time_s, True
    row["lat_deg"], row["lon_deg"] = place
    row["nic"] = said.nic
    row["sigma_position_m"] = sigma_position_m(said.nic, craft.nac_p)
    _height_into(craft, said, time_s, row)
    if time_s - craft.velocity_s <= VELOCITY_S:
        row["vel_east_mps"], row["vel_north_mps"] = craft.vel_east_mps, craft.vel_north_mps
        row["vel_up_mps"] = craft.vel_up_mps
        row["sigma_velocity_mps"] = craft.sigma_velocity_mps


def _height_into(craft, said, time_s, row):
    if math.isnan(said.alt_m):
        return
    geometric_m = said.alt_m if said.is_geometric else math.nan
    if not said.is_geometric and time_s - craft.difference_s <= DIFFERENCE_S:
        geometric_m = said.alt_m + craft.geometric_minus_pressure_m
    if not math.isnan(geometric_m):
        row["alt_m"], row["alt_ref"] = geometric_m, AltRef.ELLIPSOID
        row["sigma_alt_m"] = SIGMA_GEOMETRIC_M
        row["flags"] = row.get("flags", 0) | DetectionBatch.GEOMETRIC_HEIGHT
    else:
        row["alt_m"], row["alt_ref"] = said.alt_m, AltRef.PRESSURE
        row["sigma_alt_m"] = SIGMA_PRESSURE_M


def _add(work, frame, declared, craft, time_s, row):
    place = place_of(work, frame.source)
    if place < 0:
        return
    if "lat_deg" not in row:
        row["flags"] = row.get("flags", 0) | DetectionBatch.NO_POSITION
        if time_s == craft.velocity_s:
            row["vel_east_mps"], row["vel_north_mps"] = craft.vel_east_mps, craft.vel_north_mps
            row["vel_up_mps"] = craft.vel_up_mps
            row["sigma_velocity_mps"] = craft.sigma_velocity_mps
    row["time_s"], row["arrival_s"], row["sensor"] = time_s, frame.arrival_s, place
    row["report"], row["declared_id"] = Report.DECLARED, declared.encode()
    row["callsign"], row["category"] = craft.callsign.encode(), craft.category.encode()
    add_row(work, **row)
