"""Alarms in the states of ISA-18.2, acts of people, and who attends to what."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alert.scenes import T0_S, T, Watch, node_of

from tocsin import alert
from tocsin.codec.snapshot import freeze
from tocsin.model import Act, AlarmState, Ladder, Release

U, A, R, C = (
    AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED, AlarmState.RETURNED, AlarmState.CLOSED
)  # fmt: skip


def alarmed(state=U):
    """Return a watch with one CAUTION alarm in the given state."""
    watch = Watch().look(T(soon_s=200.0), seconds=3.0)
    if state in (A, C):
        watch.act("acknowledge", alarm=watch.alarms()[0].id)
    if state in (R, C):
        watch.look(seconds=60.0)
    assert watch.alarms()[0].state == state
    return watch


def test_a_raid_of_forty_is_one_alarm():
    raid = [T(track=k, soon_s=150.0 + k, east_m=7000.0 + 50.0 * k) for k in range(1, 41)]
    watch = Watch().look(*raid, seconds=5.0)
    assert len(watch.alarms()) == 1
    assert len(watch.alarms()[0].tracks) == 40
    assert len(watch.kinds("raised")) == 1


def test_two_groups_minutes_apart_are_two_alarms_and_two_sites_have_their_own():
    watch = Watch().look(
        T(soon_s=20.0, east_m=1000.0), T(track=2, soon_s=230.0, east_m=9000.0),
        T(track=3, soon_s=100.0, site=1), seconds=3.0,
    )  # fmt: skip
    assert sorted(alarm.site_id for alarm in watch.alarms()) == ["base", "base", "far"]


def test_an_alarm_sounds_again_only_when_it_climbs():
    watch = alarmed(A)
    watch.look(T(soon_s=200.0), T(track=2, soon_s=210.0), seconds=100.0)
    assert watch.alarms()[0].state == A
    watch.look(T(soon_s=60.0), T(track=2, soon_s=70.0), seconds=2.0)
    assert watch.alarms()[0].state == U
    assert watch.alarms()[0].step == Ladder.TAKE_SHELTER


def test_an_unacknowledged_alarm_calls_again_and_ever_more_rarely():
    watch = Watch().look(T(soon_s=200.0), seconds=600.0)
    calls = [event.at_s - T0_S for event in watch.kinds("escalated")]
    gaps = [b - a for a, b in itertools.pairwise(calls)]
    assert calls[0] <= 35.0
    assert gaps == sorted(gaps)
    assert len(calls) <= 6


@pytest.mark.parametrize(
    ("state", "after", "returned"), [(U, A, R), (A, A, C), (R, C, R), (C, C, C)]
)
def test_acknowledging_in_every_state(state, after, returned):
    watch = alarmed(state)
    accepted, sentence = watch.act("acknowledge", alarm="A-1-1")
    assert accepted
    assert sentence
    assert watch.alarms()[0].state == after
    other = alarmed(state)
    assert other.look(seconds=60.0).alarms()[0].state == returned


@pytest.mark.parametrize("state", [U, A, R, C])
def test_deciding_stores_words_in_every_state_and_acknowledges_nothing(state):
    watch = alarmed(state)
    accepted, _ = watch.act("decide", alarm="A-1-1", text="patrol sent to the south gate")
    assert accepted
    alarm = watch.alarms()[0]
    assert (alarm.state, alarm.decided_by) == (state, "officer")
    assert alarm.decision == "patrol sent to the south gate"
    assert not watch.act("decide", alarm="A-1-1", text="  ")[0]


def test_two_officers_deciding_at_once_both_stand_in_the_record():
    watch = alarmed()
    assert watch.act("decide", user="first", alarm="A-1-1", text="wait")[0]
    accepted, sentence = watch.act("decide", user="second", alarm="A-1-1", text="lights out")
    assert accepted
    assert "first" in sentence
    assert [event.text for event in watch.kinds("decided")] == ["wait", "lights out"]


def test_a_cause_that_comes_back_opens_the_same_alarm_again():
    watch = alarmed(R).look(T(soon_s=200.0), seconds=3.0)
    assert [alarm.state for alarm in watch.alarms()] == [U]
    assert len(watch.kinds("raised")) == 1


def test_closed_alarms_are_listed_for_ten_minutes():
    watch = alarmed(C)
    assert len(watch.look(seconds=500.0).alarms()) == 1
    assert watch.look(seconds=110.0).alarms() == ()
    assert not watch.act("acknowledge", alarm="A-1-1")[0]


@pytest.mark.parametrize("users", [("a", "a"), ("a", "b")])
def test_a_double_release_is_merged(users):
    watch = Watch().look(T(soon_s=70.0), seconds=2.0)
    answers = [watch.act("release", user=user, key=f"k{k}") for k, user in enumerate(users)]
    assert all(accepted for accepted, _ in answers)
    assert len(watch.kinds("released")) == 1
    assert watch.zone().released_by == "a"


def test_a_release_by_hand_needs_no_track_no_view_and_no_reason():
    watch = Watch().look(seconds=1.0)
    assert watch.act("release", view_s=math.nan)[0]
    assert watch.zone().step == Ladder.TAKE_SHELTER
    assert watch.zone(site=1).step == Ladder.QUIET


def test_a_release_of_a_known_and_an_unknown_zone_raises_the_known_one():
    watch = Watch().look(seconds=1.0)
    accepted, sentence = watch.act("release", zones=("zone-0", "nowhere"))
    assert accepted
    assert "nowhere" in sentence
    assert watch.zone().step == Ladder.TAKE_SHELTER
    assert not watch.act("release", zones=("nowhere",))[0]
    assert not watch.act("release", site="atlantis")[0]


def test_the_same_key_is_answered_the_same_and_done_once():
    watch = Watch().look(T(soon_s=70.0), seconds=2.0)
    first = watch.act("release", key="one")
    assert watch.act("cancel", key="two")[0]
    assert watch.act("release", key="one") == first
    assert watch.zone().step == Ladder.CAUTION
    assert watch.act("release", key="one", user="another")[0]
    assert watch.zone().step == Ladder.TAKE_SHELTER


def test_keys_are_bounded():
    watch = Watch().look(seconds=0.2)
    for k in range(5000):
        watch.act("acknowledge", key=str(k), alarm="A-1-9")
    watch.look(seconds=0.2)
    assert len(watch.state.answers) <= 4096


def released(release=Release.PERSON_ELSE_AUTOMATIC):
    watch = Watch(node_of(release)).look(T(soon_s=70.0), seconds=2.0)
    if release != Release.AUTOMATIC:
        watch.act("release")
    return watch


def test_a_release_can_be_taken_back_for_three_seconds_and_the_software_still_releases():
    watch = released()
    assert watch.look(T(soon_s=69.0), seconds=2.6).act("cancel")[0]
    assert watch.zone().step == Ladder.CAUTION
    watch.look(T(soon_s=60.0), seconds=20.0, approach=True)
    assert watch.zone().released_by == "automatic"
    late = released().look(T(soon_s=69.0), seconds=4.0)
    accepted, sentence = late.act("cancel")
    assert not accepted
    assert "3 s" in sentence


def test_cancelling_what_the_software_released_keeps_it_from_doing_so_again():
    watch = released(Release.AUTOMATIC)
    assert watch.act("cancel")[0]
    watch.look(T(soon_s=60.0), seconds=20.0)
    assert watch.zone().step == Ladder.CAUTION
    assert (
        watch.look(T(soon_s=60.0), T(track=2), seconds=2.0).zone().step == Ladder.TAKE_SHELTER
    )


def test_a_release_that_a_second_officer_made_too_is_not_cancelled_by_the_first():
    watch = released()
    watch.act("release", user="second")
    accepted, sentence = watch.act("cancel")
    assert not accepted
    assert "second" in sentence


LOWERING = [
    ("refuse", {"reason": "ours"}),
    ("cancel", {}),
    ("clear", {"reason": "over"}),
    ("dispose", {"track": 1, "text": "our survey plane"}),
]


@pytest.mark.parametrize(("verb", "fields"), LOWERING)
@pytest.mark.parametrize("view_s", [T0_S - 100.0, T0_S + 1e4, math.nan])
def test_what_lowers_protection_is_refused_on_a_stale_view(verb, fields, view_s):
    watch = released() if verb in ("cancel", "clear") else Watch().look(T(), seconds=2.0)
    before = freeze(alert.zones(watch.state))
    accepted, sentence = watch.act(verb, view_s=view_s, **fields)
    assert not accepted
    assert "picture" in sentence
    assert freeze(alert.zones(watch.state)) == before
    assert watch.kinds("act refused")[0].by == "officer"


@pytest.mark.parametrize(
    ("verb", "fields", "word"),
    [
        ("refuse", {}, "reason"),
        ("clear", {}, "reason"),
        ("clear", {"reason": "over"}, "threatened"),
        ("refuse", {"reason": "ours"}, "released"),
        ("dispose", {"track": 1}, "say what it is"),
        ("dispose", {"track": 99, "text": "a kite"}, "no track T-99"),
        ("decide", {"alarm": "A-9-9", "text": "x"}, "no alarm"),
        ("fire", {}, "no act"),
    ],
)
def test_a_refused_act_says_what_would_be_right(verb, fields, word):
    accepted, sentence = released().act(verb, **fields)
    assert not accepted
    assert word in sentence


def test_nothing_proposed_is_nothing_to_refuse():
    watch = Watch().look(seconds=1.0)
    assert watch.act("refuse", reason="x") == (False, "nothing is proposed for Zone 0")


def test_all_clear_waits_for_its_minute():
    watch = released().look(seconds=30.0)
    accepted, sentence = watch.act("clear", reason="over")
    assert not accepted
    assert "60 s" in sentence


def test_a_disposition_attends_one_track_for_a_quarter_of_an_hour():
    mine = T(soon_s=200.0)
    watch = Watch().look(mine, seconds=2.0)
    assert watch.act("dispose", track=1, text="our survey plane", reason="called them")[0]
    assert watch.look(mine, seconds=60.0).zone().step == Ladder.QUIET
    watch.look(mine, seconds=840.0)
    assert len(watch.kinds("expired")) == 1
    assert watch.look(mine, seconds=3.0).zone().step == Ladder.CAUTION


def test_a_disposition_never_silences_what_other_tracks_cause():
    watch = Watch().look(T(), T(track=2), seconds=2.0)
    watch.act("dispose", track=1, text="our survey plane")
    watch.look(T(soon_s=30.0), T(track=2, soon_s=30.0), seconds=2.0)
    assert watch.zone().step == Ladder.TAKE_SHELTER
    assert watch.zone().tracks == (2,)


def test_what_nears_the_line_is_attended_within_five_seconds():
    """A chance of coming too small for a proposal, yet harmful and near."""
    watch = Watch(node_of(caution_s=10.0)).look(T(soon_s=80.0), seconds=5.0)
    said = watch.kinds("unattended")
    assert len(said) == 1
    assert said[0].at_s - T0_S <= 5.0 + 1e-6
    assert len(watch.alarms()) == 1
    watch.look(T(soon_s=80.0), seconds=20.0)
    assert len(watch.kinds("unattended")) == 1


def test_a_disposed_track_is_attended():
    watch = Watch(node_of(caution_s=10.0)).look(T(soon_s=500.0), seconds=1.0)
    watch.act("dispose", track=1, text="our survey plane")
    watch.look(T(soon_s=80.0), seconds=20.0)
    assert watch.kinds("unattended") == []


def test_birds_are_no_alarm():
    flock = [T(track=k, soon_s=10.0, harm=0.1) for k in range(1, 30)]
    watch = Watch().look(*flock, seconds=60.0)
    assert watch.alarms() == ()
    assert watch.kinds("proposed") == []


def test_a_group_is_unreal_only_if_all_its_evidence_is():
    watch = Watch().look(T(nature=2), seconds=2.0)
    assert (watch.alarms()[0].nature, watch.zone().nature) == ("simulated", "simulated")
    watch.look(T(nature=2), T(track=2, nature=0), seconds=2.0)
    assert (watch.alarms()[0].nature, watch.zone().nature) == ("live", "live")


verbs = st.sampled_from(
    ["acknowledge", "release", "refuse", "cancel", "clear", "decide", "dispose", "nonsense"]
)
acts = st.lists(
    st.builds(
        Act, verb=verbs, key=st.sampled_from(["1", "2", "3", "4", ""]),
        user=st.sampled_from(["a", "b"]), at_s=st.just(T0_S),
        site=st.sampled_from(["base", "far", "", "x"]),
        zones=st.sampled_from([(), ("zone-0",), ("x",)]), alarm=st.sampled_from(["A-1-1", "x"]),
        track=st.sampled_from([0, 1, 2]), reason=st.sampled_from(["", "r"]),
        text=st.sampled_from(["", "t"]), view_s=st.sampled_from([math.nan, T0_S, T0_S - 60.0]),
    ),
    max_size=8,
)  # fmt: skip


@given(acts, acts)
def test_acts_sent_twice_change_nothing_more(first, second):
    """Idempotency: an act with a key, sent again, is answered alike and does nothing."""
    watch, twice = (Watch().look(T(), seconds=2.0) for _ in range(2))
    for act in [*first, *second]:
        answer = alert.act_into(watch.state, watch.node, (act,), watch.now_s)
        again = alert.act_into(twice.state, twice.node, (act,), twice.now_s)
        assert answer == again
        if act.key:
            events, answers = alert.act_into(twice.state, twice.node, (act,), twice.now_s)
            assert events == ()
            assert answers == again[1]
    assert freeze(watch.state) == freeze(twice.state)


@given(acts)
def test_every_act_is_answered_in_a_sentence_and_release_is_never_refused(story):
    watch = Watch().look(T(), seconds=2.0)
    _, answers = alert.act_into(watch.state, watch.node, tuple(story), watch.now_s)
    assert [key for key, _, _ in answers] == [act.key for act in story]
    assert all(sentence for _, _, sentence in answers)
    for act in story:
        fresh = Watch().look(T(), seconds=2.0)
        if act.verb == "release" and act.site in ("base", "far") and act.zones != ("x",):
            assert alert.act_into(fresh.state, fresh.node, (act,), fresh.now_s)[1][0][1]
