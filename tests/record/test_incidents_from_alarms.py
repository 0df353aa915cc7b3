"""An alarm of the watch becomes an incident with its timeline; two sites become a series."""

import numpy as np
import pytest

from tocsin.codec.site_toml import read_site
from tocsin.model import AlertEvent, IdentityTable, Ladder, TrackEvent
from tocsin.model.register import Register
from tocsin.record import (
    Question,
    ask,
    fold_into,
    keep_first_into,
    moments,
    note_alerts_into,
    note_tracks_into,
    open_chain,
    open_from_alerts_into,
    rebuild,
    summaries,
)  # fmt: skip
from tocsin.record.views import incidents_in_order, rows_of, series_of, timeline_of

SITE = b"""
schema = 1
[node]
name = "Two sites"
[[site]]
id = "north"
name = "North base"
lat = 50.0
lon = 10.0
elevation_m = 100
geoid_m = 0
[[site.zone]]
id = "hangars"
radius_m = 500
ceiling_m = 300
shelter_s = 60
[[site]]
id = "south"
name = "South base"
lat = 48.0
lon = 10.0
elevation_m = 100
geoid_m = 0
[[site.zone]]
id = "tower"
radius_m = 500
ceiling_m = 300
shelter_s = 60
"""
NOON_S = 1_785_931_200.0


class Watch:
    def __init__(self):
        self.node = read_site(SITE, "two.toml")
        self.chain, first = open_chain("live", NOON_S - 60, {"node": "Two sites"})
        self.register, self.entries = Register(), [first]
        fold_into(self.register, [first])
        self.first = {7: (NOON_S - 30, 50.2, 10.1, 400.0), 8: (NOON_S - 20, 50.2, 10.11, 410.0)}

    def hear(self, *events):
        now_s = max(e.at_s for e in events)
        entries = note_alerts_into(self.chain, events, now_s)
        fold_into(self.register, entries)
        more = open_from_alerts_into(
            self.register, self.chain, events, self.node, None, self.first, now_s
        )
        self.entries += [*entries, *more]

    def end(self, track, how, now_s):
        event = TrackEvent("ended", now_s, track, 0, how)
        entries = note_tracks_into(self.chain, [event], ["north", "south"], now_s)
        fold_into(self.register, entries)
        self.entries += entries


def alarm(kind, at_s, step, *, site="north", alarm_id="A-1-1", tracks=(7,), **more):
    return AlertEvent(kind, at_s, site, alarm_id=alarm_id, step=step, tracks=tracks, **more)


def zone(kind, at_s, step, *, site="north", zone_id="hangars", tracks=(7,), **more):
    return AlertEvent(kind, at_s, site, zone_id=zone_id, step=step, tracks=tracks, **more)


@pytest.fixture
def watch():
    w = Watch()
    w.hear(zone("step", NOON_S - 5, Ladder.MONITOR))
    w.hear(alarm("raised", NOON_S, Ladder.MONITOR, text="1 track towards hangars"))
    assert not incidents_in_order(w.register)
    w.hear(alarm("escalated", NOON_S + 5, Ladder.CAUTION))
    w.hear(alarm("joined", NOON_S + 8, Ladder.CAUTION, tracks=(7, 8)))
    w.hear(zone("proposed", NOON_S + 10, Ladder.TAKE_SHELTER),
           alarm("acknowledged", NOON_S + 10, Ladder.TAKE_SHELTER, by="officer"))  # fmt: skip
    w.hear(zone("released", NOON_S + 12, Ladder.TAKE_SHELTER, by="automatic"))
    w.hear(alarm("decided", NOON_S + 20, Ladder.TAKE_SHELTER, by="officer", text="call them"))
    w.end(7, "lost", NOON_S + 60)
    w.hear(alarm("closed", NOON_S + 90, Ladder.TAKE_SHELTER))
    w.hear(zone("cleared", NOON_S + 120, Ladder.ALL_CLEAR, by="officer"))
    return w


def test_an_alarm_at_caution_is_one_incident_with_all_that_happened(watch):
    [(row, _, noun)] = incidents_in_order(watch.register)
    assert (row.id, noun.site_name, noun.alarm) == ("INC-2026-0001", "North base", "A-1-1")
    assert noun.happened.earliest_s == NOON_S
    told = [(h.what, h.by) for h in timeline_of(watch.register, row.id)]
    assert told == [
        ("step", ""), ("raised", ""), ("escalated", ""), ("joined", ""), ("proposed", ""),
        ("acknowledged", "officer"), ("released", "automatic"), ("decided", "officer"),
        ("track ended", ""), ("closed", ""), ("cleared", "officer"),
    ]  # fmt: skip


