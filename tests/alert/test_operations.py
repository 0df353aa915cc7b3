"""Protected volumes that are entered, conflicts, and operations that people suspend."""

import math
from dataclasses import replace

import pytest
from tests.threat.skies import NODE, T0_S, drone, sky, traffic

from tocsin import advise, alert, threat
from tocsin.codec.site_toml import read_site
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import Act, AlarmState, SensorStatus, ThreatTable

RADAR = SensorStatus("radar", "radar", "ok", T0_S, 1, 1, 0, {}, 0.0, "live", ("field",), T0_S)
MET = ("Runway inspected", "tower agrees")


class Field:
    """The alert state of an airport, driven as the pipeline drives it."""

    def __init__(self, node=NODE):
        self.node, self.now_s, self.events = node, T0_S, []
        self.state = alert.open_alert(node)

    def look(self, *rows, seconds=1.0):
        for _ in range(round(seconds / 0.2)):
            self.now_s = round(self.now_s + 0.2, 3)
            tracks, identities = sky(*rows, now_s=self.now_s)
            if alert.is_volume_look(self.state, self.now_s):
                seen = threat.look_at_volumes(tracks, identities, self.node, self.now_s)
                self.events += alert.protect_into(self.state, self.node, seen, self.now_s)
            self.events += alert.advance_into(
                self.state, self.node, ThreatTable.blank(0), tracks, identities, (RADAR,),
                self.now_s,
            )  # fmt: skip
        return self

    def act(self, verb, user="officer", **fields):
        fields = {"key": f"{verb}-{len(self.events)}-{self.now_s}", "site": "field", **fields}
        fields.setdefault("view_s", self.now_s)
        act = Act(verb, user=user, at_s=self.now_s, **fields)
        events, answers = alert.act_into(self.state, self.node, (act,), self.now_s)
        self.events += events
        return answers[0][1:]

    def kinds(self, kind):
        return [event for event in self.events if event.kind == kind]

    @property
    def runway(self):
        return alert.volumes(self.state)[0]

    @property
    def now(self):
        return alert.operations(self.state)[0]


OVER = drone(1, (300.0, 20.0, 80.0))
AWAY = drone(1, (300.0, 9000.0, 80.0))


def test_a_volume_is_told_to_be_entered_once_with_the_phrase_and_an_alarm():
    field = Field().look(OVER, seconds=30)
    (entered,) = field.kinds("volume entered")
    assert entered.at_s - T0_S <= 2.5
    assert entered.tracks == (1,)
    assert entered.facts["phrase"].startswith("Tower, North field watch. Drone with rotors")
    assert "now in Runway 26" in entered.facts["phrase"]
    (alarm,) = alert.alarms(field.state)
    assert (alarm.cause, alarm.step) == ("protected volume", "CAUTION")
    assert entered.alarm_id == alarm.id
    assert field.runway.state == "occupied"
    assert field.runway.last_s == pytest.approx(field.now_s, abs=1.01)


def test_a_second_one_on_the_runway_is_told_and_calls_though_the_first_was_seen():
    second = drone(2, (-200.0, -20.0, 60.0))
    field = Field().look(OVER, seconds=10)
    field.act("acknowledge", alarm="A-1-1")
    field.look(OVER, second, seconds=600)
    assert [event.tracks for event in field.kinds("volume entered")] == [(1,), (2, 1)]
    assert alert.alarms(field.state)[0].state == AlarmState.UNACKNOWLEDGED


def test_one_that_was_named_hides_no_other_and_is_told_again_when_that_expires():
    second = drone(2, (-200.0, -20.0, 60.0))
    field = Field().look(OVER, seconds=10)
    field.act("acknowledge", alarm="A-1-1")
    field.act("dispose", track=1, text="Inspection drone", reason="radio")
    field.look(OVER, seconds=8).look(OVER, second, seconds=10)
    assert [event.tracks for event in field.kinds("volume entered")] == [(1,), (2,)]
    assert alert.alarms(field.state)[0].state == AlarmState.UNACKNOWLEDGED
    field.act("acknowledge", alarm="A-1-1")
    field.look(OVER, second, seconds=900)
    assert 1 in field.kinds("volume entered")[-1].tracks
    assert alert.alarms(field.state)[0].state == AlarmState.UNACKNOWLEDGED


