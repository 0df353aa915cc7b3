"""The columns of what identity remembers of a track; kernels and tables share these names."""

__all__ = [
    "ALONG",
    "ALONG_NOISE",
    "COURSE",
    "COURSE_NOISE",
    "FAST",
    "HEIGHT_SUM",
    "HEIGHT_VAR",
    "HOVER_SUM",
    "LATERAL",
    "LATERAL_NOISE",
    "LONG",
    "LONG_WEIGHT",
    "SECONDS",
    "SLOW",
    "SLOW_WEIGHT",
    "SPEED_SUM",
    "SPEED_VAR",
    "SPREAD_WEIGHT",
    "TIME",
    "VERTICAL",
    "VERTICAL_NOISE",
    "WEIGHT",
    "WIDTH",
]

SECONDS = 0  # observed in all, s
WEIGHT = 1  # seconds, fading
SPEED_SUM = 2
SPEED_VAR = 3
HEIGHT_SUM = 4
HEIGHT_VAR = 5
HOVER_SUM = 6
FAST = 7  # velocity averaged over 1 s (east, north, up)
SLOW = 10  # over 6 s
SLOW_WEIGHT = 13
LONG = 14  # over 20 s (east, north)
LONG_WEIGHT = 16
SPREAD_WEIGHT = 17  # seconds, fading, since SLOW means something
LATERAL = 18  # squares of the wander, and what noise alone would give
ALONG = 19
VERTICAL = 20
COURSE = 21
LATERAL_NOISE = 22
ALONG_NOISE = 23
VERTICAL_NOISE = 24
COURSE_NOISE = 25
TIME = 26  # when it was last looked at, Unix s
WIDTH = 27
