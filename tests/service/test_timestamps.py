"""Checkpoints stamped by an authority (RFC 3161); openssl signs, and is the judge."""

import asyncio
import contextlib
import hashlib
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ports import free_port
from tests.service.authority import (
    Authority,
    Server,
    drip,
    imprint_in,
    openssl,
    tls_context,
    until,
)
from tests.service.certificates import certificate
from tests.service.harness import SITE, service
from tests.service.test_peers import Site

from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError, SiteError
from tocsin.model import Node, Sensor, TimeAuthority
from tocsin.record.verifier import check_package, read_package, stamp_of
from tocsin.service import stamp_book, timestamping
from tocsin.service.checkpoint_book import CheckpointBook
from tocsin.service.notary import BOOK, open_notary
from tocsin.service.packages import write_evidence, write_ledger
from tocsin.service.stamp_book import keep_stamp, stamps
from tocsin.service.stamps import (
    StampError,
    check_signature,
    check_stamp,
    read_roots,
    request_of,
)
from tocsin.service.timestamping import open_stampers


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "stranger")


@pytest.fixture
def site(tmp_path, tsa):
    (tmp_path / "a").mkdir()
    made = Site(tmp_path / "a")
    (made.data / "secrets" / "root.crt").write_bytes(tsa.root.read_bytes())
    made.write(name="AP")
    yield made
    made.book.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(timestamping, "LOOK_S", 0.01)
    monkeypatch.setattr(timestamping, "BACK_OFF_S", (0.01, 0.02))


def kept(site):
    book = CheckpointBook(site.data / BOOK)
    try:
        return stamps(book)
    finally:
        book.close()


@contextlib.contextmanager
def stamping(site, to, *, now_s=None, certificate="root", sensors=(), **more):
    authority = TimeAuthority("state", to, certificate, **more)
    node = Node(time_authorities=(authority,), sensors=sensors)
    stampers = open_stampers(node, site.data, now_s or (lambda: site.desk.now_s))
    stampers.start()
    try:
        yield lambda: stampers.status()[0]
    finally:
        stampers.stop(60.0)


def honest(tsa):
    return lambda request: (200, tsa.reply(request))


def test_the_newest_checkpoint_is_stamped_and_openssl_agrees_with_all_that_is_said(site, tsa):
    point, _ = site.sign()
    with Server(honest(tsa)) as server, stamping(site, server.url) as status:
        until(lambda: status().stamped)
        now = status()
    assert (now.checkpoint, now.last_error, now.failed, now.checked) == (
        point.size,
        "",
        {},
        True,
    )
    [(kind, request)] = server.seen
    assert kind == "application/timestamp-query"
    [stamp] = kept(site)
    asked, answered = tsa.shown("query", request), tsa.shown("reply", stamp.answer)
    wanted = hashlib.sha256(stamp.note.encode()).hexdigest()
    assert imprint_in(asked) == imprint_in(answered) == wanted
    assert "Hash Algorithm: sha256" in asked
    assert "Certificate required: yes" in asked
    assert "Nonce: 0x" in asked
    said = stamp_of(stamp.answer)
    assert f"Serial number: 0x{said.serial:02X}" in answered
    assert said.at == now.at
    day, time = now.at[:-1].split("T")
    assert f"{time} {day[:4]} GMT" in answered


def far_from(data):
    return lambda tsa, _, __: (200, tsa.reply(tsa.query(data=data)))


def another_nonce(tsa, _, request):
    return 200, tsa.reply(tsa.query(digest=imprint_in(tsa.shown("query", request))))


