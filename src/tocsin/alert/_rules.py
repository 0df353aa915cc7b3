"""Delays, dead bands and floors of the ladder that are the same for every site.

What a site sets is in `model.AlertRules` and `model.Zone`; what is here follows from how the
picture behaves (ANSI/ISA-18.2-2016, clause 10: an alarm needs on- and off-delays and dead
bands, or it chatters) and is explained in docs/operating/warning.md.
"""

from tocsin.model import ShiftRule

GRID_S = 0.2  # the assessment grid; one look more or less
MONITOR_ON_S = 1.0
CAUTION_ON_S = 1.0
# While what asks is in doubt CAUTION waits: birds turn away, a camera that erred looks anew. It
# waits less within CAUTION_LEAD_S of the warning line. Of 18 false CAUTIONs among simulated
# birds this left 10.
CAUTION_SURE = 0.9
CAUTION_DOUBT_S = 20.0
CAUTION_NEAR_S = 2.0
CAUTION_LEAD_S = 40.0
# What is as sure as CAUTION_SURE and stays within what a hovering multirotor flies in caution_s
# raises an alarm after this long, though it comes to no zone (alert/_nearby.py).
NEARBY_S = 20.0
NEARBY_MPS = 10.0
SHELTER_ON_S = 0.4  # three looks in a row: a second more is 50 m of a one-way drone's way
# While the harm is in doubt it has to last until a classifier has looked anew (it errs alike
# for 5 s) or a radar has three times; what is slow enough to be in doubt leaves the time.
SHELTER_SURE = 0.8
SHELTER_DOUBT_S = 6.0
MONITOR_OFF_S = 15.0
CAUTION_OFF_S = 20.0
PROPOSAL_OFF_S = 10.0
# After another site file the tracks of a proposal come back under new ids: sensors that call
# again within 5 s, two looks of a radar of 4 s, PROVEN_S. So much longer it waits for them.
SITE_CHANGE_S = 20.0
# While something that asked for CAUTION is out of sight, what begins and comes to the same zone
# asks at half the probability and before its velocity has settled: it may be that. Of 500
# simulated raids two drones that had hovered where the radar is blind were asked about late.
BACK_PROBABILITY = 0.5
# A track that begins within so many seconds of the last look at one that an alarm is about, no
# farther from there than that may have flown, and is found within ANEW_FOUND_S, is in the same
# alarm, and holds it for ANEW_CAUSE_S: its own evidence speaks by then (alert/_anew.py).
ANEW_GAP_S = 12.0
ANEW_FOUND_S = 15.0
ANEW_CAUSE_S = 40.0
ANEW_M = 150.0
ANEW_PACE = 1.2
# What begins where one was lost that was no faster than what may stop is a question, whatever
# its first looks make it, for as long as that one is looked for (OUT_OF_SIGHT_S): who hovers is
# not seen.
STOPS_MPS = 25.0
# What may be harmful (the site's `question_probability`) and may come to a zone's warning line
# is asked about, at MONITOR, after this long (alert/_at_line.py): where it is both at no less
# than this share of that probability. Birds that fly past ask little, the surer of a drone the
# more.
QUESTION_BOTH = 0.25
QUESTION_S = 2.0
QUESTION_OFF_S = 60.0  # probabilities waver, and the same track would be asked about twice
HOLD_TIME = 1.15  # once on, an arrival may be this much later before the step lets go
HOLD_PROBABILITY = 0.8  # and the probability this much lower

# A velocity is believed after this many looks and seconds, or a look less where it is beyond
# birds even two standard deviations slower: at birth it is the difference of two plots.
SETTLED_HITS = 5
SETTLED_S = 4.0
# Before TAKE SHELTER is asked for, a track has lasted for four looks of a radar of 2 s: two
# false plots and a camera's look at a bird behind them make 99 m/s for some 5 s.
PROVEN_S = 8.0
FAST_MPS = 25.0  # few birds fly faster in still air (Alerstam and others 2007: 8 to 23 m/s)

# A speed is known within this, or within this share of it: before, two or three plots that do
# not belong together are faster than any bird.
KNOWN_MPS = 12.0
KNOWN_SHARE = 0.25

MONITOR_HARM = 0.2  # "may be harmful": worth a look; below it a track is known to be harmless
MONITOR_ZONE = 0.02  # floors of the probability of coming to the zone
CAUTION_ZONE = 0.1  # 1 in 20 called birds that a camera took for drones, far to one side
SHELTER_ZONE = 0.15
# and as a share of the track's likeliest zone: the likeliest is always warned, zones between
# which its course does not decide are warned together. Of 20 simulated raids at 51 m/s, 12
# would have sheltered a zone in vain before the last entry at 0, 7 at 0.5, 5 at 0.6; from 0.6
# a zone that was entered on the way to another was warned 15 s later.
SHELTER_SHARE = 0.5
# Of 4,000 bird tracks a day some look like drones at 10 to 1 for a while, to a radar or to a
# classifier. Counting how far a thing has come, TAKE SHELTER asks for so many times the odds
# that the site sets for harm, against birds: 0.95 where it sets 0.5. At 9 a bird that turned
# sharply while a camera took it for a drone twice moved people in one of 60 days; a drone that
# rises near by is proposed 3 s later at 18. Not against aircraft: motion alone cannot tell a
# one-way drone from a light aircraft that declares nothing (0.88 at the most), and of 40 raids
# that one radar saw, 3 were warned of while it asked for that too.
SHELTER_ODDS = 18.0
# The software by itself releases a zone only while its share is no less than that, dead band
# aside. Of 40 other raids at 51 m/s it sheltered a zone in vain in 7 so; at 0.6 in 4, and one
# that was entered on the way was released 33 s later. Not seen for longer than IN_VIEW_S a
# track may come as before: at 51 m/s that is 300 m.
IN_VIEW_S = 6.0
NEAR_LINE = 1.2  # a track whose earliest arrival is within this of the line nears the line

