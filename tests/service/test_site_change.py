"""Another site file on the same data folder: what goes on, what ends, and no crash between."""

import itertools
import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from tests.service.harness import SITE
from tests.service.site_changes import (
    FAR_M,
    NEAR_M,
    ONLY_HANGAR,
    SPEED_MPS,
    T0_S,
    WITH_HANGAR,
    approach,
    quiet,
    running,
    start,
)

from tocsin import pipeline
from tocsin.cli import main
from tocsin.errors import SiteError
from tocsin.model import AlarmState, Ladder
from tocsin.record import first_bad
from tocsin.service import journal as j
from tocsin.service import site_files
from tocsin.service.following import journal_state
from tocsin.service.keyring import Keyring, find_keys
from tocsin.service.outbox import Outbox
from tocsin.service.people import People
from tocsin.service.playing import Player
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.site_files import SiteFile, digest_of

pytestmark = pytest.mark.jit


def first_watch(folder, seconds=14.0, south_m=FAR_M):
    with running(folder, T0_S, start(folder, T0_S, SITE)) as step:
        outcomes = approach(step, T0_S, seconds, south_m)
    (raised,) = [e for e in events(outcomes) if e.kind == "raised"]
    return raised.alarm_id


def events(outcomes):
    return [event for outcome in outcomes for event in outcome.alert_events]


def ledger(folder):
    return j.read_entries(folder / "data", limit=100_000)


def bodies(folder, kind):
    return [json.loads(e.body) for e in ledger(folder) if e.kind == kind]


def check_whole(folder):
    """One chain without a hole, and the journal from its first batch on gives it again."""
    entries, data = ledger(folder), folder / "data"
    assert [e.number for e in entries] == list(range(len(entries)))
    assert first_bad(entries) is None
    with find_keys(data) as keys:
        newest = pipeline.thaw(next(j.read_snapshots(data, keys=keys)).body)
        state = journal_state(data, j.read_header(data, keys=keys), keys)
        made = []
        for batch in j.read_batches(data, keys=keys):
            state, outcome = pipeline.step(state, batch)
            made += [(e.number, e.kind, e.body) for e in outcome.entries]
        assert made == [(e.number, e.kind, e.body) for e in entries[1:]]
        assert pipeline.outcome_digest(state) == pipeline.outcome_digest(newest)
        assert state.register == newest.register
        for snapshot in itertools.islice(j.read_snapshots(data, keys=keys), 4):
            state = pipeline.thaw(snapshot.body)
            for batch in j.read_batches(data, after=snapshot.number, keys=keys):
                state, _ = pipeline.step(state, batch)
            assert pipeline.outcome_digest(state) == pipeline.outcome_digest(newest)
        last = j.journal_files(data)[-1]  # a file can be played by itself
        state = journal_state(last, j.read_header(last, keys=keys), keys)
        for batch in j.read_batches(last, keys=keys):
            state, _ = pipeline.step(state, batch)
        assert pipeline.outcome_digest(state) == pipeline.outcome_digest(newest)
    born = [int(b["track"]) for b in bodies(folder, "track") if b["what"] == "confirmed"]
    assert born == sorted(set(born))


def test_an_alarm_of_a_zone_that_is_gone_ends_with_the_reason_and_the_new_zone_warns(tmp_path):
    alarm = first_watch(tmp_path)
    said = []
    watched = start(tmp_path, T0_S + 30, ONLY_HANGAR, said)
    assert said == [
        "The site file was changed: zone apron of north taken away; zone hangar of north added"
    ]
    (entry,) = bodies(tmp_path, "site")
    assert (entry["from"], entry["to"]) == (digest_of(SITE), digest_of(ONLY_HANGAR))
    assert entry["by"] == ""
    assert entry["carried"] == []
    assert entry["tracks_ended"] == 1
    assert entry["closed"] == [{"alarm": alarm, "why": "apron is no longer in the site file"}]
    last = bodies(tmp_path, "alert")[-2:]
    assert [(b["what"], b["zone"], b["alarm"]) for b in last] == [
        ("step", "apron", ""), ("closed", "", alarm),
    ]  # fmt: skip
    assert last[0]["step"] == Ladder.NOT_WATCHING
    with running(tmp_path, T0_S + 31, watched) as step:
        told = events(approach(step, T0_S + 40, 30, NEAR_M))
        assert [z.id for z in step.found.state.node.sites[0].zones] == ["hangar"]
    raised = [e for e in told if e.kind == "raised"]
    assert raised
    assert raised[0].alarm_id != alarm
    assert "hangar" in raised[0].text
    assert any(e.kind == "released" and e.zone_id == "hangar" for e in told)
    check_whole(tmp_path)
    header = j.read_header(j.journal_files(tmp_path / "data")[-1])
    assert (header.site, header.site_digest) == (ONLY_HANGAR, digest_of(ONLY_HANGAR))


