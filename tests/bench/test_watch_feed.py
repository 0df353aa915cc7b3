"""The quick way to play quiet hours sees what the bytes of the same sensors give."""

import numpy as np
from bench.watch_birds import FROM_S, SETTLE_S, Skies, Watch, many_sites

from bench import watch_set
from tocsin import alert, identity, threat
from tocsin.model import TrackTable
from tocsin.sim.draws import Draws
from tocsin.sim.play import play
from tocsin.sim.raids import DAY_S
from tocsin.sim.world import open_world

SECONDS = 40.0


def by_bytes(scenario, node, draws, world):
    until_s = FROM_S + SECONDS
    steps = play(
        scenario, node, draws, day_s=DAY_S, from_s=FROM_S, until_s=until_s, world=world
    )
    tracks = None
    for _, outcome in steps:
        tracks = outcome.picture.tracks if outcome.picture is not None else tracks
    return tracks


def test_past_the_codecs_come_the_tracks_that_the_bytes_give():
    draws, node, scenario = Draws(3, 0), watch_set.node(), watch_set.quiet(4)
    world = open_world(scenario, node, draws)
    bytes_gave = by_bytes(scenario, node, draws, world)
    skies = Skies([world, world], [draws, draws], from_s=FROM_S)
    for _ in range(round(SECONDS / 0.2)):
        _, tracks = skies.step()
    first, second = tracks.take(tracks.site == 0), tracks.take(tracks.site == 1)
    assert np.array_equal(first.state, second.state)  # sites side by side do not mix
    assert len(bytes_gave) >= 8
    assert abs(len(first) - len(bytes_gave)) <= 1
    apart_m = np.sqrt(
        ((first.state[:, None, :2] - bytes_gave.state[None, :, :2]) ** 2).sum(2)
    ).min(0)
    assert np.median(apart_m) < 1.0
    assert (apart_m < 30.0).mean() >= 0.9


def test_a_watch_without_words_judges_as_one_with_them():
    draws, node, scenario = Draws(4, 0), watch_set.node(), watch_set.quiet(4)
    skies = Skies([open_world(scenario, node, draws)], [draws], from_s=FROM_S)
    mute, identities, threats = (
        Watch(skies.node),
        identity.open_identity(),
        threat.open_threat(),
    )
    worded = 0
    for _ in range(round(25.0 / 0.2)):
        at_s, tracks = skies.step()
        judged, threatens, _ = mute.look(at_s, tracks)
        now_s = DAY_S + at_s
        said = identity.assess_into(identities, tracks, mute.nobody, skies.node, now_s)
        told = threat.assess_into(threats, tracks, said, skies.node, now_s)
        assert judged.probability.tobytes() == said.probability.tobytes()
        assert judged.harm.tobytes() == said.harm.tobytes()
        assert threatens.p_zone.tobytes() == told.p_zone.tobytes()
        assert threatens.p_asked.tobytes() == told.p_asked.tobytes()
        assert not any(judged.reasons)
        assert not any(threatens.reasons)
        worded += sum(map(len, said.reasons)) + sum(map(len, told.reasons))
    assert worded > 0


def test_an_empty_sky_says_nothing_at_the_desk():
    """All sensors are up: what is heard in quiet hours comes of birds, not of NOT WATCHING."""
    watch = Watch(many_sites(2))
    empty = TrackTable.blank(0)
    said = []
    for second in range(round(SETTLE_S) + 300):
        _, _, events = watch.look(FROM_S + second, empty)
        said += events
    assert said == []
    assert all(not zone.unwatched for zone in alert.zones(watch.alert))
