"""Groups as columns: what flies together, counted as one."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["GroupTable"]


@dataclass(slots=True)
class GroupTable:
    """One row a group of one site, at one time; in the order of group_id.

    group_id: the track_id of its oldest member; tracks: how many shown tracks fly in it; count:
    how many things, with one sigma (NaN where no sensor with a range saw it lately and the
    tracks were counted instead); state (n, 6): centroid east, north, up metres and its rates
    in the site's frame at time_s; extent (n, 3, 3): covariance, m^2, of the members' places
    about the centroid; members: their track_ids, one array a group.
    """

    group_id: NDArray[np.int64]
    time_s: NDArray[np.float64]
    tracks: NDArray[np.int64]
    count: NDArray[np.float64]
    sigma_count: NDArray[np.float64]
    state: NDArray[np.float64]
    extent: NDArray[np.float64]
    members: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.group_id)

    @classmethod
    def blank(cls, n: int) -> Self:
        """Return n rows of zeros."""
        return cls(
            group_id=np.zeros(n, np.int64),
            time_s=np.zeros(n),
            tracks=np.zeros(n, np.int64),
            count=np.zeros(n),
            sigma_count=np.full(n, np.nan),
            state=np.zeros((n, 6)),
            extent=np.zeros((n, 3, 3)),
            members=tuple(np.zeros(0, np.int64) for _ in range(n)),
        )
