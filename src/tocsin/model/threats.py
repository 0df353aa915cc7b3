"""Which zone is threatened by which track, how surely, and when."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["ThreatTable"]


@dataclass(slots=True)
class ThreatTable:
    """One row a (track, zone) that is worth a thought; tracks that threaten nothing have no
    row.

    site and zone index the node's sites and that site's zones. arrival_*_s: Unix time of
    entry into the zone's outline below its ceiling: 5 % earliest, median, 95 %; inf where it
    does not arrive on that quantile; `now` where it is inside. p_zone: probability that it
    comes to this zone; p_site: to this site; p_harm: probability that it is a drone or
    nothing known to be harmless (from identity); p_asked: the same once it counts how far it
    has come towards the zones, which asks a person (CAUTION) and sends nobody to shelter.
    p_roams: what is left by then to birds and balloons, which go where they go; the rest is
    harmless and goes somewhere, such as an aircraft that declares nothing. cpa_m, cpa_s:
    closest point of approach in plan to the zone's middle, and when. reasons: plain words with
    weights, most important first.
    """

    track_id: NDArray[np.int64]
    site: NDArray[np.int32]
    zone: NDArray[np.int32]
    nature: NDArray[np.uint8]
    arrival_early_s: NDArray[np.float64]
    arrival_median_s: NDArray[np.float64]
    arrival_late_s: NDArray[np.float64]
    p_zone: NDArray[np.float64]
    p_site: NDArray[np.float64]
    p_harm: NDArray[np.float64]
    p_asked: NDArray[np.float64]
    p_roams: NDArray[np.float64]
    cpa_m: NDArray[np.float64]
    cpa_s: NDArray[np.float64]
    reasons: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows of zeros."""
        dtypes = {"track_id": "i8", "site": "i4", "zone": "i4", "nature": "u1"}
        columns = {
            f.name: np.zeros(n, dtype=dtypes.get(f.name, "f8"))
            for f in fields(cls)
            if f.name != "reasons"
        }
        return cls(reasons=((),) * n, **columns)
