"""What is read aloud to air traffic control: where a thing is, and what it nears.

Miles are nautical, heights above the field in feet, speeds in knots, as on a radio there. A
phrase names tracks by their labels: words that came from the air are not in it.
"""

import math

from tocsin.model import Node, Site, Volume, track_label
from tocsin.threat._kernels_volumes import EARTH_R_M
from tocsin.units import FOOT_M, KNOT_MPS, NAUTICAL_MILE_M

__all__ = ["heading_of", "phrase_of_conflict", "phrase_of_entry"]

COMPASS = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip
HOVER_MPS = 2.0
SIGMA_HEIGHT_M = 60.0  # a height that is known worse than this is not said as a number
INFORMATION = "Information only."


def heading_of(site: Site, words: str, state: tuple[float, ...], sigma_up_m: float) -> str:
    """Return "drone, likely, 1.2 miles north-east of XXXX, 400 feet above the field, moving
    south-west at 30 knots"; state: east, north, up and their rates in the site's frame.
    """
    east, north, up, ve, vn, _ = state
    plan_m, speed = math.hypot(east, north), math.hypot(ve, vn)
    here = site.icao or site.name
    where = f"over {here}" if plan_m < 0.05 * NAUTICAL_MILE_M else (
        f"{plan_m / NAUTICAL_MILE_M:.1f} miles {_compass(east, north)} of {here}"
    )  # fmt: skip
    if sigma_up_m > SIGMA_HEIGHT_M:
        height = "height not known"
    else:
        above_m = up + plan_m * plan_m / (2.0 * EARTH_R_M)
        feet = max(0, round(above_m / FOOT_M / 50.0) * 50)
        height = f"{feet} feet above the field"
    going = (
        "hovering" if speed < HOVER_MPS
        else f"moving {_compass(ve, vn)} at {round(speed / KNOT_MPS / 5.0) * 5} knots"
    )  # fmt: skip
    return f"{words}, {where}, {height}, {going}"


def phrase_of_entry(
    node: Node, volume: Volume, heading: str, after_s: float, *, is_inside: bool
) -> str:
    """Return what is read where something is in a volume or will be."""
    when = "now in" if is_inside else f"expected in {_seconds(after_s)} in"
    return f"{_call(node)} {_upper(heading)}. It is {when} {volume.name}. {INFORMATION}"


def phrase_of_conflict(
    node: Node,
    volume: Volume,
    heading: str,
    traffic: int,
    after_s: float,
    nearness: tuple[float, float, float, float],
) -> str:
    """Return what is read where something nears traffic; nearness: plan and its sigma, height
    and its sigma, in metres.
    """
    plan_m, sigma_m, up_m, sigma_up_m = nearness
    feet, sigma_ft = (
        round(up_m / FOOT_M / 50.0) * 50,
        max(1, round(sigma_up_m / FOOT_M / 50.0)) * 50,
    )
    return (
        f"{_call(node)} {_upper(heading)}. It will be {_miles(plan_m)} and {feet} feet from "
        f"traffic {track_label(traffic)} in {_seconds(after_s)}, in {volume.name}, "
        f"give or take {_miles(sigma_m)} and {sigma_ft} feet. {INFORMATION}"
    )


def _call(node: Node) -> str:
    return f"{_upper(node.preset.told)}, {node.name} watch."


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _seconds(after_s: float) -> str:
    return f"{max(5, round(after_s / 5.0) * 5)} seconds"


def _miles(metres: float) -> str:
    return f"{max(0.1, round(metres / NAUTICAL_MILE_M, 1)):.1f} miles"


def _compass(east: float, north: float) -> str:
    eighths = round(math.atan2(east, north) / (math.tau / 8.0))
    return COMPASS[eighths % 8]
