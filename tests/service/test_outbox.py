"""Warnings leave once: over real sockets, through kills, refusals and servers that are down."""

import asyncio
import json
import sqlite3
import time

import msgspec
import pytest
from tests.ports import free_port
from tests.service.desk import (
    Receiver,
    alert_entries,
    node_with,
    site_with,
    standing,
    until,
)
from tests.service.fakes import FakePipeline
from tests.service.harness import service

from tocsin.codec.cap import read_cap
from tocsin.errors import ServiceError
from tocsin.model import OFFICER, SIREN_PATHS, Channel, Entry, Nature, Outcome
from tocsin.record import Chain
from tocsin.service import sender as sender_module
from tocsin.service.handing_over import RefusedError, hand_over
from tocsin.service.journal import read_batches, read_entries
from tocsin.service.outbox import Outbox, Waiting
from tocsin.service.sender import Sender, open_sender

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quick")]


def test_a_warning_and_its_end_arrive_in_order_as_cap(run, receiver):
    made = run(node_with(receiver.url), alert_entries("proposed", "released", "cleared"))
    until(lambda: standing(made).delivered == 2)
    first, second = (read_cap(body) for _, _, body in receiver.calls)
    assert (first.msg_type, second.msg_type) == ("Alert", "Update")
    assert second.references[0][1] == first.identifier
    headers = receiver.calls[0][1]
    assert headers["Idempotency-Key"] == first.identifier
    assert headers["Content-Type"] == "application/cap+xml"
    status = standing(made)
    assert (status.queued, status.failed, status.oldest_waiting_s) == (0, 0, None)


def test_a_server_that_is_down_gets_it_when_it_is_up(run):
    port = free_port()
    made = run(node_with(f"http://127.0.0.1:{port}/"), alert_entries("released", "cleared"))
    until(lambda: "refused" in standing(made).last_error)
    assert standing(made).queued == 2
    assert standing(made).oldest_waiting_s >= 0
    up = Receiver(port)
    until(lambda: standing(made).delivered == 2)
    assert [read_cap(body).msg_type for _, _, body in up.calls] == ["Alert", "Update"]
    up.close()


def test_a_5xx_is_tried_again_and_the_end_does_not_overtake_it(run, receiver):
    receiver.answers = [503, 500, 429]
    made = run(node_with(receiver.url), alert_entries("released", "cleared"))
    until(lambda: standing(made).delivered == 2)
    kinds = [(status, read_cap(body).msg_type) for status, _, body in receiver.calls]
    assert kinds == [(503, "Alert"), (500, "Alert"), (429, "Alert"), (200, "Alert"),
                     (200, "Update")]  # fmt: skip


@pytest.mark.parametrize(("answers", "tries"), [([400], 1), ([302], 1), ([500] * 3, 3)])
def test_what_cannot_be_handed_over_becomes_a_dead_letter(
    run, receiver, monkeypatch, answers, tries
):
    monkeypatch.setattr(sender_module, "MAX_TRIES", 3)
    receiver.answers = list(answers)
    made = run(node_with(receiver.url), alert_entries("released"))
    until(lambda: standing(made).failed == 1)
    time.sleep(0.2)
    assert len(receiver.calls) == tries
    assert standing(made).queued == 0
    assert str(answers[-1]) in standing(made).last_error
    rows = made.ledger.db.execute("SELECT kind, body FROM entry").fetchall()
    assert [kind for kind, _ in rows] == ["not delivered"]
    assert json.loads(rows[0][1])["tries"] == tries


def test_a_death_before_delivery_and_one_after_it_give_the_message_once(
    run, receiver, tmp_path
):
    """The outbox is opened anew with the entries again, as recovery hands them in."""
    node, entries = node_with(receiver.url), alert_entries("released")
    before = Outbox(tmp_path / "outbox.sqlite", -1)
    assert before.take(entries, node, node.channels, time.time()) == 1
    before.close()  # died between commit and delivery
    made = run(node, entries)
    until(lambda: standing(made).delivered == 1)
    made.stop()
    # Died between delivery and the note of it: it is sent again under the same identifier.
    made.outbox._db.execute("UPDATE message SET state = 'queued'")
    again = run(node, entries)
    until(lambda: len(receiver.calls) == 2)
    until(lambda: standing(again).queued == 0)
    assert len(receiver.taken) == 1
    bodies = {body for _, _, body in receiver.calls}
    assert len(bodies) == 1


