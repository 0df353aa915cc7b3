"""The name of a track in sentences is the one on the screen (web/src/state/rows.ts)."""

import pytest

from tocsin.model import track_label


@pytest.mark.parametrize(
    ("track_id", "name"),
    [
        (1 << 48 | 1 << 40 | 9, "T2-09"),
        (1 << 48 | 117, "T1-117"),
        (1 << 48 | 0xFF << 40 | 3, "D-03"),
        (1 << 48 | 0xFE << 40 | 3, "S-03"),
        (7, "T-07"),
    ],
)
def test_the_name_holds_the_site_and_the_count(track_id, name):
    assert track_label(track_id) == name
