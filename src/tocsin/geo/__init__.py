"""WGS 84, local frames, bearings."""

from tocsin.geo.frames import (
    Frame,
    distance_m,
    ecef_to_geodetic,
    frame_at,
    frame_to_frame,
    from_frame,
    geodetic_rows,
    geodetic_to_ecef,
    local_to_polar,
    polar_to_local,
    to_frame,
    velocity_from_frame,
    velocity_to_frame,
)

__all__ = [
    "Frame",
    "distance_m",
    "ecef_to_geodetic",
    "frame_at",
    "frame_to_frame",
    "from_frame",
    "geodetic_rows",
    "geodetic_to_ecef",
    "local_to_polar",
    "polar_to_local",
    "to_frame",
    "velocity_from_frame",
    "velocity_to_frame",
]
