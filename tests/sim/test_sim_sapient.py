"""The second base's radar and camera speak SAPIENT: other bytes, the same physics and draws."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tocsin import codec
from tocsin.codec.sapient import FrameStream, split_into, validate
from tocsin.codec.sapient._protobuf import load
from tocsin.errors import ScenarioError
from tocsin.model import Batch, Frame
from tocsin.sim import Draws, greeting, streams
from tocsin.units import DEG

M = load()
DAY_S = 1_790_000_000.0
FROM_S, UNTIL_S = 960.0, 1040.0  # the third drone is near


def sent(day, node, world, name, from_s=FROM_S, until_s=UNTIL_S):
    stream = streams(day, node, world, Draws(day.seed), day_s=DAY_S, from_s=from_s)[name]
    return list(itertools.takewhile(lambda one: one.time_s < until_s, stream))


def sensor_of(node, name):
    return next(s for s in node.sensors if s.id == name)


def messages(payloads):
    found = split_into(FrameStream(), b"".join(payloads))
    return [M.SapientMessage.FromString(item) for item in found]


def decoded(node, name, payloads):
    """What the codec makes of a greeting and payloads, each at its time."""
    session = codec.open_session(node, live=True)
    sensor = sensor_of(node, name)
    first = () if sensor.format != "sapient" else [(FROM_S, greeting(sensor, DAY_S + FROM_S))]
    parts = []
    for k, (time_s, payload) in enumerate([*first, *payloads]):
        frame = Frame(name, k, DAY_S + time_s, payload)
        out = codec.decode_into(session, node, Batch(DAY_S + time_s, (frame,)))
        assert out.rejected == ()
        parts.append(out.detections)
    return parts[0].join(parts)


def changed(node, name, **fields):
    """The node with some fields of one sensor changed."""
    sensors = [replace(s, **fields) if s.id == name else s for s in node.sensors]
    return replace(node, sensors=tuple(sensors))


@pytest.mark.parametrize("name", ["harir-radar", "harir-camera"])
def test_every_message_is_valid_and_a_scan_shares_its_stamp(day, node, world, name):
    all_sent = sent(day, node, world, name)
    first = greeting(sensor_of(node, name), DAY_S + FROM_S)
    said = messages([first, *(one.payload for one in all_sent)])
    assert [validate(m) for m in said] == [[]] * len(said)
    assert said[0].WhichOneof("content") == "registration"
    assert said[1].WhichOneof("content") == "status_report"
    detections = [m for m in said if m.WhichOneof("content") == "detection_report"]
    assert len(detections) > 40
    stamps = sorted({m.timestamp.ToNanoseconds() for m in detections})
    assert min(b - a for a, b in itertools.pairwise(stamps)) >= 80_000_000
    for one in all_sent:  # sent soon after the stamp, as the reference middleware asks
        for message in messages([one.payload]):
            late_s = DAY_S + one.time_s - message.timestamp.ToNanoseconds() / 1e9
            assert -0.001 <= late_s <= 0.9
    ids = [m.detection_report.report_id for m in detections]
    assert len(set(ids)) == len(ids)


def test_the_status_comes_at_the_interval_that_the_registration_names(day, node, world):
    (registration, *_) = messages([greeting(sensor_of(node, "harir-radar"), DAY_S)])
    every_s = registration.registration.status_definition.status_interval.value
    times = [
        one.time_s
        for one in sent(day, node, world, "harir-radar")
        if messages([one.payload])[0].WhichOneof("content") == "status_report"
    ]
    assert np.diff(times) == pytest.approx([every_s] * (len(times) - 1))


def test_the_radar_sees_the_same_as_one_that_speaks_asterix(day, node, world):
    name = "harir-radar"
    now = decoded(node, name, sent(day, node, world, name))
    other = changed(node, name, format="asterix", sac=1, sic=2)
    before = decoded(other, name, sent(day, other, world, name))
    assert len(now) == len(before) > 100
    turn = now.azimuth_rad[:, None] - before.azimuth_rad[None, :]
    turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    off_m = np.abs(now.range_m[:, None] - before.range_m[None, :])
    off_s = np.abs(now.time_s[:, None] - before.time_s[None, :])
    step_s = sensor_of(node, name).scan_period_s / 16
    # ASTERIX rounds to 1/256 NM, 0.0055 degrees, 25 ft; a SAPIENT stamp is that of its scan.
    same = (off_m < 4.0) & (turn < 0.003 * DEG) & (off_s < step_s / 2 + 0.01)
    assert (same.sum(axis=0) == 1).all()
    assert (same.sum(axis=1) == 1).all()
    before = before.take(same.argmax(axis=1))
    assert np.abs(now.elevation_rad - before.elevation_rad).max() < 0.05
    assert np.abs(now.range_rate_mps - before.range_rate_mps).max() < 1.0


def test_the_camera_sees_the_same_as_one_that_posts(day, node, world):
    name = "harir-camera"
    now = decoded(node, name, sent(day, node, world, name))
    other = changed(node, name, format="detections")
    before = decoded(other, name, sent(day, other, world, name))
    assert len(now) == len(before) > 40
    assert now.time_s == pytest.approx(before.time_s, abs=1e-3)
    assert now.azimuth_rad == pytest.approx(before.azimuth_rad, abs=1e-4)
    assert now.elevation_rad == pytest.approx(before.elevation_rad, abs=1e-4)
    assert np.abs(now.class_scores - before.class_scores).max() < 0.03


def test_a_radar_that_turns_too_fast_for_its_stamps_is_a_sentence(day, node, world):
    fast = changed(node, "harir-radar", scan_period_s=1.0)
    with pytest.raises(ScenarioError, match=r"1.28 s or more"):
        sent(day, fast, world, "harir-radar")
