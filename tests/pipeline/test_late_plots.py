"""Radars whose plots come after the mark that ends their sector: no track is missed for it."""

import math

import numpy as np
import pytest

from tocsin import geo, pipeline
from tocsin.codec.asterix import encode_block, encode_north_mark, encode_plot, encode_sector
from tocsin.model import Batch, Frame, Node, Sensor, Site, TrackStatus

pytestmark = pytest.mark.jit

DAY = 1_767_268_800.0
SECTORS, TICK_S, SECONDS, LEARNT_S = 32, 0.04, 40.0, 10.0
PERIODS_S = (1.0, 1.7, 1.3)
PLACES = ((48.0, 11.0), (48.004, 11.0), (48.0, 11.006))
NODE = Node(
    sites=(Site("base", "Base", 48.0, 11.0, 500.0),),
    sensors=tuple(
        Sensor(
            f"radar-{k}", format="asterix", sac=1, sic=k, sites=("base",), lat=lat, lon=lon,
            alt_m=510.0, sigma_range_m=10.0, sigma_azimuth_deg=0.2, sigma_elevation_deg=0.5,
            scan_period_s=period_s, max_range_m=20_000.0, detection_probability=0.95,
        )
        for k, (period_s, (lat, lon)) in enumerate(zip(PERIODS_S, PLACES, strict=True))
    ),
)  # fmt: skip


def datagrams(late_s, *, sectors):
    """[(arrival, source, bytes)] of three radars that see 24 targets; their plots come late_s
    after the end of their sector, whose mark comes at once. sectors False: north marks alone.
    """
    rng = np.random.default_rng(3)
    bearing, reach_m = rng.uniform(0.0, math.tau, 24), rng.uniform(2_000.0, 8_000.0, 24)
    start = np.column_stack(
        [reach_m * np.sin(bearing), reach_m * np.cos(bearing), rng.uniform(100.0, 400.0, 24)]
    )
    velocity = rng.uniform(-20.0, 20.0, (24, 3)) * [1.0, 1.0, 0.0]
    site, sent = geo.frame_at(48.0, 11.0, 500.0), []
    for k, sensor in enumerate(NODE.sensors):
        frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
        step_s = sensor.scan_period_s / SECTORS
        for step in range(int(SECONDS / step_s)):
            end_s, sector = DAY + (step + 1) * step_s, step % SECTORS
            places = geo.from_frame(start + velocity * (end_s - DAY), site)
            local = geo.to_frame(places, frame)
            azimuth = np.arctan2(local[:, 0], local[:, 1]) % math.tau
            mine = np.flatnonzero((azimuth / math.tau * SECTORS).astype(int) == sector)
            plots = [
                encode_plot(
                    1, k, end_s - 0.5 * step_s,
                    float(np.linalg.norm(local[r]) + 10.0 * rng.normal()),
                    float((azimuth[r] + math.radians(0.2) * rng.normal()) % math.tau),
                    height_msl_m=float(places[r, 2]), range_rate_mps=None, simulated=True,
                )
                for r in mine
            ]  # fmt: skip
            marks = []
            if sectors:
                marks.append(
                    encode_sector(1, k, end_s, (sector + 1) % SECTORS * math.tau / SECTORS)
                )
            if sector == SECTORS - 1:
                marks.append(encode_north_mark(1, k, end_s, rotation_s=sensor.scan_period_s))
            if plots:
                sent.append((end_s + late_s, sensor.id, encode_block(48, plots)))
            if marks:
                sent.append((end_s + 1e-3, sensor.id, encode_block(34, marks)))
    return sorted(sent, key=lambda row: row[0])


def watched(sent):
    """What became of tracks after LEARNT_S, and the share of looks in which one coasted."""
    state, _ = pipeline.open_state(NODE, mode="live", now_s=DAY, live=True)
    events, coasted, sequences, begin = [], [], {}, 0
    for now_s in DAY + TICK_S * np.arange(1, round(SECONDS / TICK_S)):
        frames = []
        while begin < len(sent) and sent[begin][0] <= now_s:
            arrival_s, source, payload = sent[begin]
            sequences[source] = sequences.get(source, 0) + 1
            frames.append(Frame(source, sequences[source], arrival_s, payload))
            begin += 1
        state, outcome = pipeline.step(state, Batch(float(now_s), tuple(frames)))
        if now_s < DAY + LEARNT_S:
            continue
        events += [event for event in outcome.track_events if event.kind != "confirmed"]
        if outcome.picture is not None:
            status = outcome.picture.tracks.status
            assert np.sum(status != TrackStatus.TENTATIVE) == 24
            coasted.append(np.mean(status == TrackStatus.COASTED))
    return state, events, np.mean(coasted)


@pytest.mark.parametrize("sectors", [True, False])
@pytest.mark.parametrize("late_s", [0.0, 0.1, 0.3])
def test_tracks_go_on_where_plots_come_after_their_mark(late_s, sectors):
    _, events, coasted = watched(datagrams(late_s, sectors=sectors))
    assert events == []
    assert coasted < 0.01


def test_a_look_waits_only_where_its_plots_come_late():
    state, *_ = watched(datagrams(-0.01, sectors=True))
    assert [look.late_s for look in state.session.looks.values()] == [0.0, 0.0, 0.0]
    state, *_ = watched(datagrams(0.3, sectors=True))
    for look in state.session.looks.values():
        assert 0.2 < look.late_s < 0.4
        assert len(look.held) < 20
