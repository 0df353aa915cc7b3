"""CAT015, CAT021 and CAT129: tables against libasterix, records as rows."""

import json
import math

import asterix.base as peer
import asterix.generated as peer_tables
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.codec.test_asterix_tables import record_values

from tocsin import codec
from tocsin.codec.asterix import (
    Broken,
    beside_edition,
    blocks,
    encode_block,
    encode_record,
    records,
)
from tocsin.codec.asterix_wire import renamed_frame
from tocsin.geo import frame_at, from_frame, polar_to_local
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Report, Sensor, Site
from tocsin.units import DEG

NOON_S = 1_767_268_800.0  # 2026-01-01 12:00 UTC
READ = [(15, "1.2"), (21, "2.7"), (21, "0.26"), (21, "0.23"), (129, "1.2")]
PEERS = {
    (15, "1.2"): peer_tables.Cat_015_1_2,
    (21, "2.7"): peer_tables.Cat_021_2_7,
    (21, "0.26"): peer_tables.Cat_021_0_26,
    (21, "0.23"): peer_tables.Cat_021_0_23,
}
HERE = Sensor("r", lat=50.0, lon=8.0, alt_m=100.0, format="asterix", sac=1, sic=2)


def parse(table, raw):
    block = encode_block(table.category, [raw])
    return list(records(block, next(blocks(block)), table))


def decoded(category, *values, sensor=HERE, edition="", live=False, at_s=NOON_S, node=None):
    if edition:
        sensor = Sensor(**{f: getattr(sensor, f) for f in ("id", "lat", "lon", "format")},
                        editions={f"{category:03d}": edition})  # fmt: skip
    table = beside_edition(category, edition)
    payload = encode_block(category, [encode_record(table, v) for v in values])
    node = node or Node(sensors=(sensor,))
    session = codec.open_session(node, live=live)
    return codec.decode_into(session, node, Batch(at_s, (Frame(sensor.id, 0, at_s, payload),)))


def given_record(which):
    return st.tuples(st.just(which), record_values(beside_edition(*which)))


@settings(max_examples=60)
@given(st.sampled_from(READ).flatmap(given_record))
def test_what_is_written_is_read_back(case):
    which, values = case
    raw = encode_record(beside_edition(*which), values)
    (record,) = parse(beside_edition(*which), raw)
    assert record.values() == values
    assert record.raw == raw


@settings(max_examples=60)
@given(st.sampled_from(sorted(PEERS)).flatmap(given_record))
def test_the_peer_reads_what_is_written_and_writes_it_the_same(case):
    which, values = case
    raw = encode_record(beside_edition(*which), values)
    result = PEERS[which].cv_uap.parse(peer.Bits.from_bytes(raw))
    assert not isinstance(result, ValueError), result
    (record,) = result
    assert record.unparse().to_bytes() == raw
    assert all(record.get_item(item) is not None for item in values)


@settings(max_examples=200)
@given(st.sampled_from(sorted(PEERS)), st.binary(min_size=1, max_size=60))
def test_random_records_are_read_exactly_where_the_peer_reads_them(which, raw):
    result = PEERS[which].cv_uap.parse(peer.Bits.from_bytes(raw))
    try:
        mine = parse(beside_edition(*which), raw)
    except Broken:
        assert isinstance(result, ValueError)
        return
    assert not isinstance(result, ValueError), raw.hex()
    assert [r.raw for r in mine] == [r.unparse().to_bytes() for r in result]


def elements(variation, at=0):
    """Give (place in bits, bits, content rule) of each element of a fixed item of the peer."""
    if hasattr(variation, "cv_bit_size") and hasattr(variation, "cv_rule"):
        yield at, variation.cv_bit_size, variation.cv_rule
        return
    for item in getattr(variation, "cv_items_list", ()):
        one = item[0] if isinstance(item, tuple) else item
        bits = item[1] if isinstance(item, tuple) else one.cv_bit_size
        if hasattr(one, "cv_non_spare"):
            yield from elements(one.cv_non_spare.cv_rule.cv_variation, at)
        at += bits


def fixed_items(which):
    """Give (name, our group, the peer's variation) of every fixed item and subitem."""
    ours = beside_edition(*which).items
    for name, item in ours.items():
        variation = PEERS[which].cv_record.spec(name).cv_rule.cv_variation
        if hasattr(item, "octets") and not hasattr(item, "fx"):
            yield name, item.group, variation
        for subitem in getattr(item, "subitems", ()):
            if hasattr(subitem[1], "octets") and not hasattr(subitem[1], "fx"):
                theirs = variation.spec(subitem[0]).cv_rule.cv_variation
                yield f"{name}/{subitem[0]}", subitem[1].group, theirs


