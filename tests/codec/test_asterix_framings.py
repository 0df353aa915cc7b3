"""What is around ASTERIX blocks, told or seen in the bytes; which editions the tables read."""

import json
import subprocess
import sys

import asterix.base as peer
import asterix.generated as peer_tables
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec._asterix_frames import FRAMINGS, unframed
from tocsin.codec.asterix import (
    EDITIONS,
    EDITIONS_BESIDE,
    READABLE,
    beside_edition,
    blocks,
    encode_block,
    encode_plot,
    records,
)
from tocsin.codec.recordings import open_recording
from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError, SiteError
from tocsin.model import Batch, Frame

T = 1_790_000_000.0
SITE = """
[node]
name = "North field"
[[sensor]]
id = "radar"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:8600"
sac = 1
sic = 2
"""
PLOTS = encode_block(48, [encode_plot(1, 2, T, 5000.0, 1.0), encode_plot(1, 2, T, 6000.0, 2.0)])


def oradis(*bodies):
    return b"".join((len(b) + 6).to_bytes(2, "big") + b"\0\0\0\0" + b for b in bodies)


def final_frame(*bodies):
    return b"".join(
        (len(b) + 12).to_bytes(2, "big") + bytes(6) + b + b"\xa5" * 4 for b in bodies
    )


WRAPPED = {"raw": PLOTS, "oradis": oradis(PLOTS, PLOTS), "final-frame": final_frame(PLOTS)}


def heard(payload, more="", framings=None):
    node = read_site((SITE + more).encode(), "site.toml")
    session = codec.open_session(node, live=True, framings=framings)
    decoded = codec.decode_into(session, node, Batch(T, (Frame("radar", 0, T, payload),)))
    return decoded.records.get("CAT048", 0), {r.reason: r.count for r in decoded.rejected}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_framing_is_seen_in_a_datagram_and_can_be_told(name):
    plots = 4 if name == "oradis" else 2
    assert heard(WRAPPED[name]) == (plots, {})
    assert heard(WRAPPED[name], f'framing = "{name}"') == (plots, {})


@pytest.mark.parametrize("told", FRAMINGS)
@pytest.mark.parametrize("name", FRAMINGS)
def test_what_has_another_framing_than_told_is_counted(name, told):
    if name == told:
        return
    records, reasons = heard(WRAPPED[name], f'framing = "{told}"')
    assert records == 0
    assert sum(reasons.values()) >= 1


def test_a_damaged_message_costs_what_comes_after_it_and_no_more():
    records, reasons = heard(oradis(PLOTS) + b"\xff\xff" + PLOTS, 'framing = "oradis"')
    assert (records, reasons) == (2, {"no ORADIS message": 1})


def test_what_the_caller_says_rules_over_the_site_file():
    assert heard(PLOTS, 'framing = "oradis"', {"radar": "raw"}) == (2, {})


@given(st.binary(max_size=60), st.sampled_from(["", *FRAMINGS]))
def test_whatever_comes_nothing_is_invented(payload, framing):
    inner, _ = unframed(payload, framing)
    assert len(inner) <= len(payload)
    at = 0
    for octet in inner:  # what is left stands in the payload, in the same order
        at = payload.index(octet, at) + 1


def run(*words):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *map(str, words), "--json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout.splitlines()[-1:], done.stderr


def test_the_oradis_capture_gives_its_records_with_the_option(data_folder):
    path = data_folder / "asterix-croatia" / "cat_001_002.pcap"
    for words in (("decode", "asterix", path, "--summary"), ("replay", path)):
        code, (line,), _ = run(*words, "--framing", "oradis")
        assert (code, json.loads(line)["records"]) == (0, {"CAT001": 7, "CAT002": 1})
    code, lines, errors = run("decode", "asterix", path, "--framing", "raw")
    assert (code, lines) == (1, [])
    assert "truncated block" in errors


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_file_is_read_with_the_framing_that_is_told(name):
    recording = open_recording(WRAPPED[name], "day", framing=name)
    frames = list(recording.frames)
    assert b"".join(f.payload for f in frames) in (PLOTS, PLOTS + PLOTS)
    assert recording.framings == {"day": "raw"}
    assert recording.skipped == {}


def test_a_file_of_a_site_s_sensor_is_read_with_that_sensor_s_framing():
    text = SITE.replace("sac = 1\nsic = 2\n", "") + 'framing = "oradis"'
    node = read_site(text.encode(), "site.toml")
    recording = open_recording(WRAPPED["oradis"], "day", format="asterix", node=node)
    assert recording.source == "radar"
    assert b"".join(f.payload for f in recording.frames) == PLOTS + PLOTS


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"framing": "morse"}, "there is no framing"),
        ({"framing": "raw", "format": "avr"}, "none"),
    ],
)
def test_an_impossible_call_is_a_sentence(options, sentence):
    with pytest.raises(CallError, match=sentence):
        open_recording(PLOTS, "day", **options)