def test_a_new_warning_waits_behind_no_end_that_the_receiver_does_not_take(run, receiver):
    """And that end does not come after it: it would end the new one."""
    receiver.answers = [200] + [404] * 6
    made = run(node_with(receiver.url), alert_entries("released"))
    until(lambda: standing(made).delivered == 1)
    chain = Chain()
    entries = alert_entries("released", "cancelled", chain=chain)
    made.take(entries[1:])
    until(lambda: len(receiver.calls) >= 3)
    receiver.answers = []
    made.take(alert_entries("released", chain=chain))
    until(lambda: standing(made).delivered == 2)
    time.sleep(0.3)
    said = [(status, read_cap(body).msg_type) for status, _, body in receiver.calls]
    assert said[-1] == (200, "Alert")
    assert standing(made).queued == 0


def test_the_end_that_was_given_up_is_said_again_by_the_next(run, receiver):
    """A receiver that has the first warning would show it for ever: CAP gives it no expiry."""
    made = run(node_with(receiver.url), alert_entries("released"))
    until(lambda: standing(made).delivered == 1)
    receiver.answers = [404] * 1_000
    chain = Chain()
    made.take(alert_entries("released", "cancelled", chain=chain)[1:])
    until(lambda: len(receiver.calls) >= 2)
    made.take(alert_entries("released", chain=chain))
    until(lambda: standing(made).failed == 1)
    receiver.answers = []
    until(lambda: standing(made).delivered == 2)
    made.take(alert_entries("cleared", chain=chain))
    until(lambda: standing(made).delivered == 3)
    said = [read_cap(body) for body in receiver.taken.values()]
    warned = [alert.identifier for alert in said if alert.msg_type == "Alert"]
    assert [identifier for _, identifier, _ in said[-1].references] == warned[::-1]
    made.take(alert_entries("released", "cleared", chain=chain))
    until(lambda: standing(made).delivered == 5)
    assert len(read_cap([*receiver.taken.values()][-1]).references) == 1, "it is said once"


def test_a_real_warning_leaves_by_the_real_channel_though_an_exercise_stands(tmp_path):
    outbox, chain = Outbox(tmp_path / "outbox.sqlite", -1), Chain()
    node = node_with("file:out", 'natures = ["live"]')
    drill = alert_entries("released", chain=chain, nature="exercise")
    assert outbox.take(drill, node, node.channels, 0.0) == 0
    assert outbox.take(alert_entries("released", chain=chain), node, node.channels, 0.0) == 1
    outbox.close()


def test_two_who_hang_do_not_keep_the_others_waiting(tmp_path):
    node, entries = node_with("file:out"), alert_entries("released")
    outbox = Outbox(tmp_path / "outbox.sqlite", -1)
    outbox.take(entries, node, node.channels, 0.0)
    for whom in "bcde":
        outbox._db.execute(
            "INSERT INTO message SELECT NULL, channel, identifier || ?, kind, place || ?, "
            "media, body, created_s, state, tries, next_s, done_s, error FROM message LIMIT 1",
            (whom, f"/{whom}"),
        )
    asked, now_s = [], 1.0
    for _ in range(9):
        message = outbox.due("desk", now_s)
        asked.append(message.number)
        now_s += 10.0  # each hangs for ten seconds, so the first is due again
        outbox.put_off("desk", message.number, "timed out", now_s + 1.0)
    assert sorted(asked[:5]) == sorted(set(asked))
    outbox.close()


