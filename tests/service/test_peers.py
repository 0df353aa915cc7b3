"""A peer keeps and countersigns our checkpoints, and finds a ledger that was put back."""

import asyncio
import http.server
import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.record.desk import Desk
from tests.service.harness import SITE, service

from tocsin.cli import _record_proof
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Batch, Node, Peer
from tocsin.record.verifier import checkpoint_of, key_of, why_not_signed
from tocsin.service.checkpoint_book import CheckpointBook
from tocsin.service.journal import Header, Journal, Snapshot, Written
from tocsin.service.notary import BOOK, open_notary
from tocsin.service.witnessing import PATH, Couriers

TOKEN = "a-token-that-both-sites-know"


class Site:
    """A data folder with a ledger that this test writes, and what brings its checkpoints."""

    def __init__(self, data):
        self.data, self.desk = data, Desk()
        header = Header(file=1, first_batch=1, chain=bytes(32), version="t", processor="t",
                        site="", where="", mode="live", live=True, opened_s=0.0, begun_s=0.0,
                        clock=(0.0, 0.0, 1.0))  # fmt: skip
        first = Snapshot(0, 0.0, b"", {})
        self.book = Journal.begin(data / "journal", header, first, self.desk.entries)
        self.number = 0
        (data / "secrets").mkdir()
        (data / "secrets" / "peer-other").write_text(TOKEN)

    def write(self, **source):
        before = len(self.desk.entries)
        self.desk.act("add_source", kind="agency", **source)
        self.number += 1
        entries = tuple(self.desk.entries[before:])
        self.book.append([Written(self.number, Batch(0.0, ()), entries)])

    def sign(self):
        notary = open_notary(self.data)
        made = notary.sign(self.desk.now_s)
        keys = [s.key.text for s in notary.book.signing_keys()]
        notary.book.close()
        return made.checkpoint, keys

    def standing(self):
        book = CheckpointBook(self.data / BOOK)
        found = book.peers()
        book.close()
        return found[0] if found else None

    @contextmanager
    def bringing(self, to, keys):
        node = Node(peers=(Peer("other", tuple(keys), to, "peer-other"),))
        couriers = Couriers(node, self.data, lambda: self.desk.now_s)
        couriers.start()
        try:
            yield
        finally:
            couriers.stop(60.0)


def other_site(keys):
    return SITE + f'[[peer]]\nid = "first"\nkeys = {keys!r}\nsecret = "token"\n'.replace(
        "'", '"'
    )


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a").mkdir()
    made = Site(tmp_path / "a")
    made.write(name="AP")
    yield made
    made.book.close()


@contextmanager
def token_at(tmp_path):
    folder = tmp_path / "b" / "data" / "secrets"
    folder.mkdir(parents=True)
    (folder / "token").write_text(TOKEN)
    yield


def run_against(tmp_path, site, play):
    """Play against a real service that knows the site as its peer."""
    _, keys = site.sign()

    async def run():
        with token_at(tmp_path):
            async with service(tmp_path / "b", site=other_site(keys)) as other:
                notary = await asyncio.to_thread(open_notary, other.hall.data)
                await asyncio.to_thread(notary.sign, 1.8e9)
                theirs = [s.key.text for s in notary.book.signing_keys()]
                notary.book.close()
                await play(other, theirs)

    asyncio.run(run())


async def until(condition):
    for _ in range(6000):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def holds(site, size):
    return lambda: (s := site.standing()) is not None and s.held == size


def test_a_peer_keeps_each_checkpoint_and_its_countersignature_names_it_as_the_holder(
    tmp_path, site, capsys
):
    async def play(other, keys):
        with site.bringing(other.url, keys):
            point, _ = site.sign()
            await until(holds(site, point.size))
            for k in range(300):
                site.write(name=f"agency {k}")
            newer, _ = site.sign()
            await until(holds(site, newer.size))
        held = CheckpointBook(other.hall.data / BOOK).received("first")
        assert [r.checkpoint.size for r in held] == [point.size, newer.size]
        assert held[-1].checkpoint.root == newer.root
        receipt = CheckpointBook(site.data / BOOK).receipts()[-1]
        assert why_not_signed(receipt.note, list(map(key_of, keys))) == ""
        assert checkpoint_of(receipt.note) == newer
        standing = site.standing()
        assert (standing.delivered, standing.failed, standing.error) == (2, 0, "")

    run_against(tmp_path, site, play)
    _record_proof.verify(site.data)
    assert "held by other" in capsys.readouterr().out


