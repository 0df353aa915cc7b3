"""Tracks as partners are told of them, drawn at random."""

from hypothesis import strategies as st

from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import LABELS, Ladder, Nature

NAN = float("nan")


def either(low, high):
    return st.just(NAN) | st.floats(low, high)


words = st.text(max_size=8).map(lambda t: "".join(c for c in t if c.isprintable()))
tracks = st.builds(
    ShownTrack,
    id=st.integers(1, 2**63 - 1).map(str),
    kind=st.sampled_from(["measured", "declared", "system"]),
    label=st.sampled_from(LABELS),
    nature=st.sampled_from(Nature.ALL),
    site_id=st.sampled_from(["", "north"]),
    time_s=st.integers(1_700_000_000_000, 1_900_000_000_000).map(lambda ms: ms / 1000.0),
    seen_s=st.floats(1.7e9, 1.9e9),
    lat_deg=st.floats(-89.0, 89.0),
    lon_deg=st.floats(-179.0, 179.0),
    alt_m=either(-300.0, 20_000.0),
    vel_east_mps=either(-200.0, 200.0),
    vel_north_mps=either(-200.0, 200.0),
    vel_up_mps=either(-50.0, 50.0),
    sigma_position_m=either(0.1, 5_000.0),
    sigma_alt_m=either(0.1, 400.0),
    sigma_velocity_mps=either(0.1, 50.0),
    geoid_m=st.floats(-100.0, 80.0),
    confidence=either(0.01, 1.0),
    declared=words,
    callsign=words,
    category=st.sampled_from(["", "A1", "A7", "B6"]),
    step=st.sampled_from(Ladder.ALL),
    coasted=st.booleans(),
)
