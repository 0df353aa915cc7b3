"""A register has bounds; what finds no room is counted, and the ledger still rebuilds it."""

import pytest
from tests.record.desk import Desk, enter_day
from tests.record.test_incidents_from_alarms import NOON_S, Watch, alarm, zone

from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import Ladder
from tocsin.record import apply, copied, fold, incidents, rebuild, summaries
from tocsin.record.views import incidents_in_order


@pytest.fixture
def watch():
    return Watch()


def rows(register):
    return [row.id for row, _, _ in incidents_in_order(register)]


def test_a_full_register_refuses_people_with_a_sentence_and_keeps_room_for_the_watch(
    watch, monkeypatch
):
    monkeypatch.setattr(apply, "MAX_ROWS", 3)
    monkeypatch.setattr(incidents, "MAX_ROWS", 3)
    monkeypatch.setattr(apply, "ROWS_FOR_THE_WATCH", 2)
    desk = Desk()
    assert desk.try_act("add_source", kind="agency", name="AP")[0]
    accepted, sentence = desk.try_act("add_source", kind="agency", name="Reuters")
    assert not accepted
    assert "begin another" in sentence
    for k in range(3):
        watch.hear(alarm("raised", NOON_S + k, Ladder.CAUTION, alarm_id=f"A-1-{k}"))
    assert len(rows(watch.register)) == 3


def test_an_incident_without_room_is_counted_once_and_stands_in_the_ledger(watch, monkeypatch):
    monkeypatch.setattr(incidents, "MAX_ROWS", 1)
    watch.hear(alarm("raised", NOON_S, Ladder.CAUTION))
    for k, kind in enumerate(("raised", "escalated", "joined", "closed")):
        watch.hear(alarm(kind, NOON_S + 5 + k, Ladder.TAKE_SHELTER, alarm_id="A-1-2"))
    assert rows(watch.register) == ["INC-2026-0001"]
    assert watch.register.dropped == 1
    assert len([e for e in watch.entries if b'"no room"' in e.body]) == 1
    assert rebuild(watch.entries) == watch.register


def test_the_oldest_happenings_go_and_are_counted(watch, monkeypatch):
    monkeypatch.setattr(fold, "MAX_TIMELINE", 5)
    for k in range(9):
        watch.hear(alarm("joined", NOON_S + k, Ladder.CAUTION))
    assert [h.at_s for h in watch.register.timeline] == [NOON_S + k for k in range(4, 9)]
    assert watch.register.dropped == 4
    assert rebuild(watch.entries) == watch.register


def test_the_newest_times_without_watch_are_kept_and_those_that_last(watch, monkeypatch):
    monkeypatch.setattr(fold, "MAX_UNWATCHED", 3)
    blind, seeing = Ladder.NOT_WATCHING, Ladder.QUIET
    watch.hear(zone("step", NOON_S, blind, site="south", zone_id="tower"))  # to the end
    for k in range(1, 6):
        watch.hear(zone("step", NOON_S + 10 * k, blind))
        watch.hear(zone("step", NOON_S + 10 * k + 5, seeing))
    kept = [(u.zone, u.from_s, u.until_s) for u in watch.register.unwatched]
    assert kept == [("tower", NOON_S, None), ("hangars", NOON_S + 40, NOON_S + 45),
                    ("hangars", NOON_S + 50, NOON_S + 55)]  # fmt: skip
    assert watch.register.dropped >= 3
    assert rebuild(watch.entries) == watch.register


def test_a_register_that_is_copied_grows_apart(watch):
    watch.hear(alarm("raised", NOON_S, Ladder.CAUTION))
    watch.hear(zone("step", NOON_S + 1, Ladder.NOT_WATCHING))
    before, told = freeze(watch.register), len(watch.entries)
    reader = copied(watch.register)
    assert reader == watch.register
    watch.hear(alarm("joined", NOON_S + 2, Ladder.TAKE_SHELTER, tracks=(7, 8)))
    watch.hear(zone("step", NOON_S + 3, Ladder.QUIET))
    watch.hear(alarm("raised", NOON_S + 4, Ladder.MONITOR, alarm_id="A-1-2"))
    watch.hear(alarm("closed", NOON_S + 5, Ladder.CAUTION))
    assert freeze(reader) == before
    fold.fold_into(reader, watch.entries[told:])
    assert reader == watch.register


def test_the_newest_incidents_are_told_as_in_the_list_of_all(watch):
    for k in range(1, 5):
        site = ("north", "south")[k % 2]
        watch.hear(alarm("raised", NOON_S + k, Ladder.CAUTION, alarm_id=f"A-1-{k}", site=site))
    told = summaries(watch.register)
    assert len(told) == 4
    assert summaries(watch.register, newest=2) == told[:2]
    assert summaries(watch.register, newest=9) == told


def test_a_swarm_names_its_first_tracks_in_the_row_and_all_in_the_ledger(watch):
    for k in range(10):
        tracks = tuple(range(1, 60 * (k + 1)))
        watch.hear(alarm("joined", NOON_S + k, Ladder.CAUTION, tracks=tracks))
    noun = watch.register.rows["INC-2026-0001"].versions[-1].noun
    assert [t.track for t in noun.tracks] == [str(k) for k in range(1, fold.MAX_TRACKS + 1)]
    assert max(len(h.tracks) for h in watch.register.timeline) == fold.MAX_TRACKS
    newest = [e for e in watch.entries if e.kind == "alert"][-1]
    assert b'"599"' in newest.body


def test_a_snapshot_makes_only_what_is_new_and_its_bytes_do_not_depend_on_that():
    desk = Desk()
    enter_day(desk)
    assert not any(v.frozen for r in desk.register.rows.values() for v in r.versions)
    before = freeze(desk.register)
    desk.act("correct", of="two-drones", wrong="2", right="3", changes={"value": 3})
    versions = [v for r in desk.register.rows.values() for v in r.versions]
    assert [bool(v.frozen) for v in versions].count(False) == 2  # the correction, the new one
    after = freeze(desk.register)
    assert after != before
    assert freeze(rebuild(desk.entries)) == after
    assert thaw(after) == desk.register
    assert freeze(thaw(after)) == after
