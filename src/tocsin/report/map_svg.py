"""A map as inline SVG, drawn from the account alone: no tiles, no script, no network."""

import math
from dataclasses import dataclass
from html import escape

from tocsin.model import track_name
from tocsin.model.accounts import Account
from tocsin.model.records import Incident
from tocsin.report._position import position_of

__all__ = ["map_svg"]

WIDTH, HEIGHT, MARGIN = 720.0, 420.0, 46.0
KM_PER_DEG = 111.2  # mean meridian degree of WGS 84, to 0.5 %: enough for a drawing
_STEPS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_BARS_KM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class _View:
    """An equirectangular projection true at the middle latitude; y grows to the south."""

    lat: float
    lon: float
    px_per_km: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        east_km = (lon - self.lon) * KM_PER_DEG * math.cos(math.radians(self.lat))
        north_km = (lat - self.lat) * KM_PER_DEG
        return (
            WIDTH / 2 + east_km * self.px_per_km,
            HEIGHT / 2 - north_km * self.px_per_km,
        )


# What the page's style sheet says of a map, for one that stands alone on paper.
_PAPER = (
    "text{font-family:'Libertinus Serif',serif}.grid{stroke:#bbb;fill:none}"
    ".deg{fill:#444;font-size:12px}.name{fill:#000;font-size:14px;font-weight:bold}"
    ".bar{stroke:#000;fill:none;stroke-width:1.5}"
    ".zone{fill:#2b6cb0;fill-opacity:.14;stroke:#2b6cb0;stroke-width:1.5}"
    ".site{fill:#7a2a0c}.track{fill:#fff;stroke:#7a2a0c;stroke-width:2}"
    ".way{stroke:#7a2a0c;stroke-dasharray:3 5;fill:none}"
)


def map_svg(account: Account, profile: str, *, alone: bool = False) -> str:
    """Return the SVG element, "" where no place is known. alone: as a document of its own.

    Public readers get the sites of the series as points, named; the others also the zones
    and where each track was first shown.
    """
    here = account.incident
    if here.lat is None or here.lon is None:
        return ""
    if profile == "public":
        sites = [(s, position_of(account.register, s, profile)) for s in _sites(account)]
        points = [place for _, place in sites if place is not None]
        view = _fit(points, least_km=120.0)
        marks = [_mark(view, s, place) for s, place in sites if place is not None]
        what = "The sites of these incidents"
        return _svg(view, marks, what, alone=alone)
    tracks = [(t.lat, t.lon) for t in here.tracks if t.lat is not None and t.lon is not None]
    rings = [point for _, _, ring in here.zones for point in ring]
    points = [(here.lat, here.lon), *tracks, *((lat, lon) for lon, lat in rings)]
    view = _fit(points, least_km=3.0)
    marks = [*_zones(view, here), _mark(view, here, (here.lat, here.lon)), *_tracks(view, here)]
    what = "The site, its zones, and where each track was first shown"
    return _svg(view, marks, what, alone=alone)


def _sites(account: Account) -> list[Incident]:
    """Return the incidents of the series that have a place, one a site, this one first."""
    found = {account.incident.site: account.incident}
    for _, series in account.series:
        for name in series.incidents:
            row = account.register.rows.get(name)
            noun = row.versions[-1].noun if row else None
            if isinstance(noun, Incident) and noun.lat is not None and noun.lon is not None:
                found.setdefault(noun.site, noun)
    return list(found.values())


def _fit(points: list[tuple[float, float]], *, least_km: float) -> _View:
    lats, lons = [p[0] for p in points], [p[1] for p in points]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    wide_km = (max(lons) - min(lons)) * KM_PER_DEG * math.cos(math.radians(lat))
    high_km = (max(lats) - min(lats)) * KM_PER_DEG
    wide_km, high_km = max(wide_km, least_km), max(high_km, least_km)
    scale = min((WIDTH - 2 * MARGIN) / wide_km, (HEIGHT - 2 * MARGIN) / high_km)
    return _View(lat, lon, scale)


def _svg(view: _View, marks: list[str], what: str, *, alone: bool) -> str:
    body = "".join([*_graticule(view), *marks, _bar(view)])
    if alone:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" '
            f'width="{WIDTH:.0f}" height="{HEIGHT:.0f}"><style>{_PAPER}</style>{body}</svg>'
        )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
        f'aria-label="{escape(what)}"><title>{escape(what)}</title>{body}</svg>'
    )


