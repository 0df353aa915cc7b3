"""Remote ID recordings through the whole pipeline, against what is known to be true of them."""

import json
import math
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tocsin.cli import main
from tocsin.cli.decode import decode
from tocsin.cli.replay import replay
from tocsin.codec.capture import LinkType, Packet, write_pcap
from tocsin.codec.remoteid import BasicId, Location, encode_pack, wifi_beacon

pytestmark = pytest.mark.jit
FOLDER = "remote-id-wireshark"


@pytest.fixture
def play(data_folder, tmp_path, capsys):
    def run(name, *, folder=data_folder / FOLDER):
        replay(folder / name, json=True, out=tmp_path / "out")
        result = json.loads(capsys.readouterr().out.splitlines()[-1])
        return result, pq.read_table(tmp_path / "out/tracks.parquet").to_pylist()

    return run


def drones(result):
    return {word: n for word, n in result["by_identity"].items() if n}


def metres_apart(lat_a, lon_a, lat_b, lon_b):
    east = math.radians(lon_b - lon_a) * math.cos(math.radians(lat_a)) * 6_371_000
    return math.hypot(east, math.radians(lat_b - lat_a) * 6_371_000)


def last_known(data_folder, name):
    """The last place that an independent dissector read."""
    lines = (data_folder / FOLDER / f"{name}.messages.jsonl").read_text().splitlines()
    return [m for m in map(json.loads, lines) if m["msg"] == "location"][-1]


def test_the_beacon_recording_is_one_drone_where_it_says(play, data_folder, capsys):
    name = "odid_wifi_bcn_sample.pcap"
    result, rows = play(name)
    assert result["declared"] == 1
    assert drones(result) == {"drone": 1}
    assert result["flags"] == {"spoof": 0, "clone": 0, "unreliable": 0}
    assert result["rejected"] == {}
    assert result["duplicates"] == 0
    assert {row["declared_id"] for row in rows} == {"MFG1A0123456789"}
    known = last_known(data_folder, name)
    last = max(rows, key=lambda row: row["time_s"])
    assert metres_apart(last["lat"], last["lon"], known["lat"], known["lon"]) < 5.0
    assert last["alt_m"] == pytest.approx(known["geo_alt_m"], abs=1.0)
    decode("remote-id", data_folder / FOLDER / name)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {r["operator_id"] for r in said if "operator_id" in r} == {"GBR-OP-123ABCD"}


def test_a_drone_without_a_serial_goes_by_its_transmitter(play, data_folder):
    result, rows = play("odid_wifi_sample.pcap")
    assert (result["declared"], drones(result)) == (1, {"drone": 1})
    assert {row["declared_id"] for row in rows} == {"rid-84cca8604324"}
    assert result["rejected"] == {"not Remote ID": 21}
    known = last_known(data_folder, "odid_wifi_sample.pcap")
    last = max(rows, key=lambda row: row["time_s"])
    assert metres_apart(last["lat"], last["lon"], known["lat"], known["lon"]) < 5.0


def test_a_drone_that_knows_no_position_counts_and_is_drawn_nowhere(play):
    result, rows = play("odid_bt5_lr_sample.pcapng")
    assert (result["declared"], drones(result)) == (1, {"drone": 1})
    assert rows == []
    # 27 that an independent dissector took for Remote ID; their ids make no second drone.
    assert result["rejected"]["checksum"] >= 27


@pytest.mark.parametrize(
    ("name", "packets"),
    [("mavic_alessa_spoofed.pcapng", 10), ("mavic_multiple_spoofed.pcapng", 239)],
)
def test_another_maker_s_own_format_makes_no_drone(play, data_folder, name, packets):
    result, rows = play(name, folder=data_folder / "dji-droneid-wifi")
    assert (result["declared"], drones(result), rows) == (0, {}, [])
    assert result["rejected"] == {"not Remote ID": packets}


def test_a_drone_that_says_its_id_late_is_one_drone(play, tmp_path):
    """Place messages from the start, the serial number only after 8 s: much was not heard."""
    t0 = 1_790_000_000.0
    sender = bytes.fromhex("020000000001")
    packets = []
    for k in range(20):
        place = Location(
            2, 0, 90.0, 10.0, 0.0, 45.0, 7.0 + 1.27e-4 * k, math.nan, 300.0, 50.0, 10, 4, 4, 3,
            math.nan, 0.1,
        )  # fmt: skip
        said = [place, *([BasicId(1, 2, b"MFG1A0123456789")] if k == 8 else [])]
        data = wifi_beacon(sender, encode_pack(said), k)
        packets.append(Packet(t0 + k, LinkType.IEEE_802_11, data, len(data)))
    (tmp_path / "r.pcap").write_bytes(write_pcap(packets)[:-7])
    result, rows = play("r.pcap", folder=tmp_path)
    assert (result["declared"], drones(result)) == (1, {"drone": 1})
    assert {row["declared_id"] for row in rows} == {"rid-020000000001", "MFG1A0123456789"}
    assert result["flags"] == {"spoof": 0, "clone": 0, "unreliable": 0}
    assert result["skipped"] == {"cut short": 1}


def test_the_examples_of_the_page_run(data_folder, tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs/formats/remote-id.md").read_text()
    capture = (data_folder / FOLDER / "odid_wifi_bcn_sample.pcap").read_bytes()
    for name in ("capture.pcap", "capture.pcapng"):  # what it is shows in its bytes
        (tmp_path / name).write_bytes(capture)
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^tocsin (?:replay|decode) .*$", page, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        with pytest.raises(SystemExit) as left:
            main(line.split()[1:])
        assert not left.value.code
        assert capsys.readouterr().out
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(block, "remote-id.md", "exec"), {})
    assert "b'MFG1A0123456789' 45.5" in capsys.readouterr().out


def test_a_cloned_serial_and_a_flight_that_cannot_be_are_said(play, tmp_path):
    """Two transmitters 10 km apart send one serial number; a third jumps over the country."""
    t0 = 1_790_000_000.0
    senders = [bytes.fromhex(f"02000000000{k}") for k in range(3)]
    serials = [b"MFG1A0123456789", b"MFG1A0123456789", b"MFG2A0123456789"]
    packets = []
    for k in range(20):
        lats = (45.0, 45.1, 45.5 + 0.5 * (k // 10))
        for sender, serial, lat in zip(senders, serials, lats, strict=True):
            place = Location(
                2, 0, 90.0, 0.0, 0.0, lat, 7.0, math.nan, 300.0, 50.0, 10, 4, 4, 3,
                math.nan, 0.1,
            )  # fmt: skip
            data = wifi_beacon(sender, encode_pack([BasicId(1, 2, serial), place]), k)
            packets.append(Packet(t0 + k, LinkType.IEEE_802_11, data, len(data)))
    (tmp_path / "r.pcap").write_bytes(write_pcap(packets))
    result, _ = play("r.pcap", folder=tmp_path)
    assert result["declared"] == 2
    assert drones(result) == {"drone": 2}
    assert (result["flags"]["clone"], result["flags"]["spoof"]) == (1, 1)