BAD = {
    "refused": lambda tsa, _, request: (200, tsa.reply(request, "strict")),
    "other nonce": another_nonce,
    "other imprint": far_from(b"another ledger"),
    "signature": lambda _, stranger, request: (200, stranger.reply(request)),
    "no stamp": lambda *_: (200, b"<html>Welcome</html>"),
    "too long": lambda *_: (200, b"\x30\x84\x00\x10\x00\x00" + bytes(1 << 20)),
    "http 503": lambda *_: (503, b"later"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_answer_is_counted_with_its_reason_and_a_good_one_later_is_kept(
    site, tsa, stranger, reason
):
    site.sign()
    with (
        Server(lambda r: BAD[reason](tsa, stranger, r)) as server,
        stamping(site, server.url) as status,
    ):
        until(lambda: status().failed.get(reason, 0) >= 2)
        assert set(status().failed) == {reason}
        assert status().last_error
        assert kept(site) == []
        server.play = honest(tsa)
        until(lambda: status().stamped)
        assert status().last_error == ""
    assert len(kept(site)) == 1


@pytest.mark.parametrize("how", ["mute", "dripping"])
def test_an_authority_that_takes_too_long_holds_up_nothing_but_its_own_thread(
    site, tsa, how, monkeypatch
):
    monkeypatch.setattr("tocsin.service.handing_over.TIMEOUT_S", 0.2 if how == "mute" else 60.0)
    monkeypatch.setattr("tocsin.service.handing_over.WHOLE_S", 0.2 if how != "mute" else 60.0)
    site.sign()
    server = Server(None)
    server.play = lambda _: None if how == "mute" else (200, drip(server.over))
    with server, stamping(site, server.url) as status:
        until(lambda: status().failed.get("timed out", 0) >= 1)
        assert status().stamped == 0


def test_an_authority_that_was_away_stamps_the_newest_when_it_is_back_and_nothing_piles_up(
    site, tsa
):
    port = free_port()
    site.sign()
    with stamping(site, f"http://localhost:{port}/tsr", every_s=60.0) as status:
        until(lambda: status().failed.get("not reached", 0) >= 2)
        for k in range(3):
            site.write(name=f"agency {k}")
            newest, _ = site.sign()
        with Server(honest(tsa), port) as server:
            until(lambda: status().stamped)
            assert len(server.seen) == 1
    assert [s.checkpoint for s in kept(site)] == [newest]


def test_one_every_so_often_is_stamped_also_by_a_service_that_was_started_anew(site, tsa):
    clock = [site.desk.now_s]
    first, _ = site.sign()
    with Server(honest(tsa)) as server:
        with stamping(site, server.url, now_s=lambda: clock[0]) as status:
            until(lambda: status().stamped)
        site.write(name="Reuters")
        second, _ = site.sign()
        for wait_s, count in ((3599.0, 1), (1.0, 2)):
            clock[0] += wait_s
            with stamping(site, server.url, now_s=lambda: clock[0]) as status:
                until(lambda: status().checkpoint is not None)
                until(lambda n=count: len(kept(site)) == n)
            assert len(server.seen) == count
    assert [s.checkpoint for s in kept(site)] == [first, second]


def test_a_request_without_a_nonce_is_answered_too_and_no_certificate_checks_no_signature(
    site, tsa, stranger
):
    site.sign()
    with (
        Server(honest(stranger)) as server,
        stamping(site, server.url, nonce=False, certificate="") as status,
    ):
        until(lambda: status().stamped)
        assert status().checked is False
    assert "Nonce: unspecified" in tsa.shown("query", server.seen[0][1])


def test_https_goes_to_a_server_whose_certificate_is_taken_and_to_no_other(site, tsa, tmp_path):
    secrets = site.data / "secrets"
    certificate(secrets, "localhost", certificate(secrets, "web-root", is_authority=True))
    site.sign()
    with Server(honest(tsa), context=tls_context(secrets, "localhost")) as server:
        with stamping(site, server.url) as status:
            until(lambda: status().failed.get("tls", 0) >= 1)
        with stamping(site, server.url, tls_authority="web-root") as status:
            until(lambda: status().stamped)


def test_where_nothing_is_live_no_authority_elsewhere_is_asked(site):
    sensors = (Sensor("s", "radar", "asterix", nature="simulated"),)
    for to, closed in (("http://tsa.example.org", True), ("http://127.0.0.1:1", False)):
        node = Node(time_authorities=(TimeAuthority("state", to),), sensors=sensors)
        [status] = open_stampers(node, site.data, lambda: 0.0).status()
        assert bool(status.closed) is closed


def test_a_certificate_that_is_named_and_not_there_is_a_sentence(site):
    node = Node(time_authorities=(TimeAuthority("state", "http://localhost:1", "nowhere"),))
    with pytest.raises(ServiceError, match=r"nowhere\.crt.*put the root"):
        open_stampers(node, site.data, lambda: 0.0)
    (site.data / "secrets" / "nowhere.crt").write_text("no PEM")
    with pytest.raises(ServiceError, match="put the root"):
        open_stampers(node, site.data, lambda: 0.0)


WRONG = [
    ('to = "ftp://x"', "http"),
    ('to = "https://tsa.example.org"\ncertificate = "../root"', "secrets/state-tsa.crt"),
    ('to = "http://tsa.example.org"\ntls_authority = "root"', "https"),
    ('to = "http://tsa.example.org"\nevery_s = 1', "every_s"),
    ("", "to"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_an_authority_that_cannot_be_used_is_a_sentence(text, says):
    with pytest.raises(SiteError, match=says):
        read_site((SITE + f'[[timestamp]]\nid = "state"\n{text}\n').encode(), "site.toml")


@pytest.fixture(scope="module")
def answer(tsa):
    return tsa.reply(tsa.query(data=b"a note"))


def test_no_changed_bit_makes_a_stamp_say_another_time_under_a_good_signature(tsa, answer):
    roots, chance = read_roots(tsa.root), random.Random(3161)
    wanted = stamp_of(answer)
    check_signature(answer, "a note", roots)
    refused = 0
    for _ in range(600):
        changed = bytearray(answer)
        changed[chance.randrange(len(answer))] ^= 1 << chance.randrange(8)
        try:
            check_signature(bytes(changed), "a note", roots)
        except StampError:
            refused += 1
        else:
            assert stamp_of(bytes(changed)) in (wanted, None)
    assert refused > 500


@given(st.binary(max_size=200))
def test_what_is_no_stamp_says_nothing(data):
    assert stamp_of(data) is None


@given(st.data())
def test_a_stamp_that_was_cut_says_nothing(answer, data):
    assert stamp_of(answer[: data.draw(st.integers(0, len(answer) - 1))]) is None


def test_a_stamp_of_another_hash_is_none(tsa):
    (tsa.folder / "tsa.cnf").write_text(
        (tsa.folder / "tsa.cnf")
        .read_text()
        .replace("digests = sha512", "digests = sha512, sha256")
    )
    tsa.run("ts", "-query", "-digest", "00" * 64, "-sha512", "-cert", "-out", "own")
    other = tsa.reply((tsa.folder / "own").read_bytes(), "strict")
    assert "Status: Granted" in tsa.shown("reply", other)
    assert stamp_of(other) is None
    with pytest.raises(StampError, match="SHA-256"):
        check_stamp(other, "a note", None, ())


def test_stamps_are_bounded_and_the_first_and_one_a_day_stay(site, monkeypatch):
    monkeypatch.setattr(stamp_book, "MAX_STAMPS", 12)
    book = CheckpointBook(site.data / BOOK)
    quarter = 86_400.0 / 4
    for k in range(4 * 5):
        keep_stamp(book, "state", made_note(k + 1), b"", k * quarter)
    keep_stamp(book, "other", made_note(1), b"", 0.0)
    found = [s.checkpoint.size for s in stamps(book) if s.authority == "state"]
    assert found == [1, *range(10, 21)]
    monkeypatch.setattr(stamp_book, "MAX_STAMPS", 10_000)
    for k in range(4 * 5, 4 * 20):
        keep_stamp(book, "state", made_note(k + 1), b"", k * quarter)
    days = [int(s.got_s // 86_400) for s in stamps(book) if s.authority == "state"]
    old = [day for day in days if day < 12]
    assert old == [0, 2, *range(3, 12)]
    assert [days.count(day) for day in range(13, 20)] == [4] * 7
    assert len(stamps(book)) == len(days) + 1
    book.close()


def made_note(size):
    head = "0" * 64
    root = "A" * 43 + "="
    text = f"tocsin.north.1/live\n{size}\n{root}\nhead {head}\nsigned 2026-08-05T12:00:00Z\n"
    return text + "\n— tocsin.north.1/live AAAA\n"


def stamp_now(site, tsa, name="state"):
    """Have the newest checkpoint stamped, without a thread."""
    site.sign()
    book = CheckpointBook(site.data / BOOK)
    note = book.newest().note
    request, nonce = request_of(note, nonce=True)
    data = tsa.reply(request)
    check_stamp(data, note, nonce, read_roots(tsa.root))
    keep_stamp(book, name, note, data, site.desk.now_s)
    book.close()


def unpacked(package, folder):
    with zipfile.ZipFile(package) as file:
        file.extractall(folder)
    return folder


def stamped_ledger(site, tsa):
    """Three stamps with entries between them, and two entries after the last."""
    sizes = []
    for k in range(3):
        stamp_now(site, tsa)
        sizes.append(kept(site)[-1].checkpoint.size)
        site.write(name=f"agency {k}")
        site.write(name=f"newspaper {k}")
    return sizes


def evidence_of(site, out, numbers):
    notary = open_notary(site.data)
    try:
        write_evidence(notary, out, numbers, site.desk.now_s, about={}, files={})
    finally:
        notary.book.close()
    return check_package(read_package(out), [])


def test_a_package_of_the_ledger_bears_its_stamps_and_openssl_verifies_each(
    site, tsa, stranger, tmp_path
):
    sizes = stamped_ledger(site, tsa)
    notary = open_notary(site.data)
    write_ledger(notary, tmp_path / "node.zip", site.desk.now_s)
    notary.book.close()
    found = check_package(read_package(tmp_path / "node.zip"), [])
    assert found["ok"], found["reason"]
    assert [s["checkpoint"] for s in found["stamps"]] == sizes
    assert {s["signature"] for s in found["stamps"]} == {"not checked"}
    folder = unpacked(tmp_path / "node.zip", tmp_path / "node")
    for size in sizes:
        assert tsa.why_not(folder, f"stamp-state-{size}") == ""
    assert "unable to get local issuer" in stranger.why_not(folder, f"stamp-state-{sizes[0]}")


def test_evidence_bears_the_soonest_stamp_that_covers_it_and_the_newest(site, tsa, tmp_path):
    sizes = stamped_ledger(site, tsa)
    found = evidence_of(site, tmp_path / "e.zip", [0, sizes[1] - 1])
    assert found["ok"], found["reason"]
    assert [s["checkpoint"] for s in found["stamps"]] == sizes[1:]
    folder = unpacked(tmp_path / "e.zip", tmp_path / "e")
    assert tsa.why_not(folder, f"stamp-state-{sizes[1]}") == ""
    found = evidence_of(site, tmp_path / "f.zip", [sizes[2] + 1])
    assert [s["checkpoint"] for s in found["stamps"]] == sizes[2:]


def test_evidence_whose_stamp_is_of_another_ledger_does_not_hold(
    site, tsa, tmp_path, monkeypatch
):
    stamped_ledger(site, tsa)
    monkeypatch.setattr("tocsin.service.notary.Notary.steps_between", lambda *_: [bytes(32)])
    found = evidence_of(site, tmp_path / "e.zip", [0])
    assert not found["ok"]
    assert "does not go on from the stamped" in found["reason"]
    assert found["stamps"] == []


def test_a_token_for_another_checkpoint_is_told_by_the_package(site, tsa, tmp_path):
    stamped_ledger(site, tsa)
    first, second, _ = kept(site)
    book = CheckpointBook(site.data / BOOK)
    keep_stamp(book, "state", second.note, first.answer, site.desk.now_s)
    book.close()
    found = evidence_of(site, tmp_path / "e.zip", [second.checkpoint.size - 1])
    assert not found["ok"]
    assert (
        f"stamp-state-{second.checkpoint.size}.tsr is a time stamp of something else"
        in (found["reason"])
    )


def test_openssl_is_here():
    """In CI it must be: without it nothing above judges anything."""
    assert openssl("version", cwd="/").stdout.startswith("OpenSSL 3")


def test_a_running_watch_is_stamped_and_shows_how_it_stands(tmp_path, tsa):
    async def run(url, bad):
        table = '[[timestamp]]\nid = "{}"\nto = "{}"\n'
        text = SITE + table.format("state", url) + table.format("ill", bad)
        async with service(tmp_path, site=text) as running:
            await running.client.post("/api/v1/record/checkpoint", json={},
                                      headers={"Origin": running.url})  # fmt: skip
            stampers = running.hall.stampers
            await running.until(lambda: stampers.status()[0].stamped, timeout_s=60.0)
            await running.until(lambda: stampers.status()[1].failed, timeout_s=60.0)
            state, ill = (await running.client.get("/api/v1/status")).json()["timestamps"]
            assert (state["id"], state["stamped"], state["checked"]) == ("state", 1, False)
            assert state["at"].endswith("Z")
            assert (ill["checkpoint"], ill["at"]) == (None, "")
            assert ill["failed"]["http 500"] >= 1
            metrics = (await running.client.get("/metrics")).text
            assert 'tocsin_stamps_total{authority="state"} 1.0' in metrics
            assert 'tocsin_stamps_failed_total{authority="ill",reason="http 500"}' in metrics

    with Server(honest(tsa)) as server, Server(lambda _: (500, b"")) as ill:
        asyncio.run(run(server.url, ill.url))