@pytest.mark.parametrize("which", sorted(PEERS))
def test_every_quantity_of_every_fixed_item_has_the_step_and_sign_of_the_peer(which):
    compared = 0
    for name, group, variation in fixed_items(which):
        steps = {}
        for at, bits, rule in elements(variation):
            content = getattr(rule, "cv_content", None)
            if hasattr(content, "cv_lsb"):
                is_signed = content.cv_signedness.__name__ == "Signed"
                steps[at] = (bits, content.cv_lsb, is_signed)
        at = 0
        for field in group.fields:
            if at in steps:
                bits, lsb, is_signed = steps.pop(at)
                assert field.bits == bits, name
                # What has no unit and a step of one is a plain count with us.
                assert field.lsb == pytest.approx(lsb, rel=1e-12) or lsb == 1.0, name
                assert (field.kind == "int") == is_signed, name
                compared += 1
            at += field.bits
        assert not steps, name
    assert compared > (100 if which[0] == 15 else 15)


def test_the_real_reports_of_a_ground_station_are_as_the_peer_decoded_them(data_folder):
    folder = data_folder / "asterix-croatia"
    lines = (folder / "cat21_re.ast.decoded.jsonl").read_text().splitlines()
    node = Node()
    session = codec.open_session(node, live=False, formats={"s": "asterix"})
    payload = (folder / "cat21_re.ast").read_bytes()
    found = codec.decode_into(session, node, Batch(0.0, (Frame("s", 0, 0.0, payload),)))
    assert found.records == {"CAT021": 2}
    assert not found.rejected
    rows = found.detections
    for row, theirs in enumerate(map(json.loads, lines)):
        assert rows.lat_deg[row] == pytest.approx(theirs["I130"]["Lat"]["val"], abs=1e-4)
        assert rows.lon_deg[row] == pytest.approx(theirs["I130"]["Lon"]["val"], abs=1e-4)
        assert rows.declared_id[row].decode() == theirs["I080"]["TAddr"]["val"].lower()
        assert rows.flags[row] & DetectionBatch.ON_GROUND
        whole_s = math.floor(theirs["I073"]["time_reception_position"]["val"])
        assert whole_s - 1 <= rows.time_s[row] % 86_400.0 <= whole_s + 2


ADSB = {
    "010": {"SAC": 1, "SIC": 2},
    "040": {"ATP": 0, "ARC": 0, "RC": 0, "RAB": 0},
    "080": {"ADR": "3c6444"},
    "071": {"TOA_s": 43_199.5},
    "131": {"LAT_deg": 50.1, "LON_deg": 8.2},
    "140": {"GH_ft": 1000.0},
    "145": {"FL": 20.0},
    "090": {"NUCRNACV": 2, "NUCPNIC": 8, "NICBARO": 0, "SIL": 3, "NACP": 9},
    "210": {"VNS": 0, "VN": 2, "LTT": 2},
    "160": {"RE": 0, "GS_NMps": 0.125, "TA_deg": 90.0},
    "157": {"RE": 0, "GVR_ftpmin": -600.0},
    "170": {"TID": "DLH123"},
    "020": {"ECAT": 13},
}


