"""A disk that takes nothing: names are given, senses go on, and whoever asks hears why."""

import asyncio
import sqlite3
import time
from contextlib import contextmanager

import pytest
from tests.ports import free_port
from tests.service.fakes import FakePipeline
from tests.service.harness import service
from tests.service.test_blocks import DRONE, PLOTS
from tests.service.test_ingest import UDP, send_udp
from tests.service.test_journal import begin, written
from tests.service.test_people_api import with_people

from tocsin.service.addresses import parse_address
from tocsin.service.blocks import BlockSieve
from tocsin.service.clock import REAL
from tocsin.service.inbox import Inbox
from tocsin.service.journal import NoRoomError, Snapshot
from tocsin.service.keyring import Keyring
from tocsin.service.people import People
from tocsin.service.pseudonyms import Kind
from tocsin.service.radio import LOST, NOT_RENAMED
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.stream import Stream
from tocsin.service.subject import operators_of
from tocsin.service.udp import UdpReader

T0 = 1_790_035_200.0
SERIAL = b"MFG1A0123456789"
SENDER = bytes.fromhex("84cca8604324")


@contextmanager
def refusing(db):
    """Let a database take nothing, as where the disk is full."""
    db.execute("PRAGMA query_only=1")
    try:
        yield
    finally:
        db.execute("PRAGMA query_only=0")


def test_names_of_a_new_day_are_given_without_room_and_kept_once_there_is_some(tmp_path):
    people = People(Keyring.open(tmp_path))
    with refusing(people.keys.db):
        sender = people.name(Kind.TRANSMITTER, SENDER, T0).form.shown
        people.place(sender, {"lat": 48.2}, T0)
        shown = people.name(Kind.SERIAL, SERIAL, T0 + 1.0, transmitter=sender).form.shown
        people.flush()
        assert people.reveal(shown) == SERIAL.decode()
        assert people.keys.listed() == []
    people.flush()
    assert people.not_kept == 0
    assert [what for _, what, _ in people.keys.listed()] == ["people 2026-09-22"]
    assert people.name(Kind.SERIAL, SERIAL, T0 + 2.0).form.shown == shown
    people.keys.close()
    again = People(Keyring.open(tmp_path))
    assert again.reveal(shown) == SERIAL.decode()
    assert [place["lat"] for place in operators_of(again, shown)] == [48.2]
    again.keys.close()


def failing(error):
    def name_for(_name, _now_s):
        raise error

    return name_for


@pytest.mark.parametrize(
    ("error", "reason"),
    [(sqlite3.OperationalError("disk I/O error"), NOT_RENAMED), (RuntimeError("x"), LOST)],
)
def test_one_datagram_that_cannot_be_named_takes_no_other_along(error, reason):
    port, inbox = free_port(UDP), Inbox()
    sieve = BlockSieve("radar", name_for=failing(error))
    reader = UdpReader(
        parse_address(f"udp://127.0.0.1:{port}", "r"), "radar", inbox, REAL, sieve
    )
    send_udp(port, PLOTS, DRONE, PLOTS)
    assert reader._drain() == 3
    assert [one.payload for one in inbox.take(1.0)] == [PLOTS, PLOTS]
    assert sieve.counts() == {reason: 1}
    reader.release()


def test_one_piece_of_a_stream_that_cannot_be_taken_ends_no_connection():
    async def heard():
        inbox, sieve = Inbox(), BlockSieve("radar", name_for=failing(RuntimeError("x")))
        stream = Stream("radar", "path", inbox, REAL, sieve)
        for piece in (PLOTS, DRONE, PLOTS):
            stream.data_received(piece)
        return [one.payload for one in inbox.take(1.0)], sieve.counts()

    assert asyncio.run(heard()) == ([PLOTS, PLOTS], {LOST: 1})


