"""CoT events of tracks: types of the published list, times that hold, drops that are drops."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st
from tests.codec.shown import tracks

from tocsin.codec.cot import (
    TYPES,
    CotStream,
    dropped,
    event_of,
    is_air,
    is_drop,
    payloads_of,
    read_event,
    split_into,
)
from tocsin.codec.cot.outgoing import ROTORCRAFT
from tocsin.model import LABELS


def test_every_type_is_in_the_published_list_and_of_no_affiliation(data_folder):
    text = (data_folder / "cot-types" / "CoTtypes.xml").read_text()
    listed = set(re.findall(r'cot="([^"]+)"', text))
    assert len(listed) > 1000
    assert set(TYPES) == set(LABELS)
    for kind in {*TYPES.values(), ROTORCRAFT}:
        assert re.match(r"[ab]-", kind)
        assert kind.startswith("a-u-A")
        assert re.sub(r"^a-u-", "a-.-", kind) in listed, kind


@given(st.lists(tracks, max_size=4), st.booleans(), st.floats(0.2, 60.0))
def test_what_is_written_is_read_again_by_our_own_reader(shown, protobuf, period_s):
    events = [event_of(track, 7, period_s) for track in shown]
    stream = CotStream()
    data = b"".join(payloads_of(events, protobuf=protobuf, stream=True))
    back = [read_event(item) for item in split_into(stream, data)]
    assert not stream.rest
    assert len(back) == len(events)
    for track, one, sent in zip(shown, back, events, strict=True):
        assert is_air(one)
        assert (one.type, one.uid, one.how, one.opex) == (
            sent.type,
            sent.uid,
            sent.how,
            sent.opex,
        )
        assert one.uid.startswith("tocsin.7.")
        assert one.stale_s - one.time_s >= max(10.0, 5.0 * period_s) - 0.002
        assert not is_drop(one)
        for name in ("lat_deg", "lon_deg", "alt_m", "sigma_position_m", "sigma_alt_m"):
            said, mine = getattr(one, name), getattr(track, name)
            assert said == mine or (math.isnan(said) and math.isnan(mine)), name
        if not math.isnan(one.speed_mps):
            course_rad = math.radians(one.course_deg)
            assert math.isclose(
                one.speed_mps * math.sin(course_rad), track.vel_east_mps, abs_tol=1e-6
            )
            assert math.isclose(
                one.speed_mps * math.cos(course_rad), track.vel_north_mps, abs_tol=1e-6
            )


@given(tracks, st.booleans())
def test_the_last_word_on_a_track_is_stale_before_it_starts(track, protobuf):
    last = dropped(event_of(track, 7, 1.0), track.time_s + 3.0)
    (payload,) = payloads_of([last], protobuf=protobuf, stream=False)
    (item,) = split_into(CotStream(), payload)
    back = read_event(item)
    assert back.uid == last.uid
    assert is_drop(back)
    assert back.stale_s < back.start_s