def test_a_conflict_calls_though_the_volume_was_seen_to_be_entered():
    field = Field().look(OVER, seconds=10)
    field.act("acknowledge", alarm="A-1-1")
    field.look(OVER, drone(3, (4500.0, 0.0, 240.0)), traffic(), seconds=60)
    assert field.kinds("conflict")
    assert alert.alarms(field.state)[0].state == AlarmState.UNACKNOWLEDGED


def test_to_resume_by_a_picture_of_before_another_suspended_is_refused():
    field = Field().look(seconds=2)
    field.act("suspend", user="ann", zones=("runway",))
    seen_s = field.look(seconds=60).now_s
    field.look(seconds=2).act("suspend", user="bob", zones=("final",), reason="one on final")
    fields = {"user": "ann", "reason": "runway is clear", "criteria": MET}
    done, said = field.act("resume", view_s=seen_s, **fields)
    assert (done, "after the picture" in said) == (False, True)
    assert field.act("resume", **fields)[0]


def test_one_look_alone_tells_nothing():
    field = Field().look(seconds=3)
    field.look(OVER, seconds=1).look(AWAY, seconds=5)
    assert not field.kinds("volume entered")
    assert not field.kinds("volume expected")


def test_what_comes_is_expected_first_and_a_volume_is_free_ten_seconds_after_it_was_left():
    coming = drone(1, (300.0, 900.0, 80.0), (0.0, -15.0, 0.0))
    field = Field().look(coming, seconds=5)
    (expected,) = field.kinds("volume expected")
    assert "will more likely than not come into Runway 26" in expected.text
    assert field.runway.enters_s - field.now_s == pytest.approx((900 - 222) / 15, abs=10)
    field.look(OVER, seconds=5).look(AWAY, seconds=8)
    assert field.runway.state == "occupied"
    field.look(AWAY, seconds=5)
    assert field.runway.state == "free"
    assert math.isfinite(field.runway.last_s)
    (free,) = field.kinds("volume free")
    assert free.tracks == (1,)


def test_the_alarm_closes_when_it_was_seen_and_every_volume_is_free():
    field = Field().look(OVER, seconds=4)
    (alarm,) = alert.alarms(field.state)
    assert field.act("acknowledge", alarm=alarm.id)[0]
    field.look(OVER, seconds=5)
    assert alert.alarms(field.state)[0].state == AlarmState.ACKNOWLEDGED
    field.look(AWAY, seconds=15)
    assert alert.alarms(field.state)[0].state == AlarmState.CLOSED


def test_a_conflict_is_told_with_its_separation_and_one_more_raises_no_second_alarm():
    near = drone(1, (4500.0, 0.0, 240.0))
    field = Field().look(near, traffic(), seconds=3)
    (told,) = field.kinds("conflict")
    assert told.tracks == (1, 7)
    assert told.facts["separation_m"] < 600
    assert told.facts["sigma_m"] > 0
    assert 0.1 <= told.facts["p"] <= 1
    (standing,) = alert.conflicts(field.state)
    assert standing.traffic == 7
    field.look(near, traffic(), traffic(8, (7000.0, 60.0, 380.0)), seconds=3)
    assert len(field.kinds("conflict")) == 2
    assert len(alert.alarms(field.state)) == 1
    field.look(AWAY, seconds=15)
    assert len(field.kinds("conflict over")) == 2
    assert alert.conflicts(field.state) == ()


def test_a_track_that_a_person_has_named_occupies_nothing_until_that_expires():
    field = Field().look(OVER, seconds=4)
    assert field.act("dispose", track=1, text="Inspection drone", reason="radio")[0]
    field.look(OVER, seconds=15)
    assert field.runway.state == "free"
    field.look(OVER, seconds=900)
    assert field.runway.state == "occupied"


def test_the_airports_playbook_is_shown_for_a_protected_volume():
    field = Field().look(OVER, seconds=4)
    identities = sky(OVER)[1]
    shown = advise.options_into(
        advise.open_advise(), NODE, alert.zones(field.state), alert.alarms(field.state),
        ThreatTable.blank(0), identities,
    )  # fmt: skip
    assert {"airport-tell-tower", "airport-suspend"} <= {line.line for line in shown}