def test_with_a_full_disk_a_message_is_tried_again_all_the_same(run, receiver, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Outbox, "put_off", full)
    receiver.answers = [503, 503]
    made = run(node_with(receiver.url), alert_entries("released"))
    until(lambda: standing(made).delivered == 1)
    assert [status for status, _, _ in receiver.calls] == [503, 503, 200]


def test_entries_that_were_looked_at_queue_nothing_again(tmp_path):
    node, entries = node_with("file:out"), alert_entries("released", "cleared")
    outbox = Outbox(tmp_path / "outbox.sqlite", -1)
    assert outbox.take(entries, node, node.channels, 0.0) == 2
    assert outbox.take(entries, node, node.channels, 0.0) == 0
    outbox.close()
    reopened = Outbox(tmp_path / "outbox.sqlite", entries[-1].number)
    assert reopened.take(entries, node, node.channels, 0.0) == 0
    reopened.close()
    put_back = Outbox(tmp_path / "outbox.sqlite", 0)  # an older copy of the journal
    assert put_back.mark() == 0
    put_back.close()


def test_an_outbox_that_is_new_to_an_old_journal_sends_nothing_old(tmp_path):
    node, entries = node_with("file:out"), alert_entries("released", "cleared")
    outbox = Outbox(tmp_path / "outbox.sqlite", entries[-1].number)
    assert outbox.take(entries, node, node.channels, 0.0) == 0
    outbox.close()


def test_a_refused_disk_leaves_nothing_half_done(tmp_path):
    node, entries = node_with("file:out"), alert_entries("released", "cleared")
    outbox = Outbox(tmp_path / "outbox.sqlite", -1)
    broken = Entry(entries[1].number, "alert", 0.0, b"{", bytes(32))
    with pytest.raises(ValueError, match="line 1"):
        outbox.take([entries[0], broken], node, node.channels, 0.0)
    assert outbox.mark() == -1
    assert outbox.counts("desk")[0] == 0
    outbox.close()


def test_a_channel_carries_its_sites_and_natures_only(tmp_path):
    outbox = Outbox(tmp_path / "outbox.sqlite", -1)
    chain = Chain()
    for nature in Nature.ALL:
        node = node_with("file:out", 'natures = ["exercise"]')
        entries = alert_entries("released", "cleared", chain=chain, nature=nature)
        expected = 2 if nature == "exercise" else 0
        assert outbox.take(entries, node, node.channels, 0.0) == expected
    outbox.close()


def test_a_limit_makes_the_next_one_wait(run, receiver):
    made = run(
        node_with(receiver.url).__class__(
            **{
                f: getattr(node_with(receiver.url), f)
                for f in node_with(receiver.url).__dataclass_fields__
                if f != "channels"
            },
            channels=(Channel("desk", "cap", receiver.url, per_second=1e-3),),
        ),
        alert_entries("released", "cleared"),
    )
    until(lambda: standing(made).delivered == 1)
    assert standing(made).queued == 1
    assert len(receiver.calls) == 1


def test_a_folder_gets_one_file_a_message_and_no_parts(run, tmp_path):
    made = run(node_with("file:out"), alert_entries("released", "cleared"))
    until(lambda: standing(made).delivered == 2)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert len(names) == 2
    for name in names:
        assert read_cap((tmp_path / "out" / name).read_bytes()).identifier + ".xml" == name
    (tmp_path / "out" / names[0]).write_bytes(b"taken")  # what is there was delivered
    hand_over(
        Waiting(1, names[0][:-4], "", "", b"new", 0.0, 0),
        Channel("c", "cap", "file:out"),
        tmp_path,
        "",
    )
    assert (tmp_path / "out" / names[0]).read_bytes() == b"taken"


def test_a_folder_that_cannot_be_made_is_tried_again(run, tmp_path):
    (tmp_path / "out").write_text("a file")
    made = run(node_with("file:out"), alert_entries("released"))
    until(lambda: "FileExistsError" in standing(made).last_error)
    (tmp_path / "out").unlink()
    until(lambda: standing(made).delivered == 1)


