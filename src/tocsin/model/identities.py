"""What each track is taken to be, with what that rests on."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.model.detections import CLASSES

__all__ = ["LABELS", "IdentityTable"]

# What is shown and counted. "drone": rotor or wing unclear; "unknown": none is clear.
LABELS = (
    "unknown",
    "drone_multirotor",
    "drone_fixed_wing",
    "drone",
    "bird",
    "aircraft",
    "balloon",
    "other",
)


@dataclass(slots=True)
class IdentityTable:
    """Row by row beside a TrackTable.

    probability is (n, len(CLASSES)) and sums to 1 with `none` ("none of these"); conflict is
    0..1: above the set limit label is "unknown" and "sources disagree" stands in reasons;
    label indexes LABELS; declared is the declared_id that a verified or pending link ties to
    it (b"" none); cooperative: the id is known, verified by position and authorised here and
    now; reasons: plain words, most important first.
    harm: probability that it is a drone or nothing known to be harmless, on what sensors
    measured; declared words lower it only for a cooperative flight, or where nothing but
    words is there.
    bird_ln: log by how much more than 2.5 to 1 the way it moves, alone, speaks for a bird (0
    or more; empty: not judged). Where its way speaks against that, a person is asked.
    """

    track_id: NDArray[np.int64]
    probability: NDArray[np.float64]
    none: NDArray[np.float64]
    conflict: NDArray[np.float64]
    label: NDArray[np.uint8]
    declared: NDArray[np.bytes_]
    cooperative: NDArray[np.bool_]
    reasons: tuple[tuple[str, ...], ...]
    harm: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    bird_ln: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def blank(cls, n: int) -> "IdentityTable":
        """Return n rows that know nothing: everything is in `none`."""
        return cls(
            track_id=np.zeros(n, dtype=np.int64),
            probability=np.zeros((n, len(CLASSES))),
            none=np.ones(n),
            conflict=np.zeros(n),
            label=np.zeros(n, dtype=np.uint8),
            declared=np.zeros(n, dtype="S24"),
            cooperative=np.zeros(n, dtype=np.bool_),
            reasons=((),) * n,
            harm=np.ones(n),
            bird_ln=np.zeros(n),
        )
