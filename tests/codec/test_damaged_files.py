"""Damaged recordings: whatever a file holds, it is opened, or refused with a sentence.

`make fuzz` does the same with a million of each file (`make fuzz FUZZ=N`: with N).
"""

import gzip
import random
import time

import pytest
from tests.codec.fuzzing import damaged, tries

from tocsin import codec
from tocsin.codec.cap import read_cap
from tocsin.codec.recordings import open_recording
from tocsin.errors import CallError, FormatError
from tocsin.model import Batch, Node, Rejected

FILES = {  # and how much of it: what is opened whole takes longer than what it holds
    "adsb-toulouse/beast_sample.bin": 400,
    "adsb-toulouse/frames.jsonl.gz": 800,
    "asterix-croatia/cat062cat065.raw": 200,
    "asterix-croatia/cat_001_002.pcap": 400,
    "asterix-croatia/cat_034_048.pcap": 600,
    "asterix-system-tracks/cat062_063_065_first5min.ff": 600,
    "mavlink-logs/test.BIN": 600,
    "opensky-uk/OpenSky_Plane_States.csv": 800,
    "remote-id-wireshark/odid_bt5_lr_sample.pcapng": 1200,
    "remote-id-wireshark/odid_wifi_sample.pcap": 600,
    "sapient-samples/Default.DetectionReport.json": 3000,
    "uav-gps-track/UAV_Rot.csv": 400,
}
ALERTS = ("australia.cap", "earthquake_signed.cap", "bushfire_valid.edxlde")
# In CI 20,000 recordings and 20,000 alerts; what a recording holds has its own in test_damage.
TRIES = tries(20_000 // len(FILES))
ALERT_TRIES = tries(20_000 // len(ALERTS))
SLOWEST_S = 20.0  # CPU time of one: what is quadratic takes minutes


@pytest.mark.fuzz
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_recording_is_opened_or_refused_in_words(data_folder, name):
    data = (data_folder / name).read_bytes()
    data = (gzip.decompress(data) if name.endswith(".gz") else data)[: FILES[name]]
    draw = random.Random(name)
    opened = refused = 0
    for i in range(TRIES):
        format = draw.choice((None, None, None, *codec.FORMATS))
        started = time.process_time()
        try:
            recording = open_recording(damaged(data, draw), name, format=format)
            frames = tuple(recording.frames)
            session = codec.open_session(
                Node(), live=False, formats=recording.formats, framings=recording.framings
            )
            decode = codec.decode_records if i % 2 else codec.decode_into
            if frames:
                decode(session, Node(), Batch(frames[-1].arrival_s, frames))
            opened += 1
        except (FormatError, CallError):
            refused += 1
        assert time.process_time() - started < SLOWEST_S
    assert opened > TRIES / 20
    assert refused > TRIES / 20


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ALERTS)
def test_a_damaged_alert_is_read_or_refused_in_words(data_folder, name):
    data = (data_folder / "cap-alerts" / name).read_bytes()
    draw = random.Random(name)
    for _ in range(ALERT_TRIES):
        found = read_cap(damaged(data, draw))
        assert found.reason if isinstance(found, Rejected) else found
