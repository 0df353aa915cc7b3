"""Where everything stands in the tracker's arrays: columns of rows, and nothing else."""

# A block: one motion model's state, 27 numbers; see `_kernels_filter`.
BLOCK = 27
MODELS = 3

# A track: three blocks, and then
MODE = BLOCK * MODELS  # probability of each model (3)
TIME_S = MODE + 3
EXISTENCE = TIME_S + 1
BORN_S = TIME_S + 2
FIRST_S = TIME_S + 3
UPDATED_S = TIME_S + 4
CLASSES = 6  # model.CLASSES
CLASS_LOG = TIME_S + 5  # what the views before the present one told of the class, log (6)
VIEW_LOG = CLASS_LOG + CLASSES  # summed log class scores of the present view (6),
VIEW_S = VIEW_LOG + CLASSES  # and when it began: see `_kernels_classes`
FIRST_EXISTENCE = VIEW_S + 1  # what it was worth when it began
TRACK_WIDTH = FIRST_EXISTENCE + 1

# The integers of a track.
ID, STATUS, HITS, NATURE, SENSORS, MISSES, RIVAL, SHARED = 0, 1, 2, 3, 4, 5, 6, 7
FOLLOWED = 8  # 1 where an episode of registration follows it
SERIAL = 9  # number in the order of birth: what the engine goes by, since ids may be kept
INT_WIDTH = 10
TENTATIVE, CONFIRMED, COASTED, DEAD = 0, 1, 2, 3

# A plot.
P_TIME, P_RANGE, P_VARIANCE, P_MASK, P_NATURE, P_CLASS = 0, 1, 5, 9, 10, 11
P_BORN = 17  # counter of the id of the track that began with it, 0 for none: see `moments`
# False alarms and new targets of a scan if they were everywhere as dense as where the plot is.
P_FALSE, P_BIRTHS = 18, 19
PLOT_WIDTH = 20
COUNTER_BITS = 40  # of a track id; above it 8 bits of the site and 15 of the node
HAS_RANGE, HAS_AZIMUTH, HAS_ELEVATION, HAS_RATE = 1, 2, 4, 8

# A ray: a plot without range that no track explains.
R_TIME, R_SENSOR, R_AZIMUTH, R_ELEVATION, R_VAR_AZIMUTH, R_VAR_ELEVATION, R_MASK = range(7)
RAY_WIDTH = 7

# A track's scratch row in one slice: its predicted blocks, mode probabilities and time, then
COMBINED = TIME_S + 1  # block of the overall state
MEASURED = COMBINED + BLOCK  # range, azimuth, elevation, range rate of it (4)
INNOVATION = MEASURED + 4  # H P H' packed: rr ra re rd aa ae ad ee ed dd (10)
OFFSET_S = INNOVATION + 10  # slice time less state time: below 0 for a late slice
CHANCE = OFFSET_S + 1  # probability of detection
PRIOR = CHANCE + 1  # log of existence over (1 - existence * chance)
SCRATCH_WIDTH = PRIOR + 1
NEAR = 3  # first of three rows of columns: azimuth, range, elevation of a slice's plots
MOTION_WIDTH = 1 + 10 * MODELS  # what the models do in one time step
EDGES = 12  # plots kept for each track, the likeliest ones

# The packed options. Four a motion model, then
Q_H, Q_V, TAU_H_S, TAU_V_S = 0, 1, 2, 3
STAY_S = 12  # mean stay in each model (3)
LEAVE = 15  # where it goes: probability of the lower-numbered of the two others (3)
BIRTHS = 18
GATE = 19  # four limits, by number of scalars
NOISE_H, NOISE_V = 23, 24  # of what is late: see `_kernels_gate`
CONFIRM, DROP_TENTATIVE, DROP, CAP = 25, 26, 27, 28
BIRTH_SPEED_V, BIRTH_MODE = 29, 30  # BIRTH_MODE: first of three
RADIUS_M, COAST_S, CLEAR = 33, 34, 35
KNOWN_M2, LOST_M2 = 36, 37  # squares of horizontal sigmas
LEARN = 38  # 1 where the sensors' own errors are learnt
BIRTH_SPEED_H = 39  # one sigma of a new target's horizontal rates; 0: by its sensor
OPTIONS = 40

# Counters.
LIVE, NEXT_ID, OVERFLOW, BROKEN, EVENTS, RAYS, RAYS_LOST, EDGES_LOST = range(8)
TIES = 8  # rows in the buffer of ties: see `_kernels_registration`
SERIALS = 9  # births so far, counted again after a rewind
COUNTERS = 10

# What happens in a track's life: rows of the log are kind, time, id in two halves.
LOG_CONFIRMED, LOG_LOST, LOG_LEFT, LOG_BROKEN, LOG_MERGED = 0, 1, 2, 3, 4

# What speaks for and against a sensor, fading sums over the looks that held tracks which others
# hold: detections that these should have given, and gave; its plots; those of them that are of
# tracks which others hold; false ones expected; end of the newest look; plots and shared ones
# of the look that is not finished yet.
A_EXPECTED, A_SEEN, A_PLOTS, A_SHARED, A_FALSE, A_END_S, A_NEW_PLOTS, A_NEW_SHARED = range(8)
# Looks at tracks that were there, and how many of them saw it.
A_LOOKS, A_HITS = 8, 9
AUDIT_WIDTH = 10

# An event: what, sensor row, first plot, number of plots, begin and end, sector.
E_KIND, E_SENSOR, E_FIRST, E_COUNT, E_START_S, E_END_S, E_FROM, E_WIDTH = range(8)
EVENT_WIDTH = 8
SLICE, LOOK, TICK = 0, 1, 2