def test_an_older_state_put_back_is_found_at_the_peer_and_verify_names_the_first_bad_entry(
    tmp_path, site, capsys
):
    async def play(other, keys):
        old = tmp_path / "old"
        shutil.copytree(site.data, old)
        count = len(site.desk.entries)
        with site.bringing(other.url, keys):
            for k in range(5):
                site.write(name=f"agency {k}")
            point, _ = site.sign()
            await until(holds(site, point.size))
        site.book.close()
        shutil.rmtree(site.data)
        shutil.copytree(old, site.data)
        site.sign()
        with site.bringing(other.url, keys):
            await until(lambda: (s := site.standing()) is not None and "put back" in s.error)
        assert site.standing().held is None
        site.first_bad = count

    run_against(tmp_path, site, play)
    with pytest.raises(SystemExit):
        _record_proof.verify(site.data)
    told = capsys.readouterr().out
    assert "held by other" in told
    assert f"First bad entry: {site.first_bad}." in told


def test_a_forked_ledger_is_found_at_the_peer(tmp_path, site):
    async def play(other, keys):
        old = tmp_path / "old"
        shutil.copytree(site.data, old)
        with site.bringing(other.url, keys):
            site.write(name="Reuters")
            point, _ = site.sign()
            await until(holds(site, point.size))
        site.book.close()
        shutil.rmtree(site.data)
        shutil.copytree(old, site.data)
        site.desk = Desk()
        site.desk.act("add_source", kind="agency", name="AP")
        site.book, site.number = Journal.resume(site.data / "journal"), 1
        for k in range(3):
            site.write(name=f"another {k}")
        site.sign()
        with site.bringing(other.url, keys):
            await until(lambda: (s := site.standing()) is not None and s.error)
        assert "written anew" in site.standing().error
        held = CheckpointBook(other.hall.data / BOOK).received("first")
        assert held[-1].checkpoint.root == point.root

    run_against(tmp_path, site, play)


def test_a_stranger_and_a_checkpoint_of_another_key_are_refused(tmp_path, site):
    async def play(other, keys):
        point, _ = site.sign()
        note = CheckpointBook(site.data / BOOK).newest().note
        body = {"note": note}
        assert (await other.client.post(PATH, json=body)).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        forged = {"note": note.replace(f"\n{point.size}\n", f"\n{point.size + 1}\n")}
        answer = await other.client.post(PATH, json=forged, headers=bearer)
        assert answer.status_code == 403
        assert "signature" in answer.json()["error"]
        assert (await other.client.post(PATH, json={"x": 1}, headers=bearer)).status_code == 400
        taken = await other.client.post(PATH, json=body, headers=bearer)
        again = await other.client.post(PATH, json=body, headers=bearer)
        assert taken.status_code == again.status_code == 200
        assert taken.text == again.text

    run_against(tmp_path, site, play)


class Mute(http.server.BaseHTTPRequestHandler):
    """Answers in ways that are no acknowledgement."""

    answers = ((500, b"no"), (200, b"thanks"), (409, b'{"error": "no", "held": "nothing"}'))
    seen = 0

    def do_POST(self):
        status, body = self.answers[min(Mute.seen, 2)]
        Mute.seen += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_an_answer_that_is_no_countersignature_is_counted_and_holds_nothing(site, monkeypatch):
    monkeypatch.setattr("tocsin.service.witnessing.BACK_OFF_S", (0.01,))
    _, keys = site.sign()
    server = http.server.HTTPServer(("127.0.0.1", 0), Mute)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with site.bringing(f"http://127.0.0.1:{server.server_port}", keys):
            asyncio.run(until(lambda: (s := site.standing()) is not None and s.failed >= 3))
    finally:
        server.shutdown()
        server.server_close()
    standing = site.standing()
    assert standing.held is None
    assert standing.error
    assert CheckpointBook(site.data / BOOK).newest().holders == ()


KEY = "tocsin.north.1/live+00112233+" + "A" * 44
WRONG = [
    ('keys = ["x"]', "tocsin key show"),
    (f'keys = ["{KEY}"]\nto = "ftp://x"', "http"),
    (f'keys = ["{KEY}"]\nto = "http://peer.example.org"', "https"),
    ("keys = []", "keys"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_a_peer_that_cannot_be_used_is_a_sentence(text, says):
    with pytest.raises(SiteError, match=says):
        read_site((SITE + f'[[peer]]\nid = "first"\n{text}\n').encode(), "site.toml")


def test_where_nothing_is_live_only_this_machine_is_reached():
    from tocsin.service.witnessing import why_kept_here

    node = read_site(SITE.encode(), "site.toml")
    far = Peer("p", (KEY,), "https://peer.example.org")
    near = Peer("p", (KEY,), "http://127.0.0.1:1")
    drill = replace(node, sensors=(replace(node.sensors[0], nature="exercise"),))
    assert [why_kept_here(p, node) for p in (far, near)] == ["", ""]
    assert why_kept_here(far, drill)
    assert why_kept_here(near, drill) == ""
