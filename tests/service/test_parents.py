"""The line to a parent fusion node, on real sockets: a parent that the test plays."""

import asyncio
import itertools
import json
import ssl
import time

import pytest
from tests.ports import free_port
from tests.service.certificates import certificate
from tests.service.desk import alert_entries
from tests.service.harness import SITE
from tests.service.region import CHANNEL, CHILD, PARENT, M, Region, child_of, until

from tocsin.cli.conform import Options, conform
from tocsin.codec.sapient import answers, frame, is_ulid, is_uuid, ulid
from tocsin.codec.sapient.reports import seconds_of
from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError
from tocsin.record import Chain
from tocsin.service import sender
from tocsin.service.handing_over import RefusedError
from tocsin.service.lines import as_one
from tocsin.service.outbox import Outbox
from tocsin.service.parents import open_parents
from tocsin.service.service_ledger import ServiceLedger


def test_a_child_registers_tells_its_tracks_and_that_they_ended_and_says_goodbye(tmp_path):
    async def go():
        async with Region.open() as region:
            async with child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown:
                talk = await region.next()
                said = (await talk.accept()).registration
                assert [d.node_type for d in said.node_definition] == [20]  # FUSION_NODE
                assert len(said.reporting_region) == 1
                (source,) = said.dependent_nodes
                assert is_uuid(source)
                status = await talk.kind("status_report")
                assert status.info == M.StatusReport.INFO_NEW
                first = [await talk.kind("detection_report") for _ in range(2)]
                assert len({one.object_id for one in first}) == 2
                for one in first:
                    assert [d.node_id for d in one.derived_detection] == [source]
                    assert all(is_ulid(d.object_id) for d in one.derived_detection)
                    assert 33.8 < one.location.y < 34.0
                shown.ids = [18]
                lost = await talk.kind("detection_report", lambda d: d.state == "lost")
                assert lost.object_id in {one.object_id for one in first}
                (other,) = {one.object_id for one in first} - {lost.object_id}
                later = [await talk.kind("detection_report") for _ in range(3)]
                assert {d.object_id for d in later if d.state != "lost"} == {other}
                await until(lambda: shown.parent.line.delivered >= 5)
            last = await talk.until(
                lambda m: m.status_report.system == M.StatusReport.SYSTEM_GOODBYE
            )
            assert await talk.receive() is None
            assert last is talk.heard[-1]
            stamps = [seconds_of(m.timestamp) for m in talk.heard]
            assert stamps == sorted(stamps)
            seen = sorted(
                {seconds_of(m.timestamp) for m in talk.heard if m.HasField("detection_report")}
            )
            assert all(b - a >= 0.08 for a, b in itertools.pairwise(seen))
            assert {m.node_id for m in talk.heard} == {CHILD}

    asyncio.run(go())


def test_after_a_loss_it_registers_anew_and_an_object_keeps_its_id(tmp_path):
    async def go():
        async with Region.open() as region:
            port = region.port
            async with child_of(tmp_path, f"tcp://127.0.0.1:{port}") as shown:
                talk = await region.next()
                await talk.accept()
                before = {(await talk.kind("detection_report")).object_id for _ in range(2)}
                talk.writer.transport.abort()
                shown.ids = [17, 19]
                talk = await region.next()
                await talk.accept()
                lost = await talk.kind("detection_report", lambda d: d.state == "lost")
                assert lost.object_id in before  # it ended while nobody heard
                after = {
                    (await talk.kind("detection_report", lambda d: not d.state)).object_id
                    for _ in range(4)
                }
                assert len(after) == 2
                assert len(after & before) == 1
        async with child_of(tmp_path, f"tcp://127.0.0.1:{port}") as shown:
            await until(lambda: shown.parent.line.failed >= 2)
            assert "ConnectionRefused" in shown.parent.line.error
            async with Region.open(port) as region:
                talk = await region.next()  # a program that starts anew gives the same ids
                await talk.accept()
                again = {(await talk.kind("detection_report")).object_id for _ in range(2)}
                assert again == before

    asyncio.run(go())


def test_a_parent_that_refuses_is_asked_again_and_why_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("tocsin.service.parents.REFUSED_S", (0.2, 0.2))

    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            for _ in range(3):
                talk = await region.next()
                first = await talk.receive()
                ack = answers.registration_ack(
                    PARENT, first.node_id, time.time(), ("nobody has named you",)
                )
                talk.say(ack)
                assert await talk.receive() is None  # it hangs up, and has told nothing
            await until(lambda: "nobody has named you" in shown.feeds.status()[0].last_error)
            talk = await region.next()
            await talk.accept()
            await talk.kind("detection_report")
            await until(lambda: shown.feeds.status()[0].last_error == "")

    asyncio.run(go())