def test_a_warning_that_stands_goes_on_where_its_zone_is_still_there(tmp_path):
    alarm = first_watch(tmp_path, 30.0, NEAR_M)
    moved = WITH_HANGAR.replace("radius_m = 900", "radius_m = 950")
    said = []
    watched = start(tmp_path, T0_S + 40, moved, said)
    assert "zone apron of north moved" in said[0]
    assert "zone hangar of north added" in said[0]
    with running(tmp_path, T0_S + 41, watched) as step:
        alert = step.found.state.alert
        apron, hangar = (watch.status for watch in alert.zones)
        assert (apron.step, apron.released_by) == (Ladder.TAKE_SHELTER, "automatic")
        assert hangar.step == Ladder.NOT_WATCHING
        (stands,) = [w.alarm for w in alert.alarms if w.alarm.id == alarm]
        assert stands.state == AlarmState.UNACKNOWLEDGED
        quiet(step, T0_S + 45, 20)
        assert step.found.state.alert.zones[0].status.step == Ladder.TAKE_SHELTER
    assert bodies(tmp_path, "site")[0]["carried"] == [alarm]
    check_whole(tmp_path)


def test_a_zone_in_which_people_shelter_is_not_taken_away_by_a_file(tmp_path):
    first_watch(tmp_path, 30.0, NEAR_M)
    before = len(ledger(tmp_path))
    said = []
    watched = start(tmp_path, T0_S + 40, ONLY_HANGAR, said)
    assert "give ALL CLEAR there first" in said[0]
    assert watched.text == SITE  # the watch is there, with what it had
    assert len(ledger(tmp_path)) == before
    assert start(tmp_path, T0_S + 50, WITH_HANGAR, said).text == WITH_HANGAR


