"""`tocsin record subject`: listed, handed out, erased; the record holds and flies the same."""

import fcntl
import json

import pyarrow.parquet as pq
import pytest
from tests.cli.test_record_keeping import service_entries
from tests.cli.test_record_verbs import answer, run

from tocsin import pipeline
from tocsin.codec.acts import encode_act
from tocsin.codec.capture import LinkType, Packet, write_pcap
from tocsin.codec.remoteid import (
    BasicId,
    Location,
    OperatorId,
    System,
    encode_pack,
    wifi_beacon,
)
from tocsin.codec.site_toml import read_site
from tocsin.model import OFFICER, Act, Batch, Frame
from tocsin.service.journal import Header, Journal, Snapshot, Written, processor_family
from tocsin.service.keyring import Keyring
from tocsin.service.masking import mask_packet
from tocsin.service.people import People
from tocsin.service.service_ledger import ServiceLedger

pytestmark = pytest.mark.jit

NAN = float("nan")
T0 = 1_790_000_000.0
SITE = """
[node]
name = "North"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "rid"
kind = "remote_id"
format = "remote-id"
listen = "tcp-listen://127.0.0.1:9"
sites = ["north"]
"""
FIRST, SECOND = b"MFG1A0123456789", b"MFG25ABCDE"
OPERATORS = {FIRST: b"GBR-OP-ONE", SECOND: b"GBR-OP-TWO"}
EDITOR = "second editor"


def flying(serial, k):
    """One beacon of a drone near the site, a second after the one before."""
    lat = 48.01 + 1e-4 * k if serial == FIRST else 48.02
    place = Location(2, 0, 0.0, 11.1, 0.0, lat, 11.0, NAN, 600.0, 50.0, 10, 4, 4, 3, NAN, 0.1)
    pilot = System(1, 1, 48.2345678, 11.8765432, 1, 0.0, NAN, NAN, 1, 5, 560.0, NAN)
    said = [BasicId(1, 2, serial), place, pilot, OperatorId(0, OPERATORS[serial])]
    data = wifi_beacon(serial[:6], encode_pack(said), k)
    return Packet(T0 + k, LinkType.IEEE_802_11, data, len(data))


@pytest.fixture
def data(tmp_path):
    """A data folder after half a minute of two drones and one person's act."""
    folder = tmp_path / "data"
    folder.mkdir()
    people = People(Keyring.open(folder))
    node = read_site(SITE.encode(), "site.toml")
    state, first = pipeline.open_state(node, mode="live", now_s=T0, live=True)
    header = Header(file=1, first_batch=1, chain=bytes(32), version=pipeline.VERSION,
                    processor=processor_family(), site=SITE, where="site.toml", mode="live",
                    live=True, opened_s=T0, begun_s=T0, clock=(T0, 0.0, 1e-9))  # fmt: skip
    begun = Snapshot(0, T0, pipeline.freeze(state), {})
    book = Journal.begin(folder / "journal", header, begun, [first], people.keys)
    for k in range(1, 31):
        packets = [mask_packet(people, flying(s, k), T0 + k) for s in (FIRST, SECOND)]
        frames = [Frame("rid", k, T0 + k, write_pcap(packets), "tcp")]
        if k == 20:
            user = people.staff(EDITOR)
            act = Act("release", f"{user}:k", user, T0 + k, site="north", reason="a test")
            frames.append(Frame(OFFICER, 0, T0 + k, encode_act(act), "http"))
        batch = Batch(T0 + k, tuple(frames))
        state, outcome = pipeline.step(state, batch)
        people.flush()
        book.append([Written(k, batch, outcome.entries)])
    book.close()
    people.keys.close()
    ledger = ServiceLedger(folder / "service.sqlite")
    ledger.set_user(EDITOR, ("watch officer",), by="start")
    ledger.close()
    return folder


def replayed(data, out):
    told = answer("replay", data / "journal", "--out", out)
    rows = pq.read_table(out / "tracks.parquet").to_pylist()
    return told["outcome_digest"], told["declared"], rows


