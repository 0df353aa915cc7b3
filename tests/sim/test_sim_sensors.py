"""What the sensors send: read back by the codec, judged by formulas and by the truth."""

import itertools
import math

import numpy as np
import pytest

from tocsin import codec, geo
from tocsin.model import CLASSES, Batch, DetectionBatch, Report
from tocsin.sim import Draws, batches, frames, open_world, physics, remoteid, streams
from tocsin.units import DEG

DAY_S = 1_790_000_000.0


@pytest.fixture(scope="module")
def heard(day, node):
    return list(frames(day, node, Draws(day.seed), day_s=DAY_S, until_s=540.0))


@pytest.fixture(scope="module")
def read(heard, node):
    """All detections and coverages of the first nine minutes, and the session."""
    session = codec.open_session(node, live=True)
    parts, coverages, records = [], [], {}
    for batch in batches(iter(heard), start_s=DAY_S, end_s=DAY_S + 540.0):
        decoded = codec.decode_into(session, node, batch)
        assert decoded.rejected == ()
        assert decoded.duplicates == 0
        parts.append(decoded.detections)
        coverages += decoded.coverages
        for kind, n in decoded.records.items():
            records[kind] = records.get(kind, 0) + n
    return DetectionBatch.join(parts), coverages, records, session


def rows_of(read, sensor_id):
    detections, _, _, session = read
    return detections.take(detections.sensor == session.roster.index(sensor_id))


def test_the_same_seed_gives_the_same_bytes(day, node, heard):
    again = frames(day, node, Draws(day.seed), day_s=DAY_S, until_s=540.0)
    assert [f for _, f in itertools.islice(again, 5000)] == [f for _, f in heard[:5000]]


def test_another_seed_and_another_raid_give_other_bytes(day, node, heard):
    first = [f.payload for _, f in heard[:3000]]
    for draws in (Draws(day.seed + 1), Draws(day.seed, 1)):
        other = frames(day, node, draws, day_s=DAY_S, until_s=540.0)
        assert [f.payload for _, f in itertools.islice(other, 3000)] != first


@pytest.mark.parametrize("from_s", [0.0, 37.3, 433.21])
def test_a_stream_begun_later_sends_what_it_would_have_sent(day, node, world, heard, from_s):
    draws = Draws(day.seed)
    late = streams(day, node, world, draws, day_s=DAY_S, from_s=from_s)
    for name, stream in late.items():
        whole = [
            f.payload
            for t, f in heard
            if f.source == name
            and t - DAY_S >= from_s - 1e-6
            and not (f.sequence == 0 and name in ("harir-radar", "harir-camera"))  # greetings
        ]
        taken = remoteid.stored if name.endswith("-rid") else bytes
        assert [taken(sent.payload) for sent in itertools.islice(stream, 40)] == whole[:40]


def test_more_birds_change_no_byte_of_what_the_drones_and_airliners_cause(day, node):
    import msgspec

    def claims(scenario):
        found = frames(scenario, node, Draws(2), day_s=DAY_S, until_s=60.0)
        return [f.payload for _, f in found if f.source.endswith("adsb")]

    more = msgspec.structs.replace(day, wander=[])
    assert claims(more) == claims(day)


def test_time_only_grows_and_sequences_count(heard):
    times = [t for t, _ in heard]
    assert times == sorted(times)
    last = {}
    for _, frame in heard:
        assert frame.sequence == last.get(frame.source, -1) + 1
        last[frame.source] = frame.sequence


def test_a_radar_sends_a_sector_crossing_a_sector_and_a_north_mark_a_turn(read, node):
    _, coverages, records, session = read
    turns = 540.0 / node.sensors[0].scan_period_s
    assert records["CAT034"] == pytest.approx(turns * 33, rel=0.01)
    mine = [c for c in coverages if session.roster[c.sensor] == "asad-radar"]
    assert len(mine) == pytest.approx(turns * 32, abs=40)
    for before, after in itertools.pairwise(mine):
        assert after.start_s == pytest.approx(before.end_s, abs=1e-6)
        assert after.azimuth_from_rad == pytest.approx(before.azimuth_to_rad)


