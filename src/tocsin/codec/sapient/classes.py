"""SAPIENT's taxonomy and our classes.

A classification names one thing ("Air vehicle", 0.9) and may say more below it ("UAV rotary
wing", 0.85). The deepest name that is known counts, with its own confidence. What a name leaves
open is shared among the classes that fit it; what the confidences leave open, among those not
named.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from tocsin.model import CLASSES

__all__ = ["CLASS_OF", "TAXONOMY", "class_scores", "taxonomy_of"]

_DRONES = ("drone_multirotor", "drone_fixed_wing")
# Names in small letters (BSI Flex 335 v2, annex on the taxonomy), and others that sensors use.
CLASS_OF: dict[str, tuple[str, ...]] = {
    "air vehicle": (*_DRONES, "aircraft", "balloon"),
    "uav": _DRONES,
    "uas": _DRONES,
    "drone": _DRONES,
    "uav rotary wing": ("drone_multirotor",),
    "uav fixed wing": ("drone_fixed_wing",),
    "manned rotary wing": ("aircraft",),
    "manned fixed wing": ("aircraft",),
    "aircraft": ("aircraft",),
    "helicopter": ("aircraft",),
    "balloon": ("balloon",),
    "bird": ("bird",),
    "animal": ("bird", "other"),
    "human": ("other",),
    "land vehicle": ("other",),
    "sea vessel": ("other",),
    "static object": ("other",),
    "other": ("other",),
}
# What the simulator says for each of our classes: names from the top down.
TAXONOMY: dict[str, tuple[str, ...]] = {
    "drone_multirotor": ("Air vehicle", "UAV rotary wing"),
    "drone_fixed_wing": ("Air vehicle", "UAV fixed wing"),
    "bird": ("Animal", "Bird"),
    "aircraft": ("Air vehicle", "Manned fixed wing"),
    "balloon": ("Air vehicle", "Balloon"),
    "other": ("Other",),
}
_FLOOR = 1e-3  # a sensor that names something else does not make a class impossible


@lru_cache(maxsize=1024)
def taxonomy_of(name: str) -> tuple[str, ...]:
    """Return the classes that a name of the taxonomy may be; () for one that is not known."""
    return CLASS_OF.get(name.rpartition(":")[2].strip().lower(), ())


def _leaves_into(
    found: list[tuple[tuple[str, ...], float]],
    items: Iterable[Any],
    above: tuple[str, ...],
    confidence: float,
) -> None:
    """Add (classes, confidence) of the deepest known name of each branch."""
    for item in items:
        fitting = taxonomy_of(item.type) or above
        own = item.confidence if item.HasField("confidence") else confidence
        below = item.sub_class
        if below:
            _leaves_into(found, below, fitting, own)
        elif fitting:
            found.append((fitting, own))


def class_scores(classification: Iterable[Any]) -> list[float] | None:
    """Return scores in the order of CLASSES that sum to 1; None where nothing known is said."""
    leaves: list[tuple[tuple[str, ...], float]] = []
    _leaves_into(leaves, classification, (), 1.0)
    if not leaves:
        return None
    scores = dict.fromkeys(CLASSES, 0.0)
    named: dict[str, None] = {}
    said = 0.0
    for fitting, confidence in leaves:
        if not 0.0 <= confidence <= 1.0:
            continue
        said += confidence
        for name in fitting:
            scores[name] += confidence / len(fitting)
            named[name] = None
    if not named:
        return None
    others = [name for name in CLASSES if name not in named]
    for name in others:
        scores[name] += max(0.0, 1.0 - said) / len(others)
    total = 0.0  # not `sum`, which rounds otherwise from Python 3.12 on
    for value in scores.values():
        total += max(_FLOOR, value)
    return [max(_FLOOR, scores[name]) / total for name in CLASSES]