def test_what_is_held_is_listed_and_handed_out(data, tmp_path):
    told = answer("record", "subject", FIRST.decode(), "--data", data)
    kinds = {name["kind"]: name["value"] for name in told["names"]}
    assert kinds == {
        "serial number": FIRST.decode(), "transmitter address": f"rid-{FIRST[:6].hex()}",
        "operator registration": "GBR-OP-ONE",
    }  # fmt: skip
    assert told["journal_frames"] == 30
    assert told["operator"][0]["lat"] == pytest.approx(48.2345678, abs=1e-7)
    by_operator = answer("record", "subject", "GBR-OP-ONE", "--data", data)
    by_address = answer("record", "subject", FIRST[:6].hex(":"), "--data", data)
    assert by_operator["names"] == by_address["names"] == told["names"]
    out = tmp_path / "export.json"
    words = ("record", "subject", FIRST.decode(), "export", "--data", data, "--out", out)
    assert "give --by and --reason" in run(*words, status=2).stderr
    words = (*words, "--by", "desk", "--reason", "request 12")
    run(*words)
    export = json.loads(out.read_text())
    assert len(export["frames"]) == 30
    assert out.stat().st_mode & 0o077 == 0
    assert "cannot be written" in run(*words, status=2).stderr
    kind, body = service_entries(data)[-1]
    assert (kind, body["reason"]) == ("subject exported", "request 12")
    assert "Nothing is held" in run("record", "subject", "nobody", "--data", data).stdout


def test_after_a_subject_is_erased_the_chain_holds_and_a_replay_flies_the_same(data, tmp_path):
    before = replayed(data, tmp_path / "before")
    assert before[1] == 2
    words = ("record", "subject", FIRST.decode(), "erase", "--data", data)
    assert "give --by and --reason" in run(*words, status=2).stderr
    erased = answer(*words, "--by", "desk", "--reason", "request 12")
    assert erased["erased"] == 3
    assert replayed(data, tmp_path / "after") == before
    assert answer("record", "verify", data)["ok"]
    assert answer("record", "subject", FIRST.decode(), "--data", data)["found"] == 0
    for shown in erased["pseudonyms"]:
        assert answer("record", "subject", shown, "--data", data)["found"] == 0
    assert answer("record", "subject", SECOND.decode(), "--data", data)["found"] == 3
    for path in data.rglob("*"):
        if path.is_file():
            assert FIRST not in path.read_bytes(), path
            assert b"GBR-OP-ONE" not in path.read_bytes(), path
    kind, body = service_entries(data)[-1]
    assert (kind, body["reason"]) == ("subject erased", "request 12")
    assert FIRST.decode() not in json.dumps(body)


def test_a_person_of_the_staff_is_a_subject_too(data, tmp_path):
    told = answer("record", "subject", EDITOR, "--data", data)
    assert [name["kind"] for name in told["names"]] == ["user"]
    assert told["ledger_entries"]
    assert told["journal_frames"] == 1
    before = replayed(data, tmp_path / "before")
    words = ("record", "subject", EDITOR, "erase", "--data", data)
    erased = answer(*words, "--by", "desk", "--reason", "left")
    assert (erased["erased"], erased["accounts"]) == (1, 1)
    assert replayed(data, tmp_path / "after") == before
    assert answer("record", "verify", data)["ok"]
    ledger = ServiceLedger(data / "service.sqlite")
    assert EDITOR not in ledger.users()
    ledger.close()


def test_the_ledger_names_nobody(data):
    for path in (data / "journal").iterdir():
        for form in (FIRST, SECOND, EDITOR.encode(), b"GBR-OP"):
            assert form not in path.read_bytes(), path


def test_what_the_running_watch_authorises_is_not_erased_under_its_feet(data):
    people = People(Keyring.open(data))
    people.listed("MFG1AUTHORISED1", T0)
    people.keys.close()
    words = ("record", "subject", "MFG1AUTHORISED1", "erase", "--data", data)
    words = (*words, "--by", "desk", "--reason", "request")
    with (data / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "take it out there" in run(*words, status=2).stderr
    assert answer(*words)["erased"] == 1