def test_a_task_of_the_parent_is_rejected_noted_and_goes_nowhere(tmp_path):
    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            talk = await region.next()
            first = await talk.accept()
            for number, (field, value) in enumerate(
                [("look_at", None), ("request", "Fire"), ("follow", None)]
            ):
                message = M.SapientMessage(node_id=PARENT, destination_id=first.node_id)
                message.timestamp.GetCurrentTime()
                message.task.task_id, message.task.control = ulid(time.time(), number), 1
                if value is None:
                    getattr(message.task.command, field).SetInParent()
                else:
                    setattr(message.task.command, field, value)
                talk.say(frame(message.SerializeToString()))
                ack = await talk.kind("task_ack")
                assert ack.task_id == message.task.task_id
                assert ack.task_status == M.TaskAck.TASK_STATUS_REJECTED
                assert "takes no tasks" in ack.reason[0]
            await until(
                lambda: "follow: refused (3 so far)" in shown.feeds.status()[0].last_error
            )
            assert shown.noted[0][0] == "task refused"  # noted before it is answered
            assert shown.noted[0][1]["what"] == "look at"
            await talk.kind("detection_report")  # and it goes on
            kinds = {m.WhichOneof("content") for m in talk.heard}
            assert kinds <= {"registration", "status_report", "detection_report", "task_ack"}

    asyncio.run(go())


def test_pictures_of_a_watch_that_lags_are_not_told_too_close_to_each_other(tmp_path):
    began_s, count = time.time(), itertools.count()

    def slowly():
        return began_s + 60.0 + 0.015 * next(count)  # 0.1 s of the machine later each

    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            shown.time_s = slowly
            talk = await region.next()
            await talk.accept()
            stamps = set()
            while len(stamps) < 4:
                message = await talk.until(lambda m: m.HasField("detection_report"))
                stamps.add(seconds_of(message.timestamp))
            assert all(b - a >= 0.08 for a, b in itertools.pairwise(sorted(stamps)))

    asyncio.run(go())


def alert_of(talk, status):
    word = M.Alert.AlertStatus.Value(f"ALERT_STATUS_{status}")
    return talk.kind("alert", lambda alert: alert.status == word)


