"""Columns of what threat sees, remembers and judges of each (track, zone).

Everything is plan geometry in the site's frame, metres and seconds. `seen` is (n, zones, SEEN):
how a track stands to a zone now. `memory` is (n, REMEMBERED + OF_ZONE zones): what was learnt
of its flight; for each zone its course, then how far off it was at most, its way since, and
where that was (east, north). Judged is (n, zones, JUDGED).
"""

# seen
INSIDE, NEAR, ENTRY, AHEAD, LOW, HIGH, OFF, CENTRE, ABOVE = range(9)
SEEN = 9
# memory
# HEIR: 1 once it took over a way, DOUBT: the odds that that was another thing's, JOINED: where
# it did; see _kernels_heirs. WAY: all that it has flown, by the smoothed velocity.
# NOW: its mean velocity of some seconds; LEG: that of the leg that it flies, LEG_S how long it
# does, LEGS how many others it has flown of late. ASKED: the most that was asked of it.
TIME, WEIGHT, SPEED, EAST, NORTH, PEAK, HEIR, DOUBT, JOINED_EAST, JOINED_NORTH = range(10)
WAY, NOW_EAST, NOW_NORTH, LEG_EAST, LEG_NORTH, LEG_S, LEGS, ASKED = range(10, 18)
REMEMBERED = 18
OF_ZONE = 5
# judged
P_ZONE, EARLY, MEDIAN, LATE, CPA, CPA_TIME, LN_ODDS = range(7)
JUDGED = 7