CANCEL_S = 3.0  # a release can be taken back this long
STALE_VIEW_S = 10.0  # older pictures are no ground for lowering protection
SAME_PICTURE_S = 0.01  # what a picture's time may lose on its way to a browser and back
FUTURE_VIEW_S = 5.0  # a picture newer than this cannot have been seen: a clock has jumped
DISPOSITION_S = 900.0
ALL_CLEAR_SHOWN_S = 120.0
CLOSED_SHOWN_S = 600.0  # docs/architecture.md: closed alarms are listed for 10 minutes
ESCALATE_CAUTION_S = 30.0  # unacknowledged
ESCALATE_SHELTER_S = 10.0  # unacknowledged, or proposed and neither released nor refused
ESCALATE_LONGEST_S = (
    300.0  # each further call for the same unacknowledged alarm waits twice as long
)
GROUP_S = 120.0  # tracks whose earliest arrivals are this close are one raid
GROUP_M = 3000.0  # or who fly this close to each other
MAX_ALARMS = 6  # open at one site; beyond it new tracks join the newest
# More than ten alarms in ten minutes are a flood (EEMUA 191; ANSI/ISA-18.2). So many of tracks
# are raised at one site in that time; two are left for sensors and siren path. What comes
# beyond joins the newest, which stays open meanwhile.
FLOOD_S = 600.0
FLOOD_RAISED = 8
MAX_KEYS = 4096
MAX_CLOSED = 200

SHELF_S = 900.0  # of a shelved alarm, where no end was given
SHELF_LONGEST_S = 8 * 3600.0  # a shift: who comes next decides anew
READY_S = 4 * 3600.0  # of raised readiness, where no end was given
READY_LONGEST_S = 24 * 3600.0
MAX_NOTICES = 100
MAX_HANDOVERS = 20  # notes of one shift to the next
MAX_SIGHTINGS = 100
SHIFT_RULE_S = 12 * 3600.0  # a shift; handover ends a rule earlier
# What a shift may let pass unasked: each is about one class that sensors are sure of for a
# while, never about a name or a direction, for those can be borrowed.
SHIFT_RULES = (
    ShiftRule("birds", "bird", 0.98, 10.0, FAST_MPS,
              "birds at 98 % for 10 s, slower than 25 m/s"),
    ShiftRule("likely birds", "bird", 0.90, 20.0, 18.0,
              "birds at 90 % for 20 s, slower than 18 m/s"),
    ShiftRule("balloons", "balloon", 0.98, 10.0, 15.0,
              "balloons at 98 % for 10 s, slower than 15 m/s"),
)  # fmt: skip
SIGHTING_SHOWN_S = 1800.0  # a drone of an hour's endurance has gone or come by then
SIGHTING_OPEN_S = 600.0  # an acknowledged question closes by itself after this
SIGHTING_GROUP_S = 300.0  # reports within this and GROUP_M of each other are one question
# Of directions those of two posts are too, for they may cross; of one post (people walk about
# it) only as far apart as a thing flies on meanwhile and a hand points.
SIGHTING_POST_M, SIGHTING_APART_DEG = 1000.0, 60.0
# Where nobody has looked for so long, what was proposed before is no ground for a release by
# the software; what still comes is proposed anew. A restart takes some seconds.
AWAY_S = 60.0
BLIND_ALARM_S = 10.0  # sensors are gone for this long before it is announced
BLIND_START_S = 300.0  # and after a start, before any was heard: all are started together
ACCOUNT_OPEN_S = 24 * 3600.0  # after a release
MAX_PEOPLE = 100_000  # in one zone's headcount

VOLUME_LOOK_S = 0.9  # between two looks at the protected volumes: once a second of the grid
VOLUME_ON = 0.5  # more likely than not in it, or coming
VOLUME_HOLD = 0.4  # of that, and of a conflict's, while it is told already
VOLUME_LOOKS = 2  # in a row, before anything is told: one wrong plot tells nothing
VOLUME_OFF_LOOKS = 10  # in a row without, before it is told to be free again
CONFLICT_ON = 0.1  # people can turn an aircraft away while it is still unlikely
MAX_CONFLICTS = 50

BLIND = ("silent", "never heard", "fault", "clock fault", "no pose", "contradicts")
AUTOMATIC = "automatic"
