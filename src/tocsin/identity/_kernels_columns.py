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
FAST = 7  # velocity averaged over 1 s (east, north)
SLOW = 9  # over 6 s
SLOW_WEIGHT = 11
LONG = 12  # over 20 s
LONG_WEIGHT = 14
SPREAD_WEIGHT = 15  # seconds, fading, since SLOW means something
LATERAL = 16  # squares of the wander, and the filter's own variance beside each
ALONG = 17
COURSE = 18
LATERAL_NOISE = 19
ALONG_NOISE = 20
COURSE_NOISE = 21
TIME = 22  # when it was last looked at, Unix s
WIDTH = 23