@pytest.mark.parametrize(
    ("site", "says"),
    [
        (SITE.replace('name = "North field"', 'name = "North field"\nnumber = 7'), "number"),
        (SITE.replace('kind = "camera"', 'kind = "camera"\nnature = "exercise"'), "exercise"),
        (SITE.replace('listen = "http"', 'listen = "http"\nsecret = "not-there"')
         + '[[channel]]\nid = "siren"\nkind = "webhook"\nto = "http://127.0.0.1:1/"\n'
         'secret = "nobody-put-it"\n', "nobody-put-it"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_and_the_one_before_goes_on(tmp_path, site, says):
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        quiet(step, T0_S, 2)
    said = []
    assert start(tmp_path, T0_S + 5, site, said).text == SITE
    assert says in said[0]
    assert "goes on with the file before it" in said[0]
    assert bodies(tmp_path, "site") == []
    (tmp_path / "data" / "site-files" / "in-use.toml").unlink()
    with pytest.raises(SiteError, match="cannot take the place"):
        start(tmp_path, T0_S + 5, site)


def test_a_remark_alone_changes_nothing_but_the_digest(tmp_path):
    alarm = first_watch(tmp_path)
    said = []
    watched = start(tmp_path, T0_S + 21, SITE + "# seen to by the planner\n", said)
    assert said == ["The site file was changed: nothing that the watch reads"]
    (entry,) = bodies(tmp_path, "site")
    assert (entry["changes"], entry["tracks_ended"], entry["carried"]) == ([], 0, [alarm])
    with running(tmp_path, T0_S + 21, watched) as step:
        approach(step, T0_S + 21, 5, FAR_M - 21 * SPEED_MPS)
    assert len({b["track"] for b in bodies(tmp_path, "track")}) == 1  # the track goes on
    check_whole(tmp_path)


def test_a_zone_that_comes_again_is_said_to_be_watched_again(tmp_path):
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        quiet(step, T0_S, 3)
    for at_s, site in ((T0_S + 10, ONLY_HANGAR), (T0_S + 20, SITE)):
        with running(tmp_path, at_s, start(tmp_path, at_s, site)) as step:
            quiet(step, at_s, 3)
            register, _ = pipeline.register_of(step.found.state)
    spells = [u for u in register.unwatched if u.zone == "apron"]
    assert [u.until_s is None for u in spells] == [False]
    assert 10 <= spells[0].until_s - spells[0].from_s <= 12
    check_whole(tmp_path)


def test_warnings_that_no_channel_had_taken_are_counted_under_the_file_they_are_of(tmp_path):
    sent = SITE + '[[channel]]\nid = "out"\nkind = "cap"\nto = "file:out"\n'
    watched = start(tmp_path, T0_S, sent)
    Outbox(tmp_path / "data" / "outbox.sqlite", -1).close()
    with running(tmp_path, T0_S, watched) as step:  # and nobody takes what it commits
        approach(step, T0_S, 12, NEAR_M)
    start(tmp_path, T0_S + 20, WITH_HANGAR)
    box = Outbox(tmp_path / "data" / "outbox.sqlite", 10_000)
    assert box.counts("out")[0] == 1
    box.close()
    with closing(ServiceLedger(tmp_path / "data" / "service.sqlite")) as book:
        notes = [json.loads(e.body) for e in book.entries(after=-1, limit=100)
                 if e.kind == "site file taken up"]  # fmt: skip
    assert [note["undelivered"] for note in notes] == [{"out": 1}]


def test_whom_a_site_file_names_stands_under_a_pseudonym_in_journal_and_ledger(tmp_path):
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        quiet(step, T0_S, 2)
    serial, said = "MFG1A0123456789", []
    site = (
        SITE
        + f"""[[authorisation]]
declared_id = "{serial}"
owner = "base operations"
from = 2026-01-01T00:00:00Z
until = 2026-12-31T00:00:00Z
sites = ["north"]
"""
    )
    with running(tmp_path, T0_S + 10, start(tmp_path, T0_S + 10, site, said)) as step:
        quiet(step, T0_S + 10, 2)
        (flight,) = step.found.state.node.authorisations
        assert flight.declared_id != serial
    assert said == ["The site file was changed: authorisations changed"]
    assert start(tmp_path, T0_S + 20).text == site
    (entry,) = bodies(tmp_path, "site")
    assert serial not in json.dumps(entry)
    with find_keys(tmp_path / "data") as keys:
        frames = [f for b in j.read_batches(tmp_path / "data", keys=keys) for f in b.frames]
    assert not any(serial.encode() in frame.payload for frame in frames)
    check_whole(tmp_path)


def test_ids_of_tracks_and_alarms_do_not_come_again_over_many_changes(tmp_path):
    first_watch(tmp_path)
    sites = [WITH_HANGAR.replace("radius_m = 900", f"radius_m = {r}") for r in (900, 950)]
    for k, site in enumerate(sites, 1):
        at_s = T0_S + 100.0 * k
        with running(tmp_path, at_s, start(tmp_path, at_s, site)) as step:
            approach(step, at_s + 1, 12, FAR_M)
    raised = [b["alarm"] for b in bodies(tmp_path, "alert") if b["what"] == "raised"]
    assert len(raised) >= 3
    assert len(set(raised)) == len(raised)
    changed = bodies(tmp_path, "site")
    assert [(b["from"], b["to"]) for b in changed] == [
        (digest_of(SITE), digest_of(sites[0])), (digest_of(sites[0]), digest_of(sites[1])),
    ]  # fmt: skip
    check_whole(tmp_path)


def test_killed_at_any_statement_the_old_file_or_the_new_one_is_in_force(tmp_path, monkeypatch):
    folder = tmp_path / "watch"
    folder.mkdir()
    first_watch(folder, 12.0)
    images, known = [], set()

    def look(*_):
        """Keep the folder as a kill now would leave it."""
        found = tuple(
            (str(p), p.read_bytes()) for p in sorted(folder.rglob("*"))
            if p.is_file() and not p.name.endswith("-shm")
        )  # fmt: skip
        if hash(found) not in known:
            known.add(hash(found))
            images.append(tmp_path / f"image-{len(images)}")
            shutil.copytree(folder, images[-1], ignore=shutil.ignore_patterns("*-shm"))

    connect, write = sqlite3.connect, site_files._write

    def watched(*args, **more):
        db = connect(*args, **more)
        db.set_trace_callback(look)
        return db

    def seen(path, text):
        look()
        write(path, text)
        look()

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        patch.setattr(site_files, "_write", seen)
        start(folder, T0_S + 30, ONLY_HANGAR)
    look()
    committed = []
    for image in images:
        committed.append(len(bodies(image, "site")))
        watched_by = start(image, T0_S + 31)
        assert watched_by.text == ONLY_HANGAR
        assert len(bodies(image, "site")) == 1
        assert site_files.read_in_use(image / "data" / "site-files") == ONLY_HANGAR
        check_whole(image)
    assert committed == sorted(committed), "there is one commit point"
    assert 5 < committed.count(0) < len(images)


def test_a_version_that_was_chosen_is_used_until_the_file_is_changed_by_hand(tmp_path):
    lines, hangar = (text.replace("\n", "\r\n") for text in (SITE, WITH_HANGAR))
    with running(tmp_path, T0_S, start(tmp_path, T0_S, lines)) as step:
        quiet(step, T0_S, 2)
    file = SiteFile(tmp_path / "site.toml", tmp_path / "data" / "site-files", digest_of(lines))
    (file.versions / "0001.toml").write_text(lines)
    (file.versions / "0002.toml").write_text(hangar)
    with closing(Keyring.open(tmp_path / "data")) as keys:
        people = People(keys)
        book = ServiceLedger(tmp_path / "data" / "service.sqlite", people.staff)
        assert file.choose(digest_of(hangar), "planner-1", book) == 2
        book.close()
        people.flush()
    assert start(tmp_path, T0_S + 10).text == hangar
    (entry,) = bodies(tmp_path, "site")
    assert entry["by"]
    assert "planner" not in entry["by"]
    assert start(tmp_path, T0_S + 20).text == hangar  # and at each start after it
    by_hand = SITE.replace("radius_m = 900", "radius_m = 800")
    assert start(tmp_path, T0_S + 30, by_hand).text == by_hand
    assert len(bodies(tmp_path, "site")) == 2
    assert file.choice() is None


def test_verify_explain_report_and_replay_go_across_the_change(tmp_path, capsys):
    def words(*call):
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in call])
        assert not ended.value.code
        return capsys.readouterr().out

    data, held, package = tmp_path / "data", tmp_path / "held.txt", tmp_path / "node.zip"
    first_watch(tmp_path)
    before = "2026-09-21T13:33:35Z"  # 15 s after T0_S
    asked = ["record", "ask", "known", "--from", data, "--at", before]
    known = words(*asked).splitlines()[:-1]  # the last line says what the register covers
    words("record", "checkpoint", data, "--out", held, "--holder", "head office")
    watched = start(tmp_path, T0_S + 30, WITH_HANGAR)
    with running(tmp_path, T0_S + 31, watched) as step:
        approach(step, T0_S + 40, 20, NEAR_M)
    told = words("record", "verify", data, "--held", f"head office={held}")
    assert "unchanged since checkpoint" in told
    assert words(*asked).splitlines()[:-1] == known
    words("record", "export", data, "--out", package)
    assert "fit together" in words("record", "verify", package)
    incident = next(b["body"]["id"] for b in bodies(tmp_path, "incident") if "body" in b)
    words("report", incident, "--from", data, "--out", tmp_path / "report.html")
    assert incident in (tmp_path / "report.html").read_text()
    played = json.loads(words("replay", data, "--json").splitlines()[-1])
    with find_keys(data) as keys:
        state = pipeline.thaw(next(j.read_snapshots(data, keys=keys)).body)
    assert played["outcome_digest"] == pipeline.outcome_digest(state)
    for at_s in (T0_S + 10, T0_S + 50):
        told = json.loads(words("explain", "camera", at_s, "--from", data, "--json"))
        assert abs(told["arrival_s"] - at_s) <= 1.0


def test_looking_back_shows_each_time_on_its_own_map(tmp_path):
    first_watch(tmp_path)
    with running(tmp_path, T0_S + 31, start(tmp_path, T0_S + 30, ONLY_HANGAR)) as step:
        approach(step, T0_S + 31, 10, FAR_M)
    frames = []
    with find_keys(tmp_path / "data") as keys:
        player = Player(tmp_path / "data", keys, lambda kind, frame: frames.append(frame))

        def maps():
            """Return the zones of each map that was told, and of the newest zones."""
            told = [json.loads(f) for f in frames if f[:1] == b"{"]
            hellos = [m["node"]["sites"][0]["zones"] for m in told if m["type"] == "hello"]
            zones = [m["zones"] for m in told if m["type"] == "zones"]
            return [[z["id"] for z in zs] for zs in hellos], [z["zone_id"] for z in zones[-1]]

        player.go(T0_S + 10)
        assert maps() == ([["apron"]], ["apron"])
        player.rate, player._anchor = 1000.0, (0.0, T0_S + 10)
        while player.now_s < T0_S + 35:
            player.advance(1.0)
        assert maps() == ([["apron"], ["hangar"]], ["hangar"])
        player.go(T0_S + 8)
        assert maps()[1] == ["apron"]
        player.go(T0_S + 31.1)
        assert maps()[1] == ["hangar"]
