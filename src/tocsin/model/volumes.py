"""Protected volumes of a site, what is in them, and whether operations there are suspended."""

from dataclasses import dataclass

__all__ = [
    "Conflict", "Incursion", "Operations", "Volume", "VolumeKind", "VolumeLook", "VolumeStatus",
]  # fmt: skip

NAN = float("nan")
INF = float("inf")

# About the 2,000 ft and 250 ft by which small unmanned aircraft are called well clear of others
# (ASTM F3442); no rule says what a site has to keep, so each volume may say its own.
SEPARATION_M = 600.0
SEPARATION_UP_M = 75.0


class VolumeKind:
    """What a volume protects."""

    RUNWAY = "runway"
    APPROACH = "approach"
    DEPARTURE = "departure"
    AREA = "area"
    ALL = (RUNWAY, APPROACH, DEPARTURE, AREA)


@dataclass(frozen=True, slots=True)
class Volume:
    """A part of the sky that a site keeps free.

    outline_m: (east, north) metres in the site's frame, a ring as a zone's. floor_m and
    ceiling_m are above the site's ground; where the volume is a corridor, line_m is its middle
    line from the near to the far end, and far_floor_m, far_ceiling_m its heights at the far end
    (the same where it does not slope). separation_m, separation_up_m: below both a thing is too
    near traffic in it.
    """

    id: str
    name: str
    kind: str
    outline_m: tuple[tuple[float, float], ...]
    floor_m: float
    ceiling_m: float
    far_floor_m: float
    far_ceiling_m: float
    line_m: tuple[tuple[float, float], ...] = ()
    separation_m: float = SEPARATION_M
    separation_up_m: float = SEPARATION_UP_M


@dataclass(frozen=True, slots=True)
class Incursion:
    """One thing and one volume, at one look: p_now, that it is inside; p_soon, that it is or
    comes inside in the time that is looked ahead; enters_s: when, if it comes: its median
    (Unix; inf where it more likely does not). phrase: where it is and goes, to be read
    aloud.
    """

    track: int
    site: int
    volume: int
    nature: int
    p_now: float
    p_soon: float
    enters_s: float
    phrase: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A thing that comes too near to traffic in a protected volume.

    at_s: when they are nearest by prediction (Unix); separation_m in plan and separation_up_m,
    each with one standard deviation in sigma_m and sigma_up_m; p: the probability that both
    minima are broken at one time while the traffic is in the volume. phrase: to be read aloud
    to air traffic control, with track labels for names.
    """

    track: int
    traffic: int
    site: int
    volume: int
    nature: int
    site_id: str
    volume_id: str
    at_s: float
    separation_m: float
    sigma_m: float
    separation_up_m: float
    sigma_up_m: float
    p: float
    phrase: str


@dataclass(frozen=True, slots=True)
class VolumeLook:
    """What one look at all volumes found. left_out: things that were not looked at, since more
    were near than a look takes.
    """

    incursions: tuple[Incursion, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    left_out: int = 0


@dataclass(slots=True)
class VolumeStatus:
    """A volume now. state: "free", "expected" (something will more likely than not come in) or
    "occupied"; since_s: since when; last_s: when something was last inside (NaN: never);
    enters_s: the first expected entry (inf: none); p: of the surest; phrase: to be read aloud.
    """

    site_id: str
    volume_id: str
    state: str = "free"
    since_s: float = NAN
    last_s: float = NAN
    tracks: tuple[int, ...] = ()
    enters_s: float = INF
    p: float = 0.0
    phrase: str = ""
    nature: str = "live"


@dataclass(slots=True)
class Operations:
    """Whether the operations of a site are suspended: by whom, why, and since when.

    volumes: ids of those that are meant, none named means all of the site's operations.
    criteria: those that were said to be met at the last resumption. All of it is what people
    decided and recorded; nothing is switched by it.
    """

    site_id: str
    id: str = ""
    suspended: bool = False
    volumes: tuple[str, ...] = ()
    suspended_by: str = ""
    suspended_s: float = NAN
    reason: str = ""
    resumed_by: str = ""
    resumed_s: float = NAN
    resume_reason: str = ""
    criteria: tuple[str, ...] = ()