def test_a_report_becomes_a_declared_row_in_si_units_with_its_integrity():
    rows = decoded(21, ADSB).detections
    assert len(rows) == 1
    assert rows.report[0] == Report.DECLARED
    assert rows.time_s[0] == NOON_S - 0.5
    assert rows.declared_id[0] == b"3c6444"
    assert rows.callsign[0] == b"DLH123"
    assert rows.category[0] == b"B6"
    assert rows.lat_deg[0] == pytest.approx(50.1, abs=1e-7)
    assert rows.lon_deg[0] == pytest.approx(8.2, abs=1e-7)
    assert rows.alt_m[0] == pytest.approx(304.8)
    assert rows.alt_ref[0] == AltRef.ELLIPSOID
    assert rows.nic[0] == 8
    assert rows.sigma_position_m[0] == pytest.approx(30.0 / 2.4477, rel=1e-3)
    assert rows.vel_east_mps[0] == pytest.approx(0.125 * 1852.0, abs=0.1)
    assert rows.vel_north_mps[0] == pytest.approx(0.0, abs=0.1)
    assert rows.vel_up_mps[0] == pytest.approx(-3.048, abs=0.02)


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"DCR": 0, "GBS": 1}, DetectionBatch.ON_GROUND),
        ({"DCR": 0, "SIM": 1}, DetectionBatch.SIMULATED_TARGET),
        ({"DCR": 0, "GBS": 0, "LLC": 0, "LDPJ": 1}, DetectionBatch.IMPLAUSIBLE),
        ({"DCR": 0, "GBS": 0, "LLC": 0, "RCF": 1}, DetectionBatch.IMPLAUSIBLE),
        ({"ATP": 1}, DetectionBatch.TWO_PLACES),
    ],
)
def test_what_the_station_doubts_goes_with_the_report(change, flag):
    rows = decoded(21, ADSB | {"040": ADSB["040"] | change}).detections
    assert rows.flags[0] & flag
    assert not decoded(21, ADSB).detections.flags[0] & flag


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"040": ADSB["040"] | {"RAB": 1}}, "field monitor"),
        ({"080": {"ADR": "000000"}}, "no address"),
        ({"131": {"LAT_deg": 91.0, "LON_deg": 8.2}}, "position outside the Earth"),
        ({"071": {"TOA_s": 90_000.0}}, "time of day beyond midnight"),
    ],
)
def test_a_report_that_is_none_is_counted_with_its_reason(change, reason):
    found = decoded(21, ADSB | change)
    assert [r.reason for r in found.rejected] == [reason]
    assert not len(found.detections)


def test_the_time_of_reception_is_as_fine_as_the_report_says():
    plain = {k: v for k, v in ADSB.items() if k != "071"}
    fine = {"073": {"TOMR_s": 43_199.9921875}, "074": {"FSI": 1, "TOMR_s": 0.25}}
    assert decoded(21, plain | fine).detections.time_s[0] == pytest.approx(NOON_S + 0.25)
    sent = {"077": {"TRT_s": 43_198.0}}
    assert decoded(21, plain | sent).detections.time_s[0] == NOON_S - 2.0
    assert decoded(21, plain).detections.time_s[0] == NOON_S  # says no time: that of arrival


def test_an_old_edition_is_read_where_the_site_file_names_it_and_makes_nothing_otherwise():
    old = {
        "010": {"SAC": 1, "SIC": 2},
        "040": {"ATP": 1, "ARC": 1},
        "030": {"TOD_s": 43_200.0},
        "130": {"LAT_deg": 50.0, "LON_deg": 8.0},
        "080": {"ADR": "3c6444"},
        "160": {"GS_NMps": 0.0625, "TA_deg": 0.0},
    }
    for edition in ("0.23", "0.26"):
        rows = decoded(21, old, edition=edition).detections
        assert rows.declared_id[0] == b"3c6444"
        assert rows.lat_deg[0] == pytest.approx(50.0, abs=2e-5)
        assert rows.vel_north_mps[0] == pytest.approx(0.0625 * 1852.0)
        assert rows.nic[0] == -1
        assert not rows.flags[0] & DetectionBatch.TWO_PLACES
        payload = encode_block(21, [encode_record(beside_edition(21, edition), old)] * 3)
        node = Node(sensors=(HERE,))
        session = codec.open_session(node, live=False)
        found = codec.decode_into(
            session, node, Batch(NOON_S, (Frame("r", 0, NOON_S, payload),))
        )
        assert not len(found.detections)
        assert found.rejected


UAS = {
    "010": {"SAC": 1, "SIC": 2},
    "020": {"MANUFACTURER": "ABC"},
    "030": {"MODEL": "X10"},
    "040": {"SERIAL": "123456789012"},
    "050": {"COUNTRY": "DE"},
    "070": {"TOD_s": 43_200.0},
    "080": {"LAT_deg": 50.0, "LON_deg": 8.0},
    "090": {"AMSL_m": 250.0},
    "110": {"CEP_m": 10.0},
    "185": {"HVX_mps": 3.0, "HVY_mps": -4.0},
    "220": {"VV_mps": 1.5},
}