def test_radar_plots_are_as_wrong_as_the_site_file_says(read, node, world):
    """Residuals against the truth, by the sigmas that the codec gives each plot, are normal."""
    sensor = next(s for s in node.sensors if s.id == "asad-radar")
    frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
    plots = rows_of(read, "asad-radar")
    residuals = {"range": [], "azimuth": [], "elevation": [], "rate": []}
    drones = [world.row("drone-1"), world.row("drone-2"), world.row("scout")]
    for i in range(len(plots)):
        view = world.seen_from(np.full(len(world), plots.time_s[i] - DAY_S), frame)
        for row in drones:
            turn = (plots.azimuth_rad[i] - view.azimuth_rad[row] + math.pi) % math.tau - math.pi
            off_m = plots.range_m[i] - view.range_m[row]
            if abs(off_m) < 60.0 and abs(turn) < 2.0 * DEG:
                residuals["range"].append(off_m / plots.sigma_range_m[i])
                residuals["azimuth"].append(turn / plots.sigma_azimuth_rad[i])
                up = plots.elevation_rad[i] - view.elevation_rad[row]
                residuals["elevation"].append(up / plots.sigma_elevation_rad[i])
                rate = plots.range_rate_mps[i] - view.range_rate_mps[row]
                residuals["rate"].append(rate / plots.sigma_range_rate_mps[i])
    n = len(residuals["range"])
    assert n > 250
    for name, values in residuals.items():
        # Standard errors at n = 250: 0.063 of the mean, 0.045 of the deviation; four of each.
        assert abs(np.median(values)) < 0.25, name
        spread = np.subtract(*np.percentile(values, [75, 25])) / 1.349
        assert 0.8 < spread < 1.2, name


def test_drones_are_seen_as_often_as_the_law_says(day, node, world):
    """Over many turns the share of plots near the drone agrees with the law at its range."""
    sensor = next(s for s in node.sensors if s.id == "asad-radar")
    frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
    row = world.row("drone-1")
    r50_m = day.visibility[0].r50_m * 10.0 ** (-5.0 / 40.0)
    expected, seen = 0.0, 0
    for seed in range(6):
        session = codec.open_session(node, live=True)
        stream = streams(day, node, world, Draws(seed), day_s=DAY_S, from_s=270.0)["asad-radar"]
        for sent in itertools.takewhile(lambda s: s.time_s < 430.0, stream):
            from tocsin.model import Frame

            piece = Frame("asad-radar", 0, DAY_S + sent.time_s, sent.payload)
            decoded = codec.decode_into(session, node, Batch(DAY_S + sent.time_s, (piece,)))
            for i in range(len(decoded.detections)):
                t_s = decoded.detections.time_s[i] - DAY_S
                view = world.seen_from(np.full(len(world), t_s), frame)
                near = abs(decoded.detections.range_m[i] - view.range_m[row]) < 60.0
                turn = decoded.detections.azimuth_rad[i] - view.azimuth_rad[row]
                seen += near and abs(turn) < 1.5 * DEG
    for t_s in np.arange(270.0, 430.0, 2.0):
        range_m = world.seen_from(np.full(len(world), t_s), frame).range_m[row]
        if range_m <= sensor.max_range_m:
            expected += math.exp(-math.log(2.0) * (range_m / r50_m) ** 4)
    assert seen / (6 * expected) == pytest.approx(1.0, abs=0.12)


def test_the_horizon_is_that_of_the_four_thirds_earth():
    # Textbook: 4.12 (sqrt(h1) + sqrt(h2)) km with heights in metres.
    target_m = np.array([0.0, 30.0, 100.0, 10_000.0])
    twin_km = 4.12 * (math.sqrt(12.0) + np.sqrt(target_m))
    assert physics.horizon_m(12.0, target_m) / 1000.0 == pytest.approx(twin_km, rel=0.002)


def test_detection_is_half_at_r50_and_range_grows_with_the_fourth_root_of_size():
    assert physics.detection_chance(np.array([1000.0]), 1000.0)[0] == pytest.approx(0.5)
    reach = physics.reach_of_size_m(1000.0, np.array([0.0, -10.0, -20.0]))
    assert reach == pytest.approx([1000.0, 562.3, 316.2], rel=1e-3)


