"""`tocsin sim coverage`: how far the sensors of a site file see, by bearing and height."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

if TYPE_CHECKING:
    from tocsin.sim.coverage import Question, Rays, SiteCoverage

__all__ = ["coverage"]

_SECTORS = 12  # rows of the table: 30 degrees each
_TOLD_M = 50.0  # what is not seen and less than that is not told: figures are to 0.1 km
_NOT_SEEN, _SEEN = 0.005, 0.99  # shares of a zone: edges between bearings are straight


def coverage(
    site: Path,
    /,
    *,
    heights: str = "50,120,300",
    kind: str | None = None,
    probability: float = 0.5,
    speed_mps: float = 40.0,
    step_deg: float = 5.0,
    scenario: str | None = None,
    rcs_dbsm: float | None = None,
    out: Path = Path("coverage"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell how far the sensors of a site file see, by bearing and height: no terrain yet.

    Prints a table; writes coverage.geojson and a picture of each site into a folder. They show
    where nothing is seen: keep them as you keep the site's defence plan.

    Example: tocsin sim coverage site.toml --heights 50,120,300 --out coverage

    Parameters
    ----------
    site
        The site file. Example: tocsin sim coverage site.toml --heights 50,120,300
    heights
        Metres above the site's ground, with commas. The earth is smooth: no terrain yet.
    kind
        Of target, where a sensor has max_range_by_kind_m, for example drone_multirotor.
    probability
        Of a detection in one look, from which on it counts as seen.
    speed_mps
        Of the target, which flies towards the site: what is too slow is lost in Doppler.
    step_deg
        Between two bearings.
    scenario
        How far the sensors of this scenario truly see, instead of what the site file says.
    rcs_dbsm
        Radar cross-section of the target, with --scenario.
    out
        The folder for coverage.geojson and a picture of each site. They show where nothing is
        seen: keep them as you keep the site's defence plan.
    json
        Print one JSON object instead of tables.
    """
    from tocsin.codec.site_toml import read_site
    from tocsin.sim.coverage import Question, coverage_of
    from tocsin.sim.scenario import scenario_named

    try:
        text = site.read_bytes()
    except OSError as error:
        raise CallError(f"{site} cannot be read: {error.strerror}", path=str(site)) from error
    node = read_site(text, site.name)
    question = Question(
        heights_m=_heights(heights),
        probability=probability,
        speed_mps=speed_mps,
        kind=kind,
        step_deg=step_deg,
        scenario=None if scenario is None else scenario_named(scenario),
        rcs_dbsm=rcs_dbsm,
    )
    found = coverage_of(node, question)
    written = _write(out, found, question)
    if json:
        print_json(_facts(node.name, found, question, written))
        return
    for one in found:
        _print_site(one)
    print_words(f"written: {', '.join(written)}")