def test_a_sign_in_that_finds_no_room_leaves_its_link_as_good_as_it_was(tmp_path):
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    ledger.set_user("ada", ["viewer"], by="start")
    token = ledger.new_link("ada", loopback=True)
    pages = ledger.db.execute("PRAGMA page_count").fetchone()[0]
    ledger.db.execute(f"PRAGMA max_page_count={pages}")
    full = 0
    for _ in range(200):
        try:
            ledger.note("fill", text="x" * 1000)
        except sqlite3.OperationalError:
            full += 1
    assert full
    with refusing(ledger.db), pytest.raises(sqlite3.OperationalError):
        ledger.enter(token, is_loopback=True)
    ledger.db.execute("PRAGMA max_page_count=100000")
    assert ledger.enter(token, is_loopback=True)
    kinds = [entry.kind for entry in ledger.entries(after=-1, limit=999)]
    assert kinds[-1] == "signed in"
    ledger.close()


def test_an_entry_that_finds_no_room_is_in_the_log_and_the_next_fits_the_chain(tmp_path):
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    with refusing(ledger.db):
        ledger.note_if_room("started", site="a")
    ledger.note("started", site="b")
    assert [entry.number for entry in ledger.entries(after=-1, limit=9)] == [0]
    ledger.close()


def test_a_watch_starts_and_ends_on_a_full_disk(tmp_path, monkeypatch):
    with_people(tmp_path, lambda *_: None, pipeline=FakePipeline())
    monkeypatch.setattr(ServiceLedger, "_append", refuse)

    async def go():
        async with service(tmp_path, signed_in=False, pipeline=FakePipeline()) as running:
            assert "token" not in running.said[0]
            assert not running.hall.engine.not_ready

    asyncio.run(go())


def refuse(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_the_page_says_that_the_disk_is_full_and_detections_of_drones_go_on(tmp_path):
    def check(client, _other, running):
        item = {"time_s": running.hall.clock.now_s(), "declared_id": "MFG1A0123456789"}
        with refusing(running.hall.people.keys.db):
            taken = client.post("/api/v1/detections", json=[item], headers=running.bearer())
        assert taken.status_code == 200, taken.text
        with refusing(running.hall.ledger.db):
            refused = client.post("/api/v1/users", json={"name": "bo", "roles": ["viewer"]})
        assert refused.status_code == 507, refused.text
        assert "free space" in refused.json()["error"]
        made = client.post("/api/v1/users", json={"name": "bo", "roles": ["viewer"]})
        assert made.status_code == 200, made.text

    with_people(tmp_path, check, pipeline=FakePipeline())


def test_a_data_folder_that_was_taken_away_is_noticed_and_answered(tmp_path):
    def check(client, _other, running):
        def post():
            item = {"time_s": running.hall.clock.now_s(), "azimuth_deg": 1.0}
            return client.post("/api/v1/detections", json=[item], headers=running.bearer())

        assert post().status_code == 200
        data = running.hall.data
        data.rename(data.with_name("away"))
        refused = post()
        assert (refused.status_code, "was taken away" in refused.text) == (507, True)
        assert client.get("/readyz").status_code == 503
        assert "was taken away" in client.get("/readyz").text
        assert not data.exists()
        data.with_name("away").rename(data)
        end = time.monotonic() + 30.0
        while post().status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert client.get("/readyz").status_code == 200

    with_people(tmp_path, check, pipeline=FakePipeline())


def test_a_journal_does_not_go_on_in_a_folder_that_another_took_the_place_of(tmp_path):
    journal = begin(tmp_path / "journal")
    journal.append([written(1, b"a")])
    (tmp_path / "journal").rename(tmp_path / "old")
    (tmp_path / "journal").mkdir()
    for attempt in (
        lambda: journal.append([written(2, b"b")]),
        lambda: journal.rotate(Snapshot(1, 1.0, b"s", {})),
        lambda: journal.put_aside(written(2, b"b").batch, "why"),
    ):
        with pytest.raises(NoRoomError, match="taken away"):
            attempt()
    assert list((tmp_path / "journal").iterdir()) == []
    journal.close()
