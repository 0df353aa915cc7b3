"""What things say of themselves: labels, ties to tracks, and who may be where."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tocsin.identity import _kernels_places
from tocsin.model import (
    LABELS,
    Authorisation,
    DeclaredTable,
    DetectionBatch,
    Node,
    TrackKind,
    TrackTable,
)
from tocsin.units import DEG

__all__ = ["Tie", "is_suspect", "label_declared", "suspicions", "ties", "unseen"]

# ADS-B emitter categories: ICAO Doc 9871 (2nd ed.) appendix A, table A-2-8; EUROCAE ED-129B.
# A0 and B0 say nothing; C1 and C2 are vehicles, C3 to C5 obstacles.
_BY_CATEGORY = {
    "A1": "aircraft", "A2": "aircraft", "A3": "aircraft", "A4": "aircraft", "A5": "aircraft",
    "A6": "aircraft", "A7": "aircraft", "B1": "aircraft", "B2": "balloon", "B3": "other",
    "B4": "aircraft", "B6": "drone", "B7": "other", "C1": "other", "C2": "other", "C3": "other",
    "C4": "other", "C5": "other",
}  # fmt: skip
_EARTH_M = 6_371_000.0
_FLAGS_SUSPECT = DeclaredTable.SPOOF | DeclaredTable.CLONE | DeclaredTable.UNRELIABLE
_TOGETHER_S = 1.5  # two things side by side are seen by the same look
_NEAR_M = 60.0  # two tracks closer to one declared place than its errors plus this share it


@dataclass(frozen=True, slots=True)
class Tie:
    """One measured track and the declared row tied to it.

    row indexes the DeclaredTable; verified: message and sensor agree in position for 10 s and
    nothing speaks against it; shared: another measured track fits the declared place too, or
    another id is tied to the same track.
    """

    row: int
    verified: bool
    shared: bool


def is_icao_address(declared_id: bytes) -> bool:
    """Tell whether an id is a 24-bit ICAO address in hexadecimal digits."""
    return len(declared_id) == 6 and all(c in b"0123456789abcdefABCDEF" for c in declared_id)


def label_declared(declared: DeclaredTable) -> tuple[int, ...]:
    """Return the index into `model.LABELS` of what each row is by its own words and motion.

    The emitter category rules where there is one. Without one, a 24-bit ICAO address is an
    aircraft's: that is what they are given out for, and a drone that has one declares B6. Any
    other id is a Remote ID serial or session, which only drones send. A row that names nothing
    is unknown.
    """
    return tuple(map(_label, declared.category.tolist(), declared.declared_id.tolist()))


@lru_cache(maxsize=65_536)
def _label(category: bytes, name: bytes) -> int:
    word = category.decode("ascii", "replace").upper()
    if word in _BY_CATEGORY:
        return LABELS.index(_BY_CATEGORY[word])
    if not name:
        return LABELS.index("unknown")
    return LABELS.index("aircraft" if is_icao_address(name) else "drone")


def is_suspect(flags: int) -> bool:
    """Tell whether what a thing says of itself has been found wrong."""
    return bool(flags & _FLAGS_SUSPECT)


def suspicions(flags: int) -> tuple[str, ...]:
    """Return in words what is wrong with what a thing says of itself."""
    words = (
        (
            DeclaredTable.SPOOF,
            "what it declares does not agree with itself or with what sensors measure",
        ),
        (DeclaredTable.CLONE, "its identity is declared from two places at once"),
        (DeclaredTable.UNRELIABLE, "its own position reports are unreliable"),
        (DetectionBatch.SIMULATED_TARGET, "its sensor marks it as simulated"),
        (DetectionBatch.EXERCISE_TARGET, "who tells of it marks it as an exercise"),
    )
    return tuple(text for bit, text in words if flags & bit)


def unseen(declared: DeclaredTable, node: Node, row: int) -> tuple[str, ...]:
    """Return in words that a sensor which should see a thing where it says it is does not."""
    place = int(declared.missed_by[row]) - 1
    if not 0 <= place < len(node.sensors):
        return ()
    sensor = node.sensors[place]
    if sensor.kind == "rf":
        return (f"no bearing of {sensor.id} points to where it says that it is",)
    return (f"{sensor.id} does not see it where it says that it is, well inside its coverage",)


def ties(tracks: TrackTable, declared: DeclaredTable, now_s: float) -> dict[int, Tie]:
    """Return the tie of each row of `tracks` that has one, by row.

    A verified link wins over a pending one, then the greater log-likelihood ratio, then the
    smaller id. Rows of things that only declare themselves are tied to their own words. What
    another site's tracker measures at the same place is the same thing.
    """
    if not len(declared):
        return {}
    row_of = {track: row for row, track in enumerate(tracks.track_id.tolist())}
    own = {name: row for row, name in enumerate(tracks.declared.tolist()) if name}
    found: dict[int, Tie] = {}
    for k, (name, track) in enumerate(
        zip(declared.declared_id.tolist(), declared.link.tolist())
    ):
        at = own.get(name, -1)
        if at >= 0:
            found[at] = Tie(k, verified=False, shared=False)
        link = row_of.get(track, -1) if track else -1
        if link < 0:
            continue
        tie = Tie(
            k,
            verified=bool(declared.verified[k]) and not is_suspect(int(declared.flags[k])),
            shared=_is_shared(tracks, link, declared, k, now_s),
        )
        found[link] = _better(found.get(link), tie, declared)
    _tie_beside_into(found, tracks, declared, now_s)
    return found


def _tie_beside_into(
    found: dict[int, Tie], tracks: TrackTable, declared: DeclaredTable, now_s: float
) -> None:
    """Tie the measured tracks of other sites that are of things which are tied at one."""
    sites = int(tracks.site.max(initial=0)) + 1
    rows = [row for row in sorted(found) if tracks.kind[row] == TrackKind.MEASURED]
    if sites < 2 or not rows:
        return
    others = np.empty((len(rows), sites), dtype=np.int64)
    velocity = (tracks.vel_east_mps, tracks.vel_north_mps, tracks.vel_up_mps)
    _kernels_places.beside_into(
        np.array(rows), DEG * _EARTH_M, _NEAR_M, _TOGETHER_S, TrackKind.MEASURED,
        tracks.lat_deg, tracks.lon_deg, tracks.alt_m, np.column_stack(velocity),
        tracks.covariance, tracks.kind, tracks.site, tracks.status, tracks.updated_s,
        tracks.nature, others,
    )  # fmt: skip
    linked = set(rows)
    for row, there in zip(rows, others.tolist()):
        for other in there:
            if other < 0 or other in linked:
                continue
            tie = found[row]
            shared = tie.shared or _is_shared(tracks, other, declared, tie.row, now_s)
            twin = Tie(tie.row, tie.verified, shared)
            found[other] = _better(found.get(other), twin, declared)


def _better(old: Tie | None, new: Tie, declared: DeclaredTable) -> Tie:
    """Return the stronger of two ties to one track; it is shared from then on."""
    if old is None:
        return new

    def strength(tie: Tie) -> tuple[bool, float]:
        return tie.verified, float(np.nan_to_num(declared.link_llr[tie.row], nan=-np.inf))

    best = new if strength(new) > strength(old) else old
    return Tie(best.row, best.verified, shared=True)


def _is_shared(
    tracks: TrackTable, own: int, declared: DeclaredTable, row: int, now_s: float
) -> bool:
    """Tell whether a second measured track is where this thing says that it is.

    The gate is three standard deviations of both positions plus 60 m for what clocks and
    latency do to a moving thing. Of two pieces of one thing's track only one gets the newest
    plots.
    """
    lat, lon = float(declared.lat_deg[row]), float(declared.lon_deg[row])
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return False
    age_s = max(0.0, min(now_s - float(declared.time_s[row]), 10.0))
    east, north = float(declared.vel_east_mps[row]), float(declared.vel_north_mps[row])
    ahead_e = east * age_s if math.isfinite(east) else 0.0
    ahead_n = north * age_s if math.isfinite(north) else 0.0
    sigma_m = float(declared.sigma_position_m[row])
    own_var = sigma_m * sigma_m if math.isfinite(sigma_m) else 900.0
    return bool(
        _kernels_places.is_shared(
            own, lat, lon, float(declared.alt_m[row]), ahead_e, ahead_n, own_var,
            DEG * _EARTH_M, DEG * _EARTH_M * math.cos(lat * DEG), _NEAR_M, _TOGETHER_S,
            TrackKind.MEASURED, tracks.lat_deg, tracks.lon_deg, tracks.alt_m,
            tracks.covariance, tracks.kind, tracks.site, tracks.status, tracks.updated_s,
        )
    )  # fmt: skip


def authorisation_of(
    node: Node, declared_id: bytes, site: str, height_m: float, now_s: float
) -> tuple[Authorisation | None, str]:
    """Return the entry that covers this id here and now, or None and why there is none.

    height_m is above the site's ground. The sentence is empty where nobody has ever entered
    the id.
    """
    name = declared_id.decode("ascii", "replace").lower()
    why = ""
    for entry in node.authorisations:
        if entry.declared_id.lower() != name:
            continue
        if not entry.owner:
            why = "its authorisation names nobody who answers for it"
        elif site not in entry.sites:
            why = f"it is authorised, but not at {site}"
        elif not entry.from_s <= now_s <= entry.until_s:
            why = "its authorisation is not for this time"
        elif height_m > entry.ceiling_m:
            why = f"it flies above its authorised ceiling of {entry.ceiling_m:.0f} m"
        else:
            return entry, ""
    return None, why
