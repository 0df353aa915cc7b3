"""The messages of broadcast Remote ID: what one of 25 octets says.

ASTM F3411-22a, 5.4.5 (tables 3 to 12), and ASD-STAN prEN 4709-002, which has the same layout.
What a message leaves unknown is NaN; texts are the octets as sent, without the filling zeros.
"""

from dataclasses import dataclass

__all__ = [
    "AuthPage",
    "BasicId",
    "IdType",
    "Location",
    "Message",
    "OperatorId",
    "SelfId",
    "System",
    "UaStatus",
    "UaType",
    "plain_text",
]


class IdType:
    """What `BasicId.uas_id` is (F3411-22a, table 4)."""

    NONE = 0
    SERIAL = 1  # ANSI/CTA-2063-A
    REGISTRATION = 2  # assigned by the civil aviation authority
    UTM = 3  # a UUID, 16 octets
    SESSION = 4  # 20 octets, the first of which names its kind


class UaType:
    """What flies (F3411-22a, table 4)."""

    NONE, AEROPLANE, MULTIROTOR, GYROPLANE, HYBRID_LIFT, ORNITHOPTER, GLIDER, KITE = range(8)
    FREE_BALLOON, CAPTIVE_BALLOON, AIRSHIP, PARACHUTE, ROCKET, TETHERED = range(8, 14)
    GROUND_OBSTACLE, OTHER = 14, 15


class UaStatus:
    """`Location.status` (F3411-22a, table 6)."""

    UNDECLARED, GROUND, AIRBORNE, EMERGENCY, SYSTEM_FAILURE = range(5)


@dataclass(slots=True)
class BasicId:
    """Who it is. uas_id: at most 20 octets."""

    id_type: int
    ua_type: int
    uas_id: bytes
    version: int = 2


@dataclass(slots=True)
class Location:
    """Where it is and how it moves.

    direction_deg: over ground, clockwise from true north, 0 to 359; speed_mps over ground;
    vertical_speed_mps positive up; lat_deg and lon_deg on WGS 84 (0, 0 is unknown); the
    pressure altitude is over 1013.25 hPa, the geodetic one above the WGS 84 ellipsoid;
    height_m is above the take-off point, or above ground where height_type is 1. *_code are
    the accuracy codes of tables 7 to 9 (see `accuracy`). time_of_hour_s: seconds after the
    full hour, UTC.
    """

    status: int
    height_type: int
    direction_deg: float
    speed_mps: float
    vertical_speed_mps: float
    lat_deg: float
    lon_deg: float
    pressure_altitude_m: float
    geodetic_altitude_m: float
    height_m: float
    horizontal_accuracy_code: int
    vertical_accuracy_code: int
    pressure_accuracy_code: int
    speed_accuracy_code: int
    time_of_hour_s: float
    time_accuracy_s: float
    version: int = 2


@dataclass(slots=True)
class AuthPage:
    """One page of authentication. Page 0 bears last_page (0 to 15), length (octets of all pages
    together) and time_s (Unix UTC); on the others they are -1, -1 and NaN. data: 17 octets on
    page 0, 23 on others.
    """

    auth_type: int
    page: int
    last_page: int
    length: int
    time_s: float
    data: bytes
    version: int = 2


@dataclass(slots=True)
class SelfId:
    """What it says of its flight, in at most 23 octets of free text; type 1 is an emergency."""

    description_type: int
    description: bytes
    version: int = 2


@dataclass(slots=True)
class System:
    """Where the operator is, and the area of a group of aircraft. Personal data.

    location_type: 0 take-off place, 1 live, 2 fixed; the area is a cylinder around the
    aircraft's position, its ceiling and floor above the ellipsoid; category and class_ are
    those of the European Union where classification is 1; time_s is Unix UTC.
    """

    location_type: int
    classification: int
    operator_lat_deg: float
    operator_lon_deg: float
    area_count: int
    area_radius_m: float
    area_ceiling_m: float
    area_floor_m: float
    category: int
    class_: int
    operator_altitude_m: float
    time_s: float
    version: int = 2


@dataclass(slots=True)
class OperatorId:
    """The operator's registration, at most 20 octets. Personal data."""

    id_type: int
    operator_id: bytes
    version: int = 2


Message = BasicId | Location | AuthPage | SelfId | System | OperatorId


def plain_text(raw: bytes) -> str:
    """Return text from the air as printable ASCII: up to the first zero, "?" for anything
    else.
    """
    head = raw.partition(b"\0")[0]
    return "".join(chr(octet) if 32 <= octet < 127 else "?" for octet in head).strip()
