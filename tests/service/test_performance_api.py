"""What still stands is told of however long ago it began, and little of the journal is read."""

import json
import types

import pytest
from tests.service.test_journal import header

from tocsin.model import Alarm, AlarmCause, AlarmState, Entry, ZoneStatus
from tocsin.report import shift_page
from tocsin.service import _journal_read
from tocsin.service import journal as j
from tocsin.service.performance_api import _figures
from tocsin.service.scene import _blind, _raised

T_S, HOUR_S, DAY_S = 1_785_900_000.0, 3600.0, 86_400.0


def told(what, at_s, **more):
    body = {
        "what": what, "at_s": at_s, "site": "north", "zone": "", "alarm": "", "step": "",
        "tracks": [], "by": "", "text": "", "nature": "live", "facts": {}, **more,
    }  # fmt: skip
    return at_s, json.dumps(body).encode()


def journal_of(data, rows, hours):
    """Write a journal with a file for each hour; the entries lie where their time is."""
    entries = [
        Entry(n, "alert", at_s, body, bytes([n % 256]) * 32)
        for n, (at_s, body) in enumerate(rows)
    ]
    for k in range(hours):
        begun_s = T_S + k * HOUR_S
        mine = [e for e in entries if begun_s <= e.recorded_s < begun_s + HOUR_S]
        head = header(file=k + 1, opened_s=T_S, begun_s=begun_s)
        j.Journal.begin(data / "journal", head, j.Snapshot(0, begun_s, b"s", {}), mine).close()
    return entries


def hall_of(data, hours, raised, blind):
    site = types.SimpleNamespace(id="north", name="North")
    return types.SimpleNamespace(
        clock=types.SimpleNamespace(now_s=lambda: T_S + hours * HOUR_S), data=data,
        node=types.SimpleNamespace(sites=[site]),
        hub=types.SimpleNamespace(scene=types.SimpleNamespace(raised=raised, blind=blind)),
    )  # fmt: skip


LOST = "radar-1 is silent"
LONG_AGO = [
    told("step", T_S),
    told("raised", T_S + 10, alarm="A-1", step="NOT WATCHING", text=LOST),
    told("watch lost", T_S + 10, alarm="A-1", step="NOT WATCHING", text=LOST,
         facts={"since_s": T_S + 1}),
    told("raised", T_S + 10, alarm="A-2", step="CAUTION"),
    told("closed", T_S + HOUR_S, alarm="A-2", step="CAUTION"),
]  # fmt: skip


@pytest.mark.parametrize("hours", [13, 40, 72])
def test_what_is_open_and_what_is_blind_is_told_of_days_later(tmp_path, hours):
    journal_of(tmp_path, LONG_AGO, hours)
    hall = hall_of(tmp_path, hours, {"A-1": T_S + 10}, {"north": T_S + 10})
    entries, (found,) = _figures(hall, 12.0)
    assert (found.open, found.stale) == (1, int(hours > 25))
    assert found.not_watching_s == 12 * HOUR_S
    assert len({e.number for e in entries}) == len(entries)
    page = shift_page(entries, [found], title="x", site_names={"north": "North"}, nature="live")
    assert "up all the time" not in page
    assert "not watched since 2026-08-05 03:20:01Z: North" in page


def test_what_ended_long_ago_is_not_told_of(tmp_path):
    journal_of(tmp_path, LONG_AGO, 72)
    _, (found,) = _figures(hall_of(tmp_path, 72, {}, {}), 12.0)
    assert (found.open, found.not_watching_s) == (0, 0.0)


def test_a_time_is_found_in_the_right_files_and_few_are_opened(tmp_path, monkeypatch):
    rows = [told("step", T_S + k * 600.0) for k in range(6 * 100)]
    entries = journal_of(tmp_path, rows, 100)
    opened = []
    reader = _journal_read.jf.open_reader

    def counted(path):
        opened.append(path)
        return reader(path)

    monkeypatch.setattr(_journal_read.jf, "open_reader", counted)
    for from_s, to_s in [(T_S - 9, T_S - 1), (T_S - 9, T_S), (T_S + 3500, T_S + 7300),
                         (T_S + 99 * HOUR_S, T_S + 300 * HOUR_S)]:  # fmt: skip
        opened.clear()
        found = j.entries_between(tmp_path, "alert", from_s, to_s)
        assert found == [e for e in entries if from_s <= e.recorded_s <= to_s]
        assert len(opened) < 14
    assert j.entries_between(tmp_path, "identity", T_S, T_S + 9000) == []
    assert len(j.entries_between(tmp_path, "alert", T_S, T_S + 9000, limit=7)) == 7
    opened.clear()
    since_s = T_S + 90 * HOUR_S
    found = j.newest_of_kind(tmp_path, "alert", 10_000, since_s=since_s)
    assert found == [e for e in entries if e.recorded_s >= since_s]
    assert len(opened) < 14


def test_the_running_state_says_what_stands_and_since_when():
    def alarm(name, cause, raised_s, state=AlarmState.UNACKNOWLEDGED, site="north"):
        return Alarm(name, 0, site, "CAUTION", state, raised_s, (), (), "live", cause=cause)

    blind = AlarmCause.NOT_WATCHING
    picture = types.SimpleNamespace(
        alarms=(
            alarm("A-1", blind, 100.0), alarm("A-2", AlarmCause.TRACKS, 200.0),
            alarm("A-3", AlarmCause.TRACKS, 50.0, AlarmState.CLOSED),
            alarm("A-4", blind, 300.0, site="south"), alarm("A-5", blind, 400.0, site="west"),
        ),
        zones=(
            ZoneStatus(0, 0, "north", "a", unwatched_s=90.0),
            ZoneStatus(1, 0, "south", "a", unwatched_s=900.0), ZoneStatus(2, 0, "west", "a"),
        ),
    )  # fmt: skip
    assert _raised(picture) == {"A-1": 100.0, "A-2": 200.0, "A-4": 300.0, "A-5": 400.0}
    # South was watched again and lost again while its alarm stood; west is watched.
    assert _blind(picture) == {"north": 100.0, "south": 900.0}
