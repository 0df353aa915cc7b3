"""How far a sensor of a site file sees which kind of thing, in sentences."""

import difflib
from collections.abc import Mapping

from tocsin.errors import SiteError
from tocsin.model import CLASSES

__all__ = ["TARGETS", "check_reach"]

# Kinds of target that may have a reach of their own: what a track is taken for, or the size of
# a thing, which `sensor.table` takes for sensors without range that say nothing themselves.
TARGETS = (*CLASSES, "large", "medium", "small")


def check_reach(max_range_by_kind_m: Mapping[str, float], here: str) -> None:
    """Raise SiteError for a kind that is none, or a range that no sensor has."""
    for kind, reach_m in max_range_by_kind_m.items():
        if kind not in TARGETS:
            near = difflib.get_close_matches(kind, TARGETS, n=1)
            raise SiteError(
                f"{here} has max_range_by_kind_m of {kind[:80]!r}; it can be "
                f"{', '.join(TARGETS)}" + (f"; did you mean {near[0]!r}?" if near else ""),
                kind=kind,
            )
        if not reach_m > 0.0:
            raise SiteError(
                f"{here} has max_range_by_kind_m {reach_m:g} of {kind!r}; give metres above 0 "
                "(1 for a kind that it never sees)",
                kind=kind,
            )
