"""The groups of each second of a recorded scenario, as a file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.errors import ScenarioError
from tocsin.model import GroupTable
from tocsin.track import find_groups
from tocsin.track.state import TrackerState

__all__ = ["Groups"]

_STATE = ("east_m", "north_m", "up_m", "ve", "vn", "vu")
_EXTENT = (("ee", 0, 0), ("en", 0, 1), ("eu", 0, 2), ("nn", 1, 1), ("nu", 1, 2), ("uu", 2, 2))


class Groups:
    """Gathers what `find_groups` says, second by second, and writes it."""

    def __init__(self) -> None:
        self._tables: list[GroupTable] = []

    def note(self, tracker: TrackerState, now_s: float) -> None:
        found = find_groups(tracker, now_s)
        if len(found):
            self._tables.append(found)

    def write(self, path: Path) -> None:
        """One row a group and second; raises ScenarioError where it cannot be written."""
        tables = self._tables or [GroupTable.blank(0)]
        columns = {
            name: np.concatenate([getattr(table, name) for table in tables])
            for name in ("time_s", "group_id", "tracks", "count", "sigma_count")
        }
        state = np.concatenate([table.state for table in tables])
        extent = np.concatenate([table.extent for table in tables])
        columns |= {name: state[:, c].copy() for c, name in enumerate(_STATE)}
        columns |= {f"extent_{name}": extent[:, r, c].copy() for name, r, c in _EXTENT}
        try:
            pq.write_table(pa.table(columns), path)
        except OSError as error:
            raise ScenarioError(f"{path} cannot be written: {error}", path=str(path)) from None