def _heights(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise CallError(
            f"--heights are metres with commas, such as 50,120,300, not {text!r}"
        ) from None


def _write(out: Path, found: "tuple[SiteCoverage, ...]", question: "Question") -> list[str]:
    """Write the files, each whole or not at all; return their names."""
    import msgspec

    from tocsin.sim.coverage_areas import geojson_of
    from tocsin.sim.coverage_svg import coverage_svg

    files = {"coverage.geojson": msgspec.json.encode(geojson_of(found, question)) + b"\n"}
    for one in found:
        files[f"coverage-{one.site.id}.svg"] = coverage_svg(one, question).encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            part = out / f"{name}.part"
            part.write_bytes(data)
            part.replace(out / name)
    except OSError as error:
        raise CallError(
            f"{out} cannot be written to: {error.strerror}; give another --out", path=str(out)
        ) from error
    return [str(out / name) for name in files]


def _facts(
    name: str, found: "tuple[SiteCoverage, ...]", question: "Question", written: list[str]
) -> dict[str, Any]:
    from tocsin.sim.coverage_areas import asked, zones_seen

    return {
        "node": name,
        **asked(question),
        "sites": [
            {
                "id": one.site.id,
                "coverage": [_ray_facts(rays) for rays in one.of_site],
                "sensors": [
                    {"id": s.id, "kind": s.kind, "coverage": [_ray_facts(r) for r in rays]}
                    for s, rays in one.of_sensors
                ],
                "zones": [
                    {"id": zone, "seen_share": [round(share, 4) for share in shares]}
                    for zone, _, shares in zones_seen(one)
                ],
                "left_out": [{"sensor": s, "why": why} for s, why in one.left_out],
            }
            for one in found
        ],
        "written": written,
    }


def _ray_facts(rays: "Rays") -> dict[str, Any]:
    return {
        "height_m": rays.height_m,
        "bearing_deg": [round(b, 6) for b in rays.bearing_deg],
        "spans_m": [[[round(x, 1) for x in span] for span in spans] for spans in rays.spans],
    }


def _print_site(one: "SiteCoverage") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(file=sys.stdout)
    name = one.site.name or one.site.id
    table = Table(title=f"{escape(name)}: detection range in km, least and most in a sector")
    table.add_column("sector")
    for rays in one.of_site:
        table.add_column(f"{rays.height_m:g} m", justify="right")
    wide = 360.0 / _SECTORS
    for k in range(_SECTORS):
        cells = [_range_words(rays, k * wide, (k + 1) * wide) for rays in one.of_site]
        table.add_row(f"{k * wide:03.0f} - {(k + 1) * wide:03.0f}", *cells)
    console.print(table)
    sensors = Table(title="each sensor from its own place, over all bearings")
    sensors.add_column("sensor")
    for rays in one.of_site:
        sensors.add_column(f"{rays.height_m:g} m", justify="right")
    for sensor, heights in one.of_sensors:
        cells = [_range_words(rays, 0.0, 360.0) for rays in heights]
        sensors.add_row(escape(f"{sensor.id} ({sensor.kind})"), *cells)
    if one.of_sensors:
        console.print(sensors)
    else:
        print_words("no sensor of this site finds what does not declare itself")
    places = [("from the reference point", one.of_site)]
    places += [(f"from {sensor.id}", heights) for sensor, heights in one.of_sensors]
    for words in (*(_hole_words(*place) for place in places), *_zone_words(one)):
        if words:
            print_words(words)
    for sensor_id, why in one.left_out:
        print_words(f"left out: {sensor_id}: {why}")


def _hole_words(place: str, heights: "Sequence[Rays]") -> str:
    """Say what is not seen nearer than the farthest point, "" where nothing of that."""
    parts = []
    for rays in heights:
        near_m = max((n for n in rays.near_m() if n is not None), default=0.0)
        gap_m = max(rays.unseen_m(), default=0.0)
        words = [f"nothing nearer than {near_m / 1000.0:.1f} km"] if near_m >= _TOLD_M else []
        words += [f"gaps of {gap_m / 1000.0:.1f} km"] if gap_m >= _TOLD_M else []
        if words:
            parts.append(f"at {rays.height_m:g} m {' and '.join(words)}")
    return f"* {place}, on some bearing: {'; '.join(parts)}" if parts else ""


def _zone_words(one: "SiteCoverage") -> list[str]:
    """Say of each zone at which heights it is not seen, or in part."""
    from tocsin.sim.coverage_areas import zones_seen

    found = []
    for _, name, shares in zones_seen(one):
        heights = [f"{rays.height_m:g} m" for rays in one.of_site]
        none = [h for h, share in zip(heights, shares) if share < _NOT_SEEN]
        part = [
            f"{h} ({100.0 * share:.0f} %)"
            for h, share in zip(heights, shares)
            if _NOT_SEEN <= share < _SEEN
        ]
        told = [f"is not seen at {', '.join(none)}"] if none else []
        told += [f"is seen in part at {', '.join(part)}"] if part else []
        if told:
            found.append(f"zone {name} {'; it '.join(told)}")
    return found


def _range_words(rays: "Rays", from_deg: float, to_deg: float) -> str:
    """Return the least and the most detection range over bearings from_deg <= b <= to_deg, with
    a mark where something nearer is not seen.
    """
    told = [
        (far, near or 0.0, unseen)
        for b, far, near, unseen in zip(
            rays.bearing_deg, rays.far_m(), rays.near_m(), rays.unseen_m()
        )
        if from_deg <= b <= to_deg or (b == 0.0 and to_deg == 360.0)
    ]
    seen = [far for far, _, _ in told if far is not None]
    if not seen:
        return "none"
    mark = "* " if any(max(near, gap) >= _TOLD_M for _, near, gap in told) else ""
    least = "none" if len(seen) < len(told) else f"{min(seen) / 1000.0:.1f}"
    most = f"{max(seen) / 1000.0:.1f}"
    return mark + (most if least == most else f"{least} - {most}")
