"""What CAT034 and CAT048 records become: detections in SI units, coverage, sources, clocks."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec, geo
from tocsin.codec.asterix import (
    CAT034_1_29,
    CAT048_1_32,
    elevation_of,
    encode_block,
    encode_north_mark,
    encode_plot,
    encode_record,
    encode_sector,
    height_of,
)
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Sensor, Site
from tocsin.units import DEG, TAU

NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC
RADAR = Sensor(
    id="radar-1", format="asterix", lat=33.8, lon=42.4, alt_m=200.0, sac=7, sic=8,
    sigma_range_m=10.0, sigma_azimuth_deg=0.3, sigma_elevation_deg=0.5,
    sigma_range_rate_mps=0.5, scan_period_s=4.0, listen=("udp://239.0.0.1:8600",),
)  # fmt: skip
NODE = Node(sites=(Site("s", "s", 33.8, 42.4, 190.0, geoid_m=12.0),), sensors=(RADAR,))


def take(session, payload, *, at_s=NOON, source="radar-1", path="", node=NODE, number=0):
    batch = Batch(at_s, (Frame(source, number, at_s, payload, path),))
    return codec.decode_into(session, node, batch)


def plots(*encoded):
    return encode_block(48, list(encoded))


def marks(*encoded):
    return encode_block(34, list(encoded))


def live(node=NODE):
    return codec.open_session(node, live=True)


@given(
    st.floats(50.0, 400_000.0),
    st.floats(0.0, TAU),
    st.floats(-500.0, 500.0),
    st.floats(0.0, 20_000.0),
)
def test_a_plot_comes_back_within_half_a_step(range_m, azimuth_rad, rate_mps, height_m):
    encoded = encode_plot(
        7, 8, NOON - 0.3, range_m, azimuth_rad, height_msl_m=height_m, range_rate_mps=rate_mps
    )
    row = take(live(), plots(encoded)).detections
    assert len(row) == 1
    assert row.range_m[0] == pytest.approx(range_m, abs=1852.0 / 512.0 + 1e-6)
    turned = (row.azimuth_rad[0] - azimuth_rad + math.pi) % TAU - math.pi
    assert abs(turned) <= TAU / 131072.0 + 1e-9
    assert row.range_rate_mps[0] == pytest.approx(rate_mps, abs=0.5)
    assert row.time_s[0] == pytest.approx(NOON - 0.3, abs=1.0 / 256.0 + 1e-6)
    elevation_rad = row.elevation_rad[0]
    if not math.isnan(elevation_rad):
        back_m = height_of(row.range_m[0], elevation_rad, 33.8, 200.0) - 12.0
        assert back_m == pytest.approx(height_m, abs=25 * 0.3048 / 2 + 1e-3)


@given(st.floats(200.0, 60_000.0), st.floats(0.0, TAU), st.floats(-0.05, 1.4))
def test_elevation_from_height_is_the_elevation_in_the_sensors_frame(
    range_m, azimuth, elevation
):
    frame = geo.frame_at(33.8, 42.4, 200.0)
    local = geo.polar_to_local([range_m, azimuth, elevation])
    height_m = geo.from_frame(local, frame)[0, 2]
    assert height_of(range_m, elevation, 33.8, 200.0) == pytest.approx(height_m, abs=2.0)
    back = elevation_of(range_m, height_of(range_m, elevation, 33.8, 200.0), 33.8, 200.0)
    assert back == pytest.approx(elevation, abs=1e-6)


def test_rounding_in_the_message_widens_the_sigmas():
    row = take(
        live(), plots(encode_plot(7, 8, NOON, 1000.0, 1.0, height_msl_m=300.0))
    ).detections
    assert row.sigma_range_m[0] == pytest.approx(
        math.hypot(10.0, 1852.0 / 256.0 / math.sqrt(12))
    )
    assert row.sigma_elevation_rad[0] > 0.5 * DEG
    assert np.isnan(row.sigma_range_rate_mps[0])


def test_a_radar_without_elevation_in_the_site_file_gives_none():
    flat = Sensor(id="radar-1", format="asterix", lat=33.8, lon=42.4, sac=7, sic=8)
    node = Node(sensors=(flat,))
    row = take(
        live(node), plots(encode_plot(7, 8, NOON, 1e4, 1.0, height_msl_m=3e3)), node=node
    )
    assert np.isnan(row.detections.elevation_rad[0])


def test_what_the_transponder_says_rides_along():
    encoded = encode_plot(
        7, 8, NOON, 50_000.0, 1.0, flight_level=330.0, address="3c660c", callsign="DLH65A",
        track_number=3563, simulated=True,
    )  # fmt: skip
    row = take(live(), plots(encoded)).detections
    assert row.declared_id[0] == b"3c660c"
    assert row.callsign[0] == b"DLH65A"
    assert row.sensor_track_id[0] == b"3563"
    assert row.alt_m[0] == pytest.approx(33_000 * 0.3048)
    assert row.alt_ref[0] == AltRef.PRESSURE
    assert row.sigma_alt_m[0] == 150.0
    assert row.flags[0] == DetectionBatch.SIMULATED_TARGET


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"020": {"TYP": 0}}, "no detection"),
        ({"020": {"TYP": 5, "RAB": 1}}, "field monitor"),
        ({"040": None}, "no measured position"),
        ({"140": None}, "no time"),
        ({"140": {"TOD_s": 90_000.0}}, "time of day beyond midnight"),
        ({"010": None}, "no data source"),
    ],
)
def test_a_report_that_is_no_target_is_counted_with_its_reason(change, reason):
    values = {
        "010": {"SAC": 7, "SIC": 8}, "140": {"TOD_s": 43_200.0}, "020": {"TYP": 1},
        "040": {"RHO_NM": 1.0, "THETA_deg": 2.0},
    } | change  # fmt: skip
    values = {item: value for item, value in values.items() if value is not None}
    decoded = take(live(), plots(encode_record(CAT048_1_32, values)))
    assert len(decoded.detections) == 0
    assert [r.reason for r in decoded.rejected] == [reason]


def test_nothing_comes_of_a_radar_that_is_not_for_operational_use():
    session = live()
    status = {"010": {"SAC": 7, "SIC": 8}, "000": {"TYP": 1}, "030": {"TOD_s": 43_200.0}}
    nogo = status | {"050": {"COM": {"NOGO": 1}}}
    take(session, marks(encode_record(CAT034_1_29, nogo)))
    decoded = take(session, plots(encode_plot(7, 8, NOON, 1e4, 1.0)))
    assert [r.reason for r in decoded.rejected] == ["not for operational use"]
    take(session, marks(encode_record(CAT034_1_29, status | {"050": {"COM": {"NOGO": 0}}})))
    assert len(take(session, plots(encode_plot(7, 8, NOON, 2e4, 1.0))).detections) == 1


@pytest.mark.parametrize(("measured_s", "arrival_s"), [(-0.5, 0.2), (0.2, 0.1)])
def test_the_time_of_day_finds_its_day_across_midnight(measured_s, arrival_s):
    midnight = 1_767_312_000.0
    session = codec.open_session(NODE, live=False)
    payload = plots(encode_plot(7, 8, midnight + measured_s, 1e4, 1.0))
    row = take(session, payload, at_s=midnight + arrival_s).detections
    assert row.time_s[0] == pytest.approx(midnight + measured_s, abs=0.005)


def test_an_unknown_radar_is_listed_and_has_no_pose():
    session = live()
    decoded = take(session, plots(encode_plot(25, 201, NOON, 1e4, 1.0)))
    assert session.roster == ["radar-1", "asterix-25/201"]
    assert decoded.detections.sensor.tolist() == [1]
    assert codec.sensor_status(session, NODE, NOON)[1].state == "no pose"


def test_a_radar_whose_code_is_left_open_takes_the_first_heard():
    node = Node(sensors=(Sensor(id="r", format="asterix", lat=1.0, lon=2.0),))
    session = live(node)
    payload = plots(encode_plot(1, 1, NOON, 1e4, 1.0), encode_plot(1, 2, NOON, 1e4, 2.0))
    take(session, payload, source="r", node=node)
    assert session.roster == ["r", "asterix-1/2"]


def test_two_radars_on_one_group_are_told_apart():
    other = Sensor(id="radar-2", format="asterix", sac=7, sic=9, listen=RADAR.listen)
    node = Node(sensors=(RADAR, other))
    payload = plots(encode_plot(7, 9, NOON, 1e4, 1.0), encode_plot(7, 8, NOON, 1e4, 2.0))
    rows = take(live(node), payload, node=node).detections
    assert rows.sensor.tolist() == [1, 0]


def test_a_record_by_another_path_counts_once_and_an_equal_one_by_the_same_path_twice():
    session = live()
    payload = plots(encode_plot(7, 8, NOON, 1e4, 1.0))
    assert take(session, payload, path="a").duplicates == 0
    assert take(session, payload, path="b", at_s=NOON + 0.4).duplicates == 1
    assert len(take(session, payload, path="a", at_s=NOON + 0.45).detections) == 1
    assert take(session, payload, path="b", at_s=NOON + 1.2).duplicates == 0


@given(st.integers(0, 255), st.integers(0, 255), st.floats(0.0, 4e9), st.integers(0, 255))
def test_a_sector_crossing_is_what_its_items_make(sac, sic, time_s, step):
    ticks = round(time_s % 86_400.0 * 128) % (86_400 * 128)
    items = {
        "010": {"SAC": sac, "SIC": sic}, "000": {"TYP": 2}, "030": {"TOD_s": ticks / 128},
        "020": {"AZI_deg": step * 360.0 / 256.0},
    }  # fmt: skip
    found = encode_sector(sac, sic, time_s, step * TAU / 256.0)
    assert found == encode_record(CAT034_1_29, items)


def turn(session, sectors, *, period_s=4.0, start_s=NOON, count=32, node=NODE):
    """Send sector crossings; return the coverages."""
    found = []
    for k in sectors:
        time_s = start_s + k * period_s / count
        record = encode_sector(7, 8, time_s, (k % count) * TAU / count)
        found += take(session, marks(record), at_s=time_s + 0.02, node=node).coverages
    return found


def test_sector_crossings_cover_the_circle_without_gap_or_overlap():
    found = turn(live(), range(65))
    assert len(found) == 64
    for a, b in itertools.pairwise(found):
        assert a.end_s == b.start_s
        assert a.azimuth_to_rad == b.azimuth_from_rad
    covered = sum((c.azimuth_to_rad - c.azimuth_from_rad) % TAU for c in found)
    assert covered == pytest.approx(2 * TAU)
    assert all(c.complete and c.sensor == 0 for c in found)


def sectors_of(coverages):
    return [
        (round(c.azimuth_from_rad / TAU * 32), round(c.azimuth_to_rad / TAU * 32))
        for c in coverages
    ]


@pytest.mark.parametrize("after_gap", [20, 33, 40])
def test_lost_marks_are_not_covered(after_gap):
    session = live()
    found = turn(session, [0, 1, 2, after_gap, after_gap + 1])
    last = (after_gap % 32, (after_gap + 1) % 32)
    assert sectors_of(found) == [(0, 1), (1, 2), last]
    (refused,) = [h.rejected for h in session.health.values() if h.rejected]
    assert list(refused.values()) == [1], "and the technician is told"


def test_one_missing_mark_is_bridged():
    assert sectors_of(turn(live(), [0, 1, 3, 4])) == [(0, 1), (1, 3), (3, 4)]


def test_north_marks_alone_cover_whole_turns():
    session, found = live(), []
    for k in range(4):
        record = encode_north_mark(7, 8, NOON + 4.0 * k, rotation_s=4.0)
        found += take(session, marks(record), at_s=NOON + 4.0 * k + 0.02).coverages
    assert [c.end_s - c.start_s for c in found] == [4.0, 4.0, 4.0]
    assert all(c.azimuth_from_rad == c.azimuth_to_rad for c in found)


def test_an_early_north_mark_does_not_break_the_sectors():
    session = live()
    found = turn(session, range(30))
    take(session, marks(encode_north_mark(7, 8, NOON + 4.0)), at_s=NOON + 3.8)
    found += turn(session, range(30, 36))
    assert len(found) == 35


def test_a_radar_without_marks_is_covered_by_its_period_while_it_is_heard():
    session, found = live(), []
    for k in range(100):
        now_s = NOON + 0.2 * k
        if k <= 20:
            take(session, plots(encode_plot(7, 8, now_s, 1e4 + k, 1.0)), at_s=now_s)
        found += codec.decode_into(session, NODE, Batch(now_s)).coverages
    assert [round(c.end_s - c.start_s, 6) for c in found][:2] == [4.0, 4.0]
    # heard until NOON + 4 s, alive for three periods more
    assert NOON + 12.0 <= found[-1].end_s <= NOON + 16.0


def test_no_coverage_before_a_sensor_is_heard():
    session = live()
    assert all(
        not codec.decode_into(session, NODE, Batch(NOON + k)).coverages for k in range(30)
    )


@pytest.mark.parametrize("offset_s", [-20.0, -1.0, 15.0])
def test_a_clock_that_is_off_by_less_than_30_s_is_corrected(offset_s):
    """offset_s: what the sensor's clock shows too much (negative: too little)."""
    session = live()
    for k in range(60):
        now_s = NOON + 0.5 * k
        row = take(
            session, plots(encode_plot(7, 8, now_s + offset_s, 1e4 + 10 * k, 1.0)), at_s=now_s
        ).detections
    if offset_s == -1.0:  # an ordinary delay is no fault of the clock
        assert row.time_s[0] == pytest.approx(now_s - 1.0, abs=0.01)
    else:
        assert row.time_s[0] == pytest.approx(now_s, abs=0.05)
    assert codec.sensor_status(session, NODE, now_s)[0].state == "ok"


