"""Whatever octets come: no crash, no hang, bounded memory, each loss counted and named."""

import random
import time

import pytest
from tests.codec.fuzzing import tries

from tocsin.codec.sapient import (
    LARGEST_MESSAGE,
    FrameStream,
    SapientSession,
    frame,
    read_json,
    receive_into,
    split_into,
    validate,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.places import geodetic

OWN = "00000000-0000-4000-8000-0000000000ff"
T = 1_790_000_000.0
MUTATIONS = tries()


@pytest.fixture(scope="module")
def samples(data_folder):
    folder = data_folder / "sapient-samples"
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.json"))}


def mutated(data, chance):
    """Change, drop, repeat or insert a few octets, as broken links and broken senders do."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1) if out else 0
        match chance.randrange(5):
            case 0 if out:
                out[min(at, len(out) - 1)] = chance.randrange(256)
            case 1:
                del out[at : at + chance.randint(1, 30)]
            case 2:
                out[at:at] = chance.randbytes(chance.randint(1, 8))
            case 3:
                out[at:at] = out[at : at + chance.randint(1, 30)]
            case _ if out:
                out[min(at, len(out) - 1)] ^= 1 << chance.randrange(8)
    return bytes(out)


def test_every_sample_round_trips_through_octets_and_json(samples):
    json_format = load().json_format
    assert len(samples) == 40
    for text in samples.values():
        message = read_json(text)
        (data,) = split_into(FrameStream(), frame(message.SerializeToString()))
        again = type(message).FromString(data)
        assert again == message
        assert read_json(json_format.MessageToJson(again)) == message


def test_the_sample_whose_degrees_are_labelled_utm_is_reported(samples):
    reported = []
    for name, text in samples.items():
        message = read_json(text)
        if message.HasField("detection_report"):
            said = geodetic(message.detection_report.location)
            if isinstance(said, str):
                reported.append((name, said))
    ((name, said),) = reported
    assert name == "Default.DetectionReport.json"
    assert "look like degrees labelled as UTM" in said


@pytest.mark.fuzz
def test_mutated_frames_of_real_samples_are_taken_or_refused_with_a_reason(samples):
    chance = random.Random(20_261)
    real = [read_json(text).SerializeToString() for text in samples.values()]
    session, slowest_s, outcomes = SapientSession(OWN), 0.0, {"taken": 0, "refused": 0}
    for number in range(MUTATIONS):
        data = mutated(chance.choice(real), chance)
        began = time.perf_counter()
        taken = receive_into(
            session,
            f"c{number % 2}",
            frame(data),
            T + number * 1e-3,
            must_register=bool(number % 2),
        )
        slowest_s = max(slowest_s, time.perf_counter() - began)
        for refused in taken.rejected:
            assert refused.reason
            assert len(refused.raw) <= 64
        for answer in taken.answers:
            (sent,) = split_into(FrameStream(), answer)
            assert not validate(load().SapientMessage.FromString(sent))
        outcomes["refused" if taken.rejected else "taken"] += 1
        if taken.closed:
            receive_into(session, f"c{number % 2}", b"", T)
    assert min(outcomes.values()) > MUTATIONS / 200  # some mutations leave a message sound
    assert slowest_s < 1.0
    assert len(session.nodes) <= 1_024
    assert sum(len(s.rest) for s in session.streams.values()) == 0
    assert len(session.asked) == 0


def test_mutated_streams_keep_no_more_than_one_message(samples):
    """Also lengths are hit here, so that a stream may end or wait for what never comes."""
    chance = random.Random(7)
    real = [frame(read_json(text).SerializeToString()) for text in samples.values()]
    for number in range(2_000):
        session = SapientSession(OWN)
        data = mutated(b"".join(chance.sample(real, 3)), chance)
        for at in range(0, len(data), 700):
            receive_into(session, "a", data[at : at + 700], T + number)
        kept = sum(len(s.rest) for s in session.streams.values())
        assert kept <= LARGEST_MESSAGE + 4


def test_random_octets_end_the_connection_or_are_refused():
    chance = random.Random(3)
    for _ in range(300):
        session = SapientSession(OWN)
        taken = [receive_into(session, "a", chance.randbytes(500), T) for _ in range(20)]
        kept = sum(len(s.rest) for s in session.streams.values())
        assert any(t.closed or t.rejected for t in taken) or kept == 10_000
        assert not session.nodes


def test_a_length_of_2_gb_is_refused_before_anything_is_kept():
    session = SapientSession(OWN)
    taken = receive_into(session, "a", b"\xff\xff\xff\x7f" + bytes(1000), T)
    assert "2147483647 octets" in taken.closed
    assert [r.reason for r in taken.rejected] == ["message too long"]
    assert not session.streams["a"].rest
    receive_into(session, "a", bytes(100_000), T)
    assert not session.streams["a"].rest