def test_the_tracks_stand_where_they_were_first_seen_and_zones_around_the_site(watch):
    [(_, _, noun)] = incidents_in_order(watch.register)
    assert [(t.track, t.first_seen_s, t.lat) for t in noun.tracks] == [
        ("7", NOON_S - 30, 50.2), ("8", NOON_S - 20, 50.2),
    ]  # fmt: skip
    [(_, _, ring)] = noun.zones
    assert abs(np.mean([lat for _, lat in ring]) - 50.0) < 1e-4
    assert abs(np.mean([lon for lon, _ in ring]) - 10.0) < 1e-4


def test_another_site_on_the_same_day_makes_a_series_and_a_day_later_none(watch):
    watch.hear(
        alarm("raised", NOON_S + 7200, Ladder.TAKE_SHELTER, site="south", alarm_id="A-1-2")
    )
    assert series_of(watch.register, "INC-2026-0002") == ("INC-2026-0001",)
    watch.hear(alarm("raised", NOON_S + 9000, Ladder.CAUTION, site="south", alarm_id="A-1-3"))
    watch.hear(alarm("raised", NOON_S + 3 * 86_400, Ladder.CAUTION, alarm_id="A-1-4"))
    assert series_of(watch.register, "INC-2026-0003") == ("INC-2026-0001", "INC-2026-0002")
    assert series_of(watch.register, "INC-2026-0004") == ()


def test_a_simulated_raid_is_no_series_with_a_real_one(watch):
    watch.hear(alarm("raised", NOON_S + 7200, Ladder.CAUTION, site="south", alarm_id="A-1-2",
                     nature="simulated"))  # fmt: skip
    assert series_of(watch.register, "INC-2026-0002") == ()


def test_alarms_that_stay_below_caution_are_no_incident_and_are_let_go(watch):
    watch.hear(alarm("raised", NOON_S + 500, Ladder.MONITOR, alarm_id="A-1-9"))
    watch.hear(alarm("closed", NOON_S + 600, Ladder.MONITOR, alarm_id="A-1-9"))
    assert len(list(incidents_in_order(watch.register))) == 1
    assert "A-1-9" not in watch.register.waiting


def test_a_notice_of_another_site_stands_in_the_timeline_and_raises_no_step(watch):
    watch.hear(alarm("raised", NOON_S + 200, Ladder.CAUTION, alarm_id="A-1-2"))
    watch.hear(zone("notice", NOON_S + 210, Ladder.TAKE_SHELTER, zone_id="", tracks=()))
    newest, first = summaries(watch.register)
    assert "notice" in [m.what for m in moments(watch.register, newest.id)]
    assert (newest.step, newest.open) == (Ladder.CAUTION, True)
    assert (first.step, first.open) == (Ladder.TAKE_SHELTER, False)


def test_times_without_watch_stand_in_what_the_register_covers(watch):
    watch.hear(zone("step", NOON_S + 200, Ladder.NOT_WATCHING))
    watch.hear(zone("step", NOON_S + 300, Ladder.QUIET))
    answer = ask(watch.register, Question("order"))
    assert "In 1 spell zones were NOT WATCHING: north/hangars" in answer.covers
    [spell] = watch.register.unwatched
    assert (spell.from_s, spell.until_s) == (NOON_S + 200, NOON_S + 300)


def test_the_entries_rebuild_the_same_register(watch):
    watch.hear(alarm("raised", NOON_S + 7200, Ladder.CAUTION, site="south", alarm_id="A-1-2"))
    assert rebuild(watch.entries) == watch.register
    assert (
        len(list(rows_of(watch.register, type(incidents_in_order(watch.register)[0][2])))) == 2
    )


def test_a_watch_that_flaps_for_ever_stays_bounded(watch):
    for k in range(500):
        watch.hear(
            zone("step", NOON_S + 9000 + k, Ladder.MONITOR, site="south", zone_id="tower")
        )
    assert len(watch.register.waiting["@south"]) == 64
    assert watch.register.dropped == 500 - 64


def test_places_of_tracks_are_kept_from_their_first_picture_and_let_go_with_them():
    from dataclasses import dataclass

    from tocsin.model import TrackTable

    @dataclass
    class Picture:
        tracks: TrackTable
        identities: IdentityTable | None = None

    table = TrackTable.blank(2)
    table.track_id[:] = (1, 2)
    table.lat_deg[:] = (50.0, 51.0)
    first = {}
    keep_first_into(first, Picture(table))
    table.lat_deg[:] = (60.0, 61.0)
    keep_first_into(first, Picture(table.take(np.array([1]))))
    assert {track: place[1] for track, place in first.items()} == {2: 51.0}