def test_where_nothing_is_live_no_channel_but_a_near_one_opens(run, tmp_path):
    made = run(node_with("https://example.org/", nature="simulated"), alert_entries("released"))
    assert made.open_channels == []
    until(lambda: made.outbox.mark() == 0)
    assert standing(made).queued == 0
    assert "nothing leaves this machine" in standing(made).closed
    near = node_with("file:out", 'natures = ["simulated"]', "simulated")
    assert len(Sender(near, tmp_path, made.outbox, made.ledger, {}).open_channels) == 1


def test_a_secret_is_borne_and_a_missing_one_is_said(receiver, tmp_path):
    node = node_with(receiver.url, 'secret = "desk-token"')
    with pytest.raises(ServiceError, match="desk-token"):
        open_sender(node, tmp_path, None)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "desk-token").write_text("abc123\n")
    made = open_sender(node, tmp_path, None)
    made.outbox.close()
    hand_over(
        Waiting(1, "m", "", "text/xml", b"x", 0.0, 0),
        Channel("c", "cap", receiver.url),
        tmp_path,
        "abc123",
    )
    assert made.tokens == {"desk": "abc123"}
    assert receiver.calls[0][1]["Authorization"] == "Bearer abc123"
    receiver.answers = [413]
    with pytest.raises(RefusedError, match="413"):
        hand_over(
            Waiting(1, "m", "", "", b"x", 0.0, 0),
            Channel("c", "cap", receiver.url),
            tmp_path,
            "",
        )


class Releasing(FakePipeline):
    """Every post is a release in the ledger; an act too, the service's own news are none."""

    def step(self, state, batch):
        state, outcome = super().step(state, batch)
        sources = [f.source for f in batch.frames if f.source != SIREN_PATHS]
        if not sources:
            return state, outcome
        chain = Chain(outcome.entries[0].number, bytes([sources[0] == OFFICER] * 32))
        entries = tuple(alert_entries("released", chain=chain))
        fields = {f: getattr(outcome, f) for f in Outcome.__dataclass_fields__}
        return state, Outcome(**{**fields, "entries": entries})


DETECTIONS = msgspec.json.encode(
    {"sensor": "camera", "scan": {"start_s": 1.7e9, "end_s": 1.7e9 + 1}, "detections": []}
)


async def test_the_service_sends_after_the_commit_and_restart_and_replay_send_nothing(
    tmp_path, receiver
):
    site = site_with(receiver.url)
    async with service(tmp_path, site=site, pipeline=Releasing()) as running:
        answer = await running.client.post(
            "/api/v1/detections", content=DETECTIONS, headers=running.bearer()
        )
        assert answer.status_code == 200
        await running.until(lambda: len(receiver.calls) == 1)
        await running.until(lambda: standing(running.hall.sender).delivered == 1)
        status = (await running.client.get("/api/v1/status")).json()["channels"]
        assert [(c["id"], c["delivered"], c["queued"]) for c in status] == [("desk", 1, 0)]
        text = (await running.client.get("/metrics")).text
        assert 'tocsin_warnings_delivered_total{channel="desk"} 1.0' in text
    async with service(tmp_path, site=site, pipeline=Releasing()) as running:
        await asyncio.sleep(0.5)
        assert standing(running.hall.sender).delivered == 1
    data = tmp_path / "data"
    assert list(read_batches(data))
    assert any(e.kind == "alert" for e in read_entries(data))
    assert len(receiver.calls) == 1


async def test_what_was_committed_and_never_reached_the_outbox_leaves_after_a_restart(
    tmp_path, receiver
):
    site = site_with(receiver.url)
    async with service(tmp_path, site=site, pipeline=Releasing()) as running:
        running.hall.engine._after_commit = lambda _: None  # it dies right after the commit
        await running.client.post(
            "/api/v1/detections", content=DETECTIONS, headers=running.bearer()
        )
    assert receiver.calls == []
    async with service(tmp_path, site=site, pipeline=Releasing()) as running:
        await running.until(lambda: len(receiver.taken) == 1)