def test_the_poisson_number_has_the_asked_mean():
    shares = (np.arange(20_000) + 0.5) / 20_000
    numbers = [physics.poisson(1.7, float(s)) for s in shares]
    assert np.mean(numbers) == pytest.approx(1.7, abs=0.01)
    assert np.var(numbers) == pytest.approx(1.7, abs=0.03)


def test_aircraft_say_where_they_are_within_metres(read, node, world):
    said = rows_of(read, "asad-adsb")
    placed = said.take(np.isfinite(said.lat_deg))
    assert len(placed) > 2000
    assert set(placed.report.tolist()) == {Report.DECLARED}
    addresses = {t.beacon.address: r for r, t in enumerate(world.things) if t.beacon}
    off_m = []
    for i in range(len(placed)):
        row = addresses[placed.declared_id[i].decode()]
        truth, _, _ = world.at(np.full(len(world), placed.time_s[i] - DAY_S))
        claim = geo.geodetic_rows(placed.lat_deg[i], placed.lon_deg[i], truth[row, 2])
        off_m.append(geo.distance_m(truth[row : row + 1], claim)[0])
    # 8 m in each axis; at 240 m/s half of a batch's 0.2 s adds nothing: times are exact here.
    assert np.percentile(off_m, 95) < 40.0
    assert {t.decode().strip() for t in placed.callsign} >= {"SCOUT7", "EXA412"}
    scout = placed.take(placed.declared_id == b"f00107")
    assert set(scout.category[20:].tolist()) == {
        b"B6"
    }  # the first identification is within 5 s


def test_a_camera_states_its_looks_and_scores_that_sum_to_one(read, node, world):
    _, coverages, _, session = read
    sensor = next(s for s in node.sensors if s.id == "asad-camera")
    looks = [c for c in coverages if session.roster[c.sensor] == sensor.id]
    assert len(looks) == 540
    rows = rows_of(read, sensor.id)
    assert np.nansum(rows.class_scores, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert np.isnan(rows.range_m).all()
    frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
    right = near = 0
    for i in range(len(rows)):
        view = world.seen_from(np.full(len(world), rows.time_s[i] - DAY_S), frame)
        for name in ("drone-1", "drone-2"):
            row = world.row(name)
            turn = rows.azimuth_rad[i] - view.azimuth_rad[row]
            if view.range_m[row] < 3000.0 and abs(turn) < 0.5 * DEG:
                near += 1
                right += CLASSES[int(np.nanargmax(rows.class_scores[i]))] == "drone_fixed_wing"
    assert near > 20
    assert right / near > 0.7  # right more often than not, and sometimes wrong


def test_a_site_file_with_a_sensor_that_nobody_described_is_refused(day, node, world):
    import msgspec

    from tocsin.errors import ScenarioError

    blind = msgspec.structs.replace(day, visibility=day.visibility[1:])
    with pytest.raises(ScenarioError, match="asad-radar"):
        next(streams(blind, node, world, Draws(1), day_s=DAY_S)["asad-radar"])


def test_birds_and_drones_alike_drop_out_in_the_doppler_notch(node, world):
    sensor = next(s for s in node.sensors if s.id == "asad-radar")
    frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
    hidden = 0
    for t_s in np.arange(0.0, 600.0, 5.0):
        view = world.seen_from(np.full(len(world), t_s), frame)
        slow = np.abs(view.range_rate_mps) < sensor.min_radial_speed_mps
        assert not (physics.in_view(sensor, view, 12.0) & slow).any()
        hidden += int(slow.sum())
    assert hidden > 50


def test_a_whole_raid_differs_from_another_only_by_its_number(day, node):
    one = open_world(day, node, Draws(1, 3))
    again = open_world(day, node, Draws(1, 3))
    other = open_world(day, node, Draws(1, 4))
    assert one.things == again.things
    assert one.stops == again.stops
    assert one.things != other.things


def test_the_demo_s_sensors_speak_five_formats_over_sockets_of_their_own(node):
    spoken = {s.format for s in node.sensors if s.listen}
    assert spoken == {"asterix", "beast", "detections", "remote-id", "sapient"}
