"""What a sensor can see and how wrong it is (shared by `track` and `sim`)."""

from tocsin.sensor.people import (
    FUTURE_S,
    OLD_S,
    Place,
    place_of,
    plot_of,
    post_of,
    site_of,
    with_posts,
)
from tocsin.sensor.table import SensorTable, detection_probability, jacobian, measure, pack

__all__ = [
    "FUTURE_S",
    "OLD_S",
    "Place",
    "SensorTable",
    "detection_probability",
    "jacobian",
    "measure",
    "pack",
    "place_of",
    "plot_of",
    "post_of",
    "site_of",
    "with_posts",
]