OTHER = SITE.replace('[node]\nname = "North field"\n', "").replace(
    '"radar"\nkind', '"two"\nkind'
)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('framing = "morse"', "it can be raw, final-frame, oradis"),
        ('editions = { "048" = "1.14" }', "CAT048 edition 1.14; the table here reads 1.27"),
        ('editions = { "001" = "1.4" }', "read are 015, 021, 034, 048, 062, 063, 065, 129"),
        ('editions = { "021" = "1.8" }', "CAT021 edition 1.8; the table here reads 0.23"),
        ('framing = "oradis"\n' + OTHER.replace("sic = 2", "sic = 3"), "different framings"),
    ],
)
def test_what_cannot_be_in_the_site_file_is_a_sentence(more, sentence):
    with pytest.raises(SiteError, match=sentence):
        read_site((SITE + more).encode(), "site.toml")


def test_only_asterix_has_framings_and_editions():
    for more in ('framing = "raw"', 'editions = { "048" = "1.32" }'):
        with pytest.raises(SiteError, match='only "asterix" has them'):
            read_site(
                SITE.replace('"asterix"', '"beast"').encode() + more.encode(), "site.toml"
            )


@pytest.mark.parametrize("category", READABLE)
def test_every_edition_that_can_be_named_is_accepted(category):
    for edition in READABLE[category]:
        more = f'editions = {{ "{category}" = "{edition}" }}'
        (sensor,) = read_site((SITE + more).encode(), "site.toml").sensors
        assert sensor.editions == {category: edition}


# The peer has a table for each edition: lengths of items, extents of extended ones.


def layout(variation):
    """How long an item is: a number of bits, or what its parts are."""
    kind = next(c.__name__ for c in variation.__mro__ if c.__module__ == peer.__name__)
    if kind in ("Element", "Group"):
        return variation.cv_bit_size
    if kind == "Extended":
        return [[None if i is None else i[1] for i in part] for part in variation.cv_items_list]
    if kind == "Repetitive":
        return kind, variation.cv_rep_bytes, layout(variation.cv_variation)
    if kind == "Compound":
        return kind, tuple(
            None if i is None else layout(i.cv_rule.cv_variation)
            for i in variation.cv_items_list
        )
    return kind


def profile(category, edition):
    table = getattr(peer_tables, f"Cat_{category}_{edition.replace('.', '_')}")
    found = []
    for entry in table.cv_record.cv_items_list:
        item = getattr(entry, "cv_non_spare", None)
        rule = getattr(item, "cv_rule", None)
        found.append(item and (item.cv_name, layout(rule.cv_variation)))
    return found


def bits(extent):
    return [sum(n or 1 for n in part) for part in extent]


def is_read_by(older, newer):
    """Tell whether all that the older table holds is cut the same by the newer one."""
    if len(older) != len(newer):
        return False
    for a, b in zip(older, newer, strict=True):
        if a is None or b is None:
            if a is not b:
                return False
        elif a[0] != b[0]:
            return False
        elif isinstance(a[1], list):
            if bits(a[1]) != bits(b[1])[: len(a[1])]:
                return False
        elif a[1] != b[1]:
            return False
    return True


def table_of(category, edition):
    """Return the name of the edition whose table here reads that one."""
    if int(category) in EDITIONS_BESIDE:
        return beside_edition(int(category), edition).edition
    return EDITIONS[int(category)].edition


@pytest.mark.parametrize("category", sorted(set(READABLE) - {"129"}))  # the peer has no 129
def test_the_peer_s_tables_of_each_edition_are_cut_as_ours(category):
    for edition in READABLE[category]:
        ours = profile(category, table_of(category, edition))
        assert is_read_by(profile(category, edition), ours), edition


def test_the_editions_of_adsb_reports_before_2_0_are_cut_another_way():
    assert not is_read_by(profile("021", "0.26"), profile("021", "2.7"))
    assert not is_read_by(profile("021", "0.23"), profile("021", "0.26"))


@pytest.mark.parametrize(
    ("category", "newest", "before", "item"),
    [("062", "1.21", "1.20", "080"), ("063", "1.7", "1.6", "060")],
)
def test_an_extent_that_only_the_newest_edition_has_is_read(category, newest, before, item):
    assert READABLE[category][-2:] == (before, newest)
    assert not is_read_by(profile(category, newest), profile(category, before))
    table = EDITIONS[int(category)]
    octets = [0x01] * (len(bits_of(newest, category, item)) - 1) + [0x80]
    place = table.places[item]
    head = bytearray((place // 7) + 1)
    for i in range(place // 7):
        head[i] = 1
    head[0] |= 0x80  # 010 stands first
    head[place // 7] |= 0x80 >> place % 7
    raw = bytes(head) + b"\x19\x64" + bytes(octets)
    peer_table = getattr(peer_tables, f"Cat_{category}_{newest.replace('.', '_')}")
    assert not isinstance(peer_table.cv_uap.parse(peer.Bits.from_bytes(raw)), ValueError)
    block = encode_block(int(category), [raw])
    (record,) = records(block, next(blocks(block)), table)
    said = record.read(item)
    assert said["M5I" if category == "062" else "TTFEP"] == 1


def bits_of(edition, category, item):
    """Return the peer's extents of an item."""
    return dict(filter(None, profile(category, edition)))[item]