def test_to_suspend_is_never_refused_and_merged():
    field = Field().look(OVER, seconds=4)
    stale = {"view_s": float("nan")}
    accepted, sentence = field.act("suspend", zones=("runway",), **stale)
    assert accepted
    assert "Runway operations on Runway 26 recorded as suspended at Field" in sentence
    assert (field.now.suspended_by, field.now.id, field.now.volumes) == (
        "officer", "O-1-1", ("runway",),
    )  # fmt: skip
    accepted, sentence = field.act("suspend", user="second", reason="seen by us too")
    assert accepted
    assert sentence.startswith("officer has suspended already")
    assert field.now.suspended_by == "officer"
    assert field.now.volumes == ()  # all of it, which is the wider word
    assert field.now.reason == "seen by us too"
    first, second = field.kinds("suspended")
    assert first.tracks == (1,)
    assert (first.facts["again"], second.facts["again"]) == ("no", "yes")


def test_an_unknown_volume_does_not_stand_in_the_way_of_suspending():
    accepted, sentence = Field().act("suspend", zones=("runnway",))
    assert accepted
    assert "there is no volume runnway, so all operations are meant" in sentence
    refused, sentence = Field().act("suspend", site="nowhere")
    assert not refused
    assert "sites are field" in sentence


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"view_s": T0_S - 30}, "look at the live one"),
        ({"reason": " "}, "to resume needs a reason"),
        ({"criteria": ("Runway inspected",)}, "said to be met: Tower agrees"),
        ({"site": "nowhere"}, "there is no site"),
    ],
)
def test_to_resume_needs_the_live_picture_a_reason_and_every_criterion(fields, says):
    field = Field()
    field.act("suspend", reason="drone")
    field.look(AWAY, seconds=1)
    accepted, sentence = field.act(
        "resume", **{"reason": "searched", "criteria": MET, **fields}
    )
    assert not accepted
    assert says in sentence
    assert field.now.suspended
    assert field.kinds("act refused")


def test_to_resume_waits_until_nothing_is_inside_and_is_recorded_with_what_it_rested_on():
    field = Field().look(OVER, seconds=4)
    field.act("suspend", reason="drone over the runway")
    accepted, sentence = field.act("resume", reason="looks clear", criteria=MET)
    assert not accepted
    assert "T-01 is in Runway 26" in sentence
    field.look(AWAY, seconds=15)
    accepted, sentence = field.act("resume", user="duty", reason="searched", criteria=MET)
    assert accepted, sentence
    assert not field.now.suspended
    assert (field.now.resumed_by, field.now.criteria) == ("duty", NODE.sites[0].resume_criteria)
    (resumed,) = field.kinds("resumed")
    assert resumed.facts["suspension"] == "O-1-1"
    assert resumed.facts["criteria"] == "Runway inspected; Tower agrees"
    assert resumed.facts["last_inside_s"] < field.now_s - 5
    again, sentence = field.act("resume", reason="searched", criteria=MET)
    assert not again
    assert "are not suspended" in sentence


def test_who_resumes_is_told_what_is_not_watched():
    field = Field()
    field.act("suspend", reason="drone")
    gone = replace(RADAR, state="silent")
    tracks, identities = sky()
    field.now_s += 1.0
    field.events += alert.advance_into(
        field.state, NODE, ThreatTable.blank(0), tracks, identities, (gone,), field.now_s
    )
    accepted, sentence = field.act("resume", reason="searched", criteria=MET)
    assert accepted
    assert "not watched all round" in sentence
    assert "not watched all round" in field.kinds("resumed")[0].facts["unwatched"]


def test_a_double_click_suspends_once_and_the_state_outlives_a_snapshot():
    field = Field().look(OVER, seconds=4)
    first = field.act("suspend", key="k", reason="drone")
    assert field.act("suspend", key="k", reason="drone") == first
    assert len(field.kinds("suspended")) == 1
    field.state = thaw(freeze(field.state))
    assert field.now.suspended
    field.look(OVER, seconds=3)
    assert len(field.kinds("volume entered")) == 1


def test_a_site_of_profile_base_without_volumes_never_looks_and_may_still_suspend():
    text = (
        'schema = 1\n[node]\nname = "x"\n[[site]]\nid = "field"\nlat = 1\nlon = 1\n'
        "elevation_m = 0\n"
    )
    field = Field(read_site(text.encode(), "x.toml"))
    assert not alert.is_volume_look(field.state, T0_S)
    assert field.act("suspend", reason="flight line")[0]
    assert field.act("resume", reason="over")[0]