def test_a_uas_report_of_the_published_layout_is_read():
    """Octets laid out by hand from SPEC-0149-29: 010, 050, 070, 080, 090, 110."""
    body = bytes.fromhex("87d00000") + b"US" + bytes.fromhex("546000")
    body += (59_652_323).to_bytes(4, "big") + (-119_304_647).to_bytes(4, "big", signed=True)
    body += bytes.fromhex("001388000c")
    (record,) = parse(beside_edition(129), body)
    values = record.values()
    assert values["070"] == {"TOD_s": 43_200.0}
    assert values["080"]["LAT_deg"] == pytest.approx(10.0, abs=1e-4)
    assert values["080"]["LON_deg"] == pytest.approx(-20.0, abs=1e-4)
    assert values["090"]["AMSL_m"] == pytest.approx(500.0)
    assert values["110"] == {"CEP_m": 12.0}


def test_a_uas_report_becomes_a_declared_row_of_an_unmanned_aircraft():
    node = Node(
        sites=(Site(id="a", name="A", alt_m=0.0, lat=50.0, lon=8.0, geoid_m=48.0),),
        sensors=(HERE,),
    )
    rows = decoded(129, UAS, node=node).detections
    assert rows.declared_id[0] == b"ABC-X10-123456789012"
    assert rows.category[0] == b"B6"
    assert rows.alt_m[0] == pytest.approx(298.0)  # over the ellipsoid
    assert rows.alt_ref[0] == AltRef.ELLIPSOID
    assert rows.sigma_position_m[0] == pytest.approx(
        10.0 / math.sqrt(2.0 * math.log(2.0)), rel=1e-3
    )
    assert (rows.vel_east_mps[0], rows.vel_north_mps[0]) == pytest.approx((3.0, -4.0))
    assert rows.vel_up_mps[0] == pytest.approx(1.5)
    found = decoded(129, {k: v for k, v in UAS.items() if k != "040"})
    assert [r.reason for r in found.rejected] == ["no identification"]


def plot(**items):
    head = {"010": {"SAC": 1, "SIC": 2}, "000": {"MT": 3, "RG": 0}, "145": {"TOA_s": 43_200.0}}
    return head | {"020": {"MOMU": 0, "TTAX": 0, "SCD": 0}} | items


POLAR = {
    "625": {"R": {"R_m": 2000.0}, "SDR": {"SDR_m": 5.0}},
    "626": {"DV": {"DV_mps": -12.5}},
    "627": {"AZ": {"AZ_deg": 90.0}, "SDASZ": {"SDASZ_deg": 0.5}},
    "628": {"EL": {"EL_deg": 45.0}},
}


def test_a_plot_of_a_drone_radar_is_a_plot():
    rows = decoded(15, plot(**POLAR, **{"161": {"TPN": 7}})).detections
    assert rows.report[0] == Report.PLOT
    assert rows.range_m[0] == pytest.approx(2000.0)
    assert rows.azimuth_rad[0] == pytest.approx(math.pi / 2.0)
    assert rows.elevation_rad[0] == pytest.approx(math.pi / 4.0)
    assert rows.range_rate_mps[0] == pytest.approx(-12.5)
    assert rows.sigma_range_m[0] == pytest.approx(5.0)
    assert rows.sigma_azimuth_rad[0] == pytest.approx(0.5 * DEG, rel=2e-3)
    assert rows.sensor_track_id[0] == b"7"


def test_a_plot_that_says_where_is_what_the_sensor_measured_for_it():
    frame = frame_at(HERE.lat, HERE.lon, HERE.alt_m)
    lat, lon, height = from_frame(polar_to_local((2000.0, 1.0, 0.25)), frame)[0]
    place = {
        "600": {"P84": {"LAT_deg": lat / DEG, "LON_deg": lon / DEG},
                "HPP": {"X_m": 4.0, "Y_m": 4.0, "COR": 0.0}},
        "601": {"GH": {"GH_m": height}},
    }  # fmt: skip
    rows = decoded(15, plot(**place)).detections
    assert rows.range_m[0] == pytest.approx(2000.0, abs=0.05)
    assert rows.azimuth_rad[0] == pytest.approx(1.0, abs=1e-4)
    assert rows.elevation_rad[0] == pytest.approx(0.25, abs=1e-4)
    assert rows.sigma_range_m[0] == pytest.approx(4.0)