def _graticule(view: _View) -> list[str]:
    """Lines of latitude and longitude at a round step, with their degrees."""
    high_deg = HEIGHT / view.px_per_km / KM_PER_DEG
    step = next(
        (s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if high_deg / s <= 5), 10
    )
    places = 2 if step < 0.1 else 1 if step < 1 else 0
    out = []
    for k in range(-12, 13):
        lat = (round(view.lat / step) + k) * step
        lon = (round(view.lon / step) + k) * step
        y, x = view.xy(lat, view.lon)[1], view.xy(view.lat, lon)[0]
        if 0 < y < HEIGHT - 24:
            out.append(f'<path class="grid" d="M0 {y:.1f}H{WIDTH:.0f}"/>')
            out.append(
                f'<text class="deg" x="4" y="{y - 3:.1f}">{_deg(lat, places, "NS")}</text>'
            )
        if 40 < x < WIDTH - 60:
            out.append(f'<path class="grid" d="M{x:.1f} 0V{HEIGHT:.0f}"/>')
            label = _deg(lon, places, "EW")
            out.append(f'<text class="deg" x="{x + 3:.1f}" y="{HEIGHT - 5:.0f}">{label}</text>')
    return out


def _deg(value: float, places: int, letters: str) -> str:
    return f"{abs(value):.{places}f}° {letters[0] if value >= 0 else letters[1]}"


def _bar(view: _View) -> str:
    km = max((b for b in _BARS_KM if b * view.px_per_km <= WIDTH / 4), default=_BARS_KM[0])
    x2 = WIDTH - 16
    x1 = x2 - km * view.px_per_km
    y = HEIGHT - 27  # below every mark: MARGIN keeps them higher
    label = f"{km:g} km" if km >= 1 else f"{km * 1000:g} m"
    return (
        f'<path class="bar" d="M{x1:.1f} {y - 5:.0f}v5H{x2:.1f}v-5"/>'
        f'<text class="deg" text-anchor="end" x="{x2:.1f}" y="{y - 9:.0f}">{label}</text>'
    )


def _mark(view: _View, noun: Incident, place: tuple[float, float]) -> str:
    x, y = view.xy(*place)
    return (
        f'<circle class="site" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        + _label(x, y, noun.site_name or noun.site, "name")
    )  # fmt: skip


def _label(x: float, y: float, text: str, kind: str) -> str:
    """Write to the right of a point, or to its left where there is no room for the size that a
    telephone shows it in (16 px a letter, see `_style`) and there is on that side.
    """
    is_right = x + 16 * len(text) < WIDTH or x - 16 * len(text) < 0 < WIDTH - x - 9 * len(text)
    anchor = "start" if is_right else "end"
    at = x + 9 if is_right else x - 9
    return (
        f'<text class="{kind}" text-anchor="{anchor}" x="{at:.1f}" y="{y - 7:.1f}">'
        f"{escape(text)}</text>"
    )


def _zones(view: _View, noun: Incident) -> list[str]:
    out = []
    for zone, name, ring in noun.zones:
        points = [view.xy(lat, lon) for lon, lat in ring]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        title = escape(name or zone)
        out.append(f'<path class="zone" d="M{path}Z"><title>{title}</title></path>')
        wide = max(x for x, _ in points) - min(x for x, _ in points)
        if wide > 8 * len(name or zone):  # where the name fits into the zone
            x = sum(x for x, _ in points) / len(points)
            low = max(y for _, y in points)
            out.append(
                f'<text class="deg" text-anchor="middle" x="{x:.1f}" y="{low - 8:.1f}">'
                f"{title}</text>"
            )
    return out


def _tracks(view: _View, noun: Incident) -> list[str]:
    out = []
    sx, sy = view.xy(noun.lat or 0.0, noun.lon or 0.0)
    taken: list[float] = []
    for track in noun.tracks:
        if track.lat is None or track.lon is None:
            continue
        x, y = view.xy(track.lat, track.lon)
        out.append(f'<path class="way" d="M{x:.1f} {y:.1f}L{sx:.1f} {sy:.1f}"/>')
        out.append(f'<path class="track" d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6Z"/>')
        # Labels of a group stand below each other, a line (13 px) apart.
        while any(abs(y - other) < 13 for other in taken):
            y += 1
        taken.append(y)
        out.append(_label(x, y, track_name(track.track), "deg"))
    return out
