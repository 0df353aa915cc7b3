"""The coverage of one site as a picture: SVG, drawn from the figures alone."""

import math
from html import escape

import shapely

from tocsin.sim.coverage import Question, SiteCoverage
from tocsin.sim.coverage_areas import MARKING, site_area
from tocsin.units import DEG

__all__ = ["coverage_svg"]

SIZE, TOP, FOOT = 720.0, 64.0, 30.0  # the plan is a square between a head and a foot
_MIDDLE = SIZE / 2.0
_EDGE = 34.0  # room for the letters of the compass
M_PER_DEG = 111_195.0  # mean degree of the earth, to 0.5 %: enough for a drawing
_RINGS_M = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
# From low to high: what is seen low is the least and stands in the strongest colour.
_COLOURS = (
    "#08306b",
    "#08519c",
    "#2171b5",
    "#4292c6",
    "#6baed6",
    "#9ecae1",
    "#c6dbef",
    "#deebf7",
)
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#16222e;paint-order:stroke;stroke:#fff;"
    "stroke-width:3px;stroke-linejoin:round}.h{font-size:17px;font-weight:600}"
    ".m{fill:#9b1c1c;font-weight:600}.q{fill:#51606e}.r{fill:none;stroke:#8fa0af;"
    "stroke-dasharray:3 4}.z{fill:none;stroke:#b45309;stroke-width:1.5}"
    ".s{fill:#fff;stroke:#16222e;stroke-width:1.5}"
)


class _Plan:
    """Equirectangular, true at the site's latitude; y grows to the south."""

    def __init__(self, lat: float, lon: float, reach_m: float) -> None:
        self.lat, self.lon = lat, lon
        self.px_per_m = (_MIDDLE - _EDGE) / reach_m

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        east_m = (
            ((lon - self.lon + 180.0) % 360.0 - 180.0) * M_PER_DEG * math.cos(self.lat * DEG)
        )
        north_m = (lat - self.lat) * M_PER_DEG
        return self.at(east_m, north_m)

    def at(self, east_m: float, north_m: float) -> tuple[float, float]:
        return _MIDDLE + east_m * self.px_per_m, TOP + _MIDDLE - north_m * self.px_per_m


def coverage_svg(found: SiteCoverage, question: Question) -> str:
    """Return a whole SVG document: what any sensor of the site sees, an area a height, the
    lowest on top; sensors, zones and rings of range.
    """
    site = found.site
    plan = _Plan(site.lat, site.lon, _reach_m(found))
    order = sorted(range(len(question.heights_m)), key=lambda k: -question.heights_m[k])
    # Spread over the whole scale, however few heights are asked for.
    last = len(_COLOURS) - 2
    colours = {
        row: _COLOURS[last - (last * place) // max(len(order) - 1, 1)]
        for place, row in enumerate(order)
    }
    marks = [_area(plan, site_area(found, row), colours[row]) for row in order]
    marks += _rings(plan)
    for zone in site.zones:
        points = " ".join(_point(plan.at(*corner)) for corner in zone.outline_m)
        marks.append(f'<polygon class="z" points="{points}"/>')
    for sensor, _ in found.of_sensors:
        x, y = plan.xy(sensor.lon or 0.0, sensor.lat or 0.0)
        marks.append(f'<circle class="s" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        marks.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(sensor.id)}</text>')
    what = f"What the sensors of {site.name or site.id} see, by height above ground"
    high = TOP + SIZE + FOOT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE:.0f} {high:.0f}" '
        f'role="img" aria-label="{escape(what)}"><title>{escape(what)}</title>'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(marks)}{_head(what, question, colours)}{_foot(found, question)}</svg>\n"
    )


def _reach_m(found: SiteCoverage) -> float:
    far = [f for rays in found.of_site for f in rays.far_m() if f is not None]
    zones = [math.dist((0.0, 0.0), p) for z in found.site.zones for p in z.outline_m]
    return max([1000.0, *far, *zones])


def _point(xy: tuple[float, float]) -> str:
    return f"{xy[0]:.1f},{xy[1]:.1f}"


def _area(plan: _Plan, area: shapely.Geometry, colour: str) -> str:
    path = "".join(
        "M" + "L".join(_point(plan.xy(lon, lat)) for lon, lat in ring.coords) + "Z"
        for part in shapely.get_parts(area)
        for ring in (part.exterior, *part.interiors)
    )
    return f'<path fill="{colour}" fill-opacity="0.85" fill-rule="evenodd" d="{path}"/>'


def _rings(plan: _Plan) -> list[str]:
    """Rings of a round step, at most five, with their range, and the compass."""
    reach_m = (_MIDDLE - _EDGE) / plan.px_per_m
    step = next((r for r in _RINGS_M if reach_m / r <= 5), _RINGS_M[-1])
    out = []
    for k in range(1, int(reach_m // step) + 1):
        x, y = plan.at(0.0, k * step)
        radius = k * step * plan.px_per_m
        label = f"{k * step / 1000:g} km"
        out.append(
            f'<circle class="r" cx="{_MIDDLE:.0f}" cy="{TOP + _MIDDLE:.0f}" r="{radius:.1f}"/>'
            f'<text x="{x + 4:.1f}" y="{y + 14:.1f}">{label}</text>'
        )
    edge = _MIDDLE - 12.0
    for letter, x, y in (("N", 0, -edge), ("E", edge, 0), ("S", 0, edge), ("W", -edge, 0)):
        out.append(
            f'<text text-anchor="middle" x="{_MIDDLE + x:.0f}" '
            f'y="{TOP + _MIDDLE + y + 4:.0f}">{letter}</text>'
        )
    return out


def _head(what: str, question: Question, colours: dict[int, str]) -> str:
    out = [f'<text class="h" x="16" y="26">{escape(what)}</text>']
    x = 16.0
    for row in sorted(colours, key=lambda k: question.heights_m[k]):
        label = f"{question.heights_m[row]:g} m"
        out.append(f'<rect x="{x:.0f}" y="38" width="14" height="14" fill="{colours[row]}"/>')
        out.append(f'<text x="{x + 19:.0f}" y="50">{label}</text>')
        x += 38.0 + 7.5 * len(label)
    if not question.scenario:
        out.append(f'<text class="q" x="{x + 6:.0f}" y="50">by the site file</text>')
    else:
        out.append(f'<text class="q" x="{x + 6:.0f}" y="50">simulated sensors</text>')
    return "".join(out)


def _foot(found: SiteCoverage, question: Question) -> str:
    y = TOP + SIZE + 16.0
    says = f"smooth earth, no terrain; at least {question.probability:g} in one look"
    if question.kind:
        says += f"; {question.kind.replace('_', ' ')}"
    if question.rcs_dbsm is not None:
        says += f"; {question.rcs_dbsm:g} dBsm"
    if not found.of_sensors:
        says = "no sensor to draw; " + says
    return (
        f'<text class="m" x="16" y="{y:.0f}">{escape(MARKING)}</text>'
        f'<text class="q" text-anchor="end" x="{SIZE - 16:.0f}" y="{y:.0f}">'
        f"{escape(says)}</text>"
    )