def test_a_track_of_the_sensor_s_own_tracker_is_a_track_and_its_end_is_told():
    kind = {"000": {"MT": 4, "RG": 0}, "161": {"TPN": 9}}
    velocity = {"602": {"HV": {"X_mps": 10.0, "Y_mps": -5.0}}, "604": {"VV": {"VV_mps": 2.0}}}
    rows = decoded(15, plot(**POLAR) | kind | velocity).detections
    assert rows.report[0] == Report.TRACK
    frame = frame_at(HERE.lat, HERE.lon, HERE.alt_m)
    lat, lon, height = from_frame(polar_to_local((2000.0, 90 * DEG, 45 * DEG)), frame)[0]
    assert rows.lat_deg[0] == pytest.approx(lat / DEG, abs=1e-6)
    assert rows.lon_deg[0] == pytest.approx(lon / DEG, abs=1e-6)
    assert rows.alt_m[0] == pytest.approx(height, abs=0.2)
    assert rows.vel_east_mps[0] == pytest.approx(10.0)
    end = decoded(15, plot() | {"000": {"MT": 5, "RG": 0}, "161": {"TPN": 9}}).detections
    assert end.flags[0] & DetectionBatch.TRACK_END


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (POLAR | {"020": {"MOMU": 1, "TTAX": 0, "SCD": 0}}, "bistatic range"),
        (POLAR | {"020": {"MOMU": 0, "TTAX": 1, "SCD": 0}}, "reference target"),
        ({}, "no measured position"),
        (POLAR | {"000": {"MT": 9, "RG": 0}}, "unknown message type"),
        (POLAR | {"000": {"MT": 4, "RG": 0}}, "mandatory item missing"),
    ],
)
def test_a_target_that_is_no_detection_is_counted_with_its_reason(items, reason):
    found = decoded(15, plot() | items)
    assert [r.reason for r in found.rejected] == [reason]
    assert not len(found.detections)


def test_a_category_without_a_table_is_shown_by_libasterix_and_never_in_the_watch():
    raw = (
        peer_tables.Cat_016_1_0.cv_record.create({"010": (("SAC", 1), ("SIC", 2)), "000": 1})
        .unparse()
        .to_bytes()
    )
    payload = encode_block(16, [raw])
    node = Node()
    batch = Batch(NOON_S, (Frame("s", 0, NOON_S, payload),))
    session = codec.open_session(node, live=False, formats={"s": "asterix"})
    found, trace = codec.decode_records(session, node, batch)
    assert found.records == {"CAT016": 1}
    assert trace[0]["I010"] == "0102"
    session = codec.open_session(node, live=True, formats={"s": "asterix"})
    found = codec.decode_into(session, node, batch)
    assert [r.reason for r in found.rejected] == ["category not read"]


def names_of(payload):
    node = Node()
    session = codec.open_session(node, live=False, formats={"s": "asterix"})
    found = codec.decode_into(session, node, Batch(NOON_S, (Frame("s", 0, NOON_S, payload),)))
    return [name.decode() for name in found.detections.declared_id]


FOURTH = "X-TK" + "0123456789ABC"


@pytest.mark.parametrize("framing", ["", "oradis", "final-frame"])
def test_the_serial_number_of_a_drone_is_renamed_in_place_and_all_else_stays(framing):
    alone = {k: v for k, v in UAS.items() if k not in ("020", "030")}
    table = beside_edition(129)
    blocks_ = encode_block(21, [encode_record(beside_edition(21), ADSB)])
    blocks_ += encode_block(129, [encode_record(table, v) for v in (UAS, alone)])
    payload = blocks_
    if framing == "oradis":
        payload = (len(blocks_) + 6).to_bytes(2, "big") + bytes(4) + blocks_
    elif framing == "final-frame":
        payload = (len(blocks_) + 12).to_bytes(2, "big") + bytes(6) + blocks_ + b"\xa5" * 4
    asked = []

    def name_for(name):
        asked.append(name)
        return FOURTH

    renamed = renamed_frame(payload, framing, name_for)
    assert asked == ["ABC-X10-123456789012", "uas-123456789012"]
    assert len(renamed) == len(payload)
    assert b"123456789012" not in renamed
    assert names_of(renamed) == ["3c6444", FOURTH, FOURTH]
    assert names_of(payload) == ["3c6444", *asked]


def test_a_serial_number_does_not_survive_in_a_block_that_cannot_be_read():
    raw = encode_record(beside_edition(129), UAS)
    for cut in range(1, len(raw)):
        payload = encode_block(129, [raw, raw[:cut]])
        renamed = renamed_frame(payload, "", lambda name: FOURTH)
        assert b"1234" not in renamed
        truncated = renamed_frame(payload[:-1], "", lambda name: FOURTH)
        assert b"1234" not in truncated