def test_a_clock_hours_off_is_a_fault_and_gives_no_detections():
    session = live()
    for k in range(20):
        now_s = NOON + 0.5 * k
        payload = plots(encode_plot(7, 8, now_s - 7200.0, 1e4, 1.0))
        decoded = take(session, payload, at_s=now_s)
        assert len(decoded.detections) == 0
        assert [r.reason for r in decoded.rejected] == ["clock fault"]
    assert codec.sensor_status(session, NODE, now_s)[0].state == "clock fault"
    for k in range(40):
        now_s = NOON + 20.0 + 0.5 * k
        decoded = take(session, plots(encode_plot(7, 8, now_s, 1e4 + k, 1.0)), at_s=now_s)
    assert len(decoded.detections) == 1  # the clock was set right


def test_one_late_report_does_not_move_the_clock():
    session = live()
    for k in range(40):
        now_s = NOON + 0.5 * k
        late_s = 9.0 if k % 7 == 0 else 0.1
        take(session, plots(encode_plot(7, 8, now_s - late_s, 1e4 + k, 1.0)), at_s=now_s)
    assert codec.sensor_status(session, NODE, now_s)[0].clock_offset_s == 0.0


def test_in_a_replay_the_recorded_time_rules():
    session = codec.open_session(NODE, live=False)
    row = take(session, plots(encode_plot(7, 8, NOON - 3600.0, 1e4, 1.0))).detections
    assert row.time_s[0] == NOON - 3600.0


def test_the_doubled_feeds_of_seven_radars_are_each_counted_once(data_folder):
    from tocsin.codec.recordings import open_recording

    path = data_folder / "asterix-croatia" / "cat_034_048.pcap"
    recording = open_recording(path.read_bytes(), path.name)
    frames = tuple(recording.frames)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    decoded = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert decoded.records == {"CAT048": 64, "CAT034": 17}
    assert decoded.duplicates == 81
    assert len(session.roster) == 7
    # 63 addresses, of which the radar's own tracker coasts one
    assert len(set(decoded.detections.declared_id.tolist()) - {b""}) == 62
    assert [r.reason for r in decoded.rejected] == ["no detection"]
    assert all(
        status.state == "no pose"
        for status in codec.sensor_status(session, Node(), frames[-1].arrival_s)
    )
