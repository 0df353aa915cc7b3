"""The columns of what identity remembers of a track; kernels and tables share these names."""

__all__ = [
    "ALONG",
    "ALONG_NOISE",
    "AMBLE",
    "AXIS",
    "COURSE",
    "COURSE_NOISE",
    "FAST",
    "FLOWN",
    "GAPS",
    "HEIGHT_KNOWN",
    "HEIGHT_SUM",
    "HELD",
    "HOVER_LN",
    "HOVER_SUM",
    "JOINED",
    "KNOWN",
    "LATERAL",
    "LATERAL_NOISE",
    "LEAST_NOW",
    "LEAST_SUM",
    "LONG",
    "LONGEST",
    "LONG_WEIGHT",
    "MET",
    "MOST_NOW",
    "NOTCH",
    "NOTCH_SUM",
    "ON_AXIS",
    "PACE",
    "PACE_NOW",
    "PERIOD",
    "RISE",
    "RISE_WEIGHT",
    "SECONDS",
    "SEEN_AT",
    "SEEN_FLOWN",
    "SEEN_S",
    "SEEN_VAR",
    "SITE",
    "SLOW",
    "SLOW_WEIGHT",
    "SPEED_SUM",
    "SPEED_VAR",
    "SPELL",
    "SPELL_AT",
    "SPREAD_WEIGHT",
    "TIME",
    "VELOCITY",
    "VELOCITY_NOISE",
    "VELOCITY_SQUARE",
    "WEIGHT",
    "WIDTH",
]

SECONDS = 0  # observed in all, s
WEIGHT = 1  # seconds, fading
SPEED_SUM = 2
SPEED_VAR = 3
HEIGHT_SUM = 4  # height above the ground times what each look tells of it, fading,
HEIGHT_KNOWN = 5  # and what they tell together, 1/m^2
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
# Fading sums of `_kernels_sums`, each look weighed by how well the velocity is known
KNOWN = 23
VELOCITY = 24  # east, north
VELOCITY_SQUARE = 26  # east-east, east-north, north-north
VELOCITY_NOISE = 29
LEAST_SUM = 32  # variance of the velocity where it is known best
PACE = 33  # speed, speed squared
ON_AXIS = 35  # velocity where it is known best: square, times that direction (east, north)
AXIS = 38  # that direction: east-east, east-north, north-north
RISE_WEIGHT = 41
RISE = 42  # rate of climb, its square, its variance
PACE_NOW = 45
LEAST_NOW = 46
MOST_NOW = 47
HOVER_LN = 48  # how much likelier a multirotor stands still like this than a bird (log)
# Of what motion says of multirotor or bird (log), what goes beyond what it may say: above 0 of
# what speaks for a multirotor, does not count towards harm; below 0 of what speaks for a bird.
HELD = 49
AMBLE = 50  # as VELOCITY: weight of looks at which it was slower than birds cruise
FLOWN = 51  # seconds in which it was seen to fly
SPELL = 52  # seconds that it stands still in one place now
SPELL_AT = 53  # where (east, north)
LONGEST = 55  # such spell, fading, s
NOTCH = 56  # least speed towards or away at which those that hold it see it, m/s
PERIOD = 57  # of the sensor with that limit, s
NOTCH_SUM = 58  # as VELOCITY: weight times that limit
SEEN_S = 59  # when it was last seen, Unix s,
SEEN_AT = 60  # and where (east, north, up)
SEEN_VAR = 63  # horizontal and vertical variance of that
GAPS = 65  # seconds in which no look of a radar with such a limit saw it, fading
JOINED = 66  # longest spell that rests on a new track being an old one, fading, s
MET = 67  # 1 once it has been shown
SITE = 68  # index of its site
SEEN_FLOWN = 69  # FLOWN when it was last seen: what coasts was not seen to fly
WIDTH = 70