def test_a_warning_is_told_until_it_is_acknowledged_and_its_end_bears_its_id(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tocsin.service.parents.ALERT_S", 1.0)
    monkeypatch.setattr(sender, "BACK_OFF_S", (0.05,))
    monkeypatch.setattr(sender, "read_entries", lambda *_, **__: [])

    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            ledger = ServiceLedger(tmp_path / "service.sqlite")
            outbox = Outbox(tmp_path / "outbox.sqlite", -1)
            made = sender.Sender(
                shown.node, tmp_path, outbox, ledger, {}, {"region": shown.parent}
            )
            made.start()
            try:
                await acknowledged(region, shown, made)
            finally:
                await asyncio.to_thread(made.stop)
                outbox.close()
                ledger.close()

    async def acknowledged(region, shown, made):
        chain = Chain()
        made.take(alert_entries("released", chain=chain))  # nobody has called yet
        await until(lambda: made.status()[0].last_error)
        assert made.status()[0].queued == 1
        assert made.sirens() == []  # a parent sounds no siren
        talk = await region.next()
        await talk.accept()
        first = await alert_of(talk, "ACTIVE")
        again = await alert_of(talk, "ACTIVE")  # for it was not acknowledged
        assert first == again
        assert first.alert_type == M.Alert.ALERT_TYPE_WARNING
        assert first.description.startswith("TAKE SHELTER: apron")
        assert (round(first.location.y, 2), round(first.location.x, 2)) == (48.0, 11.0)
        for _ in range(2):  # each telling is answered
            talk.say(answers.alert_ack(PARENT, CHILD, time.time(), first.alert_id))
        await until(lambda: made.status()[0].delivered == 1)
        made.take(alert_entries("cleared", chain=chain))
        end = await alert_of(talk, "CLEAR")
        assert end.alert_id == first.alert_id
        refusal = M.SapientMessage(node_id=PARENT)
        refusal.timestamp.GetCurrentTime()
        refusal.alert_ack.alert_id = end.alert_id
        refusal.alert_ack.alert_ack_status = M.AlertAck.ALERT_ACK_STATUS_REJECTED
        refusal.alert_ack.reason.append("not now")
        talk.say(frame(refusal.SerializeToString()))
        await until(lambda: made.status()[0].failed == 1)
        assert "not now" in made.status()[0].last_error
        (one,) = as_one([*made.status(), *shown.feeds.status()])
        assert one.id == "region"
        assert one.delivered > 1

    asyncio.run(go())


@pytest.mark.parametrize("second", ["ACCEPTED", "REJECTED", "none"])
def test_an_answer_to_a_warning_that_was_told_twice_is_not_taken_for_its_ends(
    tmp_path, monkeypatch, second
):
    """The parent is slower than we wait, and answers the end only when it is told once more;
    or it answers a warning once, however often it is told.
    """
    monkeypatch.setattr("tocsin.service.parents.ALERT_S", 0.5)
    if second == "none":
        monkeypatch.setattr("tocsin.service.parents.LATE_S", 0.5)

    async def go():
        async with (
            Region.open() as region,
            child_of(tmp_path, f"tcp://127.0.0.1:{region.port}") as shown,
        ):
            talk = await region.next()
            await talk.accept()
            await until(shown.parent._is_registered.is_set)
            tellings = {word: body_of(word) for word in ("ACTIVE", "CLEAR")}

            def tell(word):
                return asyncio.ensure_future(
                    asyncio.to_thread(shown.parent.alert, tellings[word])
                )

            def answer(status, why=()):
                said = M.SapientMessage(node_id=PARENT)
                said.timestamp.GetCurrentTime()
                said.alert_ack.alert_id = ALERT_ID
                word = f"ALERT_ACK_STATUS_{status}"
                said.alert_ack.alert_ack_status = M.AlertAck.AlertAckStatus.Value(word)
                said.alert_ack.reason.extend(why)
                talk.say(frame(said.SerializeToString()))

            with pytest.raises(TimeoutError):
                await tell("ACTIVE")
            again = tell("ACTIVE")
            for _ in range(2):
                await alert_of(talk, "ACTIVE")
            answer("ACCEPTED")
            await again
            if second == "none":
                await asyncio.sleep(0.6)
                end = tell("CLEAR")
                await alert_of(talk, "CLEAR")
                answer("ACCEPTED")
                await end
                return
            end = tell("CLEAR")
            await alert_of(talk, "CLEAR")
            answer(second, ["known"] if second == "REJECTED" else [])
            with pytest.raises(TimeoutError):
                await end
            end = tell("CLEAR")
            await alert_of(talk, "CLEAR")
            answer("REJECTED", ["not now"])
            with pytest.raises(RefusedError, match="not now"):
                await end

    asyncio.run(go())


ALERT_ID = ulid(1.7e9, 1)


def body_of(status):
    """A warning, or its end, as it waits in the outbox."""
    said = {"alertId": ALERT_ID, "status": f"ALERT_STATUS_{status}", "description": "x"}
    return json.dumps({"alert": said | {"alertType": "ALERT_TYPE_WARNING"}}).encode()


def test_by_tls_only_if_both_sides_are_who_they_say(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    authority = certificate(folder, "authority", is_authority=True)
    for name in ("server", "tocsin"):
        certificate(folder, name, authority)
    certificate(folder, "stranger", is_authority=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    context.load_verify_locations(folder / "authority.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    more = 'tls = "tocsin"\ntls_authority = "{}"\n'

    async def go():
        async with Region.open(context=context) as region:
            to = f"tls://localhost:{region.port}"
            async with child_of(tmp_path, to, more.format("stranger")) as shown:
                await until(lambda: "certificate" in shown.parent.line.error.lower())
            async with child_of(tmp_path, to, more.format("authority")):
                talk = await region.next()
                await talk.accept()
                await talk.kind("detection_report")
                ending = asyncio.ensure_future(
                    talk.kind("status_report", lambda s: s.system == 5)  # GOODBYE
                )
            assert await ending

    asyncio.run(go())
    text = SITE + CHANNEL.format(to="tls://localhost:1") + more.format("nobody")
    with pytest.raises(ServiceError, match="nobody"):
        open_parents(read_site(text.encode(), "site.toml"), tmp_path, time.time, print)


@pytest.mark.realtime
def test_the_conformance_kit_finds_no_fault(tmp_path, monkeypatch):
    for module in ("codec.sapient.child", "codec.outgoing_upward"):
        monkeypatch.setattr(f"tocsin.{module}.STATUS_S", 1.0)

    async def go():
        port = free_port()
        options = Options("127.0.0.1", port, role="edge", is_listening=True, watch_s=5.0)
        testing = asyncio.ensure_future(conform(options))
        async with child_of(tmp_path, f"tcp://127.0.0.1:{port}"):
            return {f.clause.id: (f.verdict, f.why) for f in await testing}

    found = asyncio.run(go())
    assert {name for name, (verdict, _) in found.items() if verdict == "fail"} == set(), found
    # It tracks, so that ids come again; it is no sensor, so that it is asked for nothing.
    assert {n for n, (verdict, _) in found.items() if verdict != "pass"} == {"E15", "E17"}
