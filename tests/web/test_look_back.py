"""A look back that has a long way to go says so while it goes: the page gives up dead lines."""

import json

from tests.service.site_changes import FAR_M, SITE, T0_S, approach, running, start

from tocsin.service import playing
from tocsin.service.keyring import find_keys


def test_a_long_way_is_told_from_its_first_step_on(tmp_path, monkeypatch):
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        approach(step, T0_S + 1, 10, FAR_M)
    monkeypatch.setattr(playing, "BEAT_S", 0.0)
    told = []

    def say(kind, frame):
        if kind == playing.TEXT:
            told.append(json.loads(frame))

    with find_keys(tmp_path / "data") as keys:
        player = playing.Player(tmp_path / "data", keys, say)
        player.go(T0_S + 8)
    kinds = [frame["type"] for frame in told]
    way = told[: kinds.index("hello")]
    assert len(way) > 20
    assert {frame["type"] for frame in way} == {"clock"}
    # Where it leads, standing still: the picture of before does not age meanwhile.
    assert {(f["now_s"], f["rate"], f["mode"]) for f in way} == {(T0_S + 8, 0.0, "replay")}
