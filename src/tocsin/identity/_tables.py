"""What is known of each class before a track is looked at: priors and motion.

Rows are `model.CLASSES` in their order, then "none of these". Every number is a density that
a person can check against its source; they describe classes of things anywhere, not a site.

Sources
-------
[A] Alerstam, Rosen, Backman, Ericson, Hellgren, "Flight speeds among bird species", PLoS
    Biology 5 (2007) e197: cruising air speeds of 138 species by tracking radar, most of them
    between 8 and 23 m/s.
[B] Bruderer and Boldt, "Flight characteristics of birds: I. radar measurements of speeds",
    Ibis 143 (2001) 178-204; and Bruderer's radar work over the Alps: the bulk of migrating
    birds at 8-18 m/s, fewer than 5 % below 5 m/s.
[C] Published figures of small multirotor drones: cruise 5-18 m/s, at most about 25 m/s, made
    to hover; legal height 120 m (Regulation (EU) 2019/947, UAS.OPEN.010).
[D] Published figures of one-way fixed-wing drones: up to 185 km/h (51 m/s), at 100-400 m for
    the approach; small fixed-wing drones 15-30 m/s; jet-driven ones beyond 100 m/s.
[E] SERA.5005 (Regulation (EU) 923/2012): aircraft fly at 150 m above the ground or higher,
    300 m above towns, except to take off and land; light aeroplanes cruise at 45-65 m/s,
    airliners at 200-260 m/s and 9-12 km; at most 250 kt (129 m/s) below 10,000 ft (SERA.6001).
[F] Balloons drift with the wind: 10 m/s is exceeded near the ground a tenth of the time or
    less (IEC 61400-1, Rayleigh distribution at 7.5 m/s mean, gives 24 % at the hub).
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.model import CLASSES

__all__ = [
    "AIRCRAFT",
    "HEIGHT",
    "HOVER",
    "LN_PRIOR",
    "SPEED",
    "SPREAD_LN_MEAN",
    "SPREAD_LN_SD",
]

Floats = NDArray[np.float64]
ROWS = (*CLASSES, "none")

# Birds are by far the most common small thing near an airfield (425 drone tracks against 4,000
# bird tracks in a radar study of Chalmers University: 1 to 9, where drones were flown on
# purpose). The prior takes 1 to 7, because a missed drone costs more than a questioned bird;
# with 1 to 4, birds near the warning line were "may be harmful" several times an hour in the
# simulated day.
# "None of these" is never ruled out.
PRIOR = {
    "drone_multirotor": 0.05,
    "drone_fixed_wing": 0.05,
    "bird": 0.66,
    "aircraft": 0.10,
    "balloon": 0.03,
    "other": 0.05,
    "none": 0.06,
}

# (weight, mean, standard deviation) of up to four normal parts. Ground speed in m/s.
_SPEED = {
    "drone_multirotor": ((0.20, 1.0, 2.0), (0.60, 11.0, 4.5), (0.20, 18.0, 5.0)),  # [C]
    "drone_fixed_wing": (
        (0.40, 22.0, 6.0),
        (0.50, 47.0, 7.0),
        (0.07, 75.0, 20.0),
        (0.03, 140.0, 30.0),
    ),  # [D]
    "bird": ((0.10, 5.0, 2.5), (0.75, 11.5, 3.8), (0.15, 17.0, 4.5)),  # [A] [B], plus wind
    "aircraft": (
        (0.04, 20.0, 15.0),
        (0.26, 56.0, 12.0),
        (0.35, 100.0, 30.0),
        (0.35, 215.0, 35.0),
    ),  # [E]
    "balloon": ((1.0, 6.0, 4.0),),  # [F]
    "other": ((0.50, 8.0, 6.0), (0.50, 22.0, 9.0)),  # vehicles on the ground, debris
    "none": (
        (0.39, 15.0, 15.0),
        (0.30, 60.0, 40.0),
        (0.29, 160.0, 100.0),
        (0.02, 500.0, 1000.0),
    ),
}

# Height above the site's ground in metres; widths allow for terrain.
_HEIGHT = {
    "drone_multirotor": ((0.75, 80.0, 55.0), (0.25, 220.0, 160.0)),  # [C]
    "drone_fixed_wing": ((0.70, 220.0, 120.0), (0.25, 600.0, 400.0), (0.05, 2500.0, 1500.0)),
    "bird": ((0.75, 90.0, 70.0), (0.25, 400.0, 350.0)),  # [B]: migrants up to some 2 km
    "aircraft": ((0.12, 250.0, 200.0), (0.40, 1200.0, 600.0), (0.48, 7500.0, 3500.0)),  # [E]
    "balloon": ((0.50, 200.0, 200.0), (0.50, 3000.0, 3000.0)),
    "other": ((0.90, 5.0, 20.0), (0.10, 500.0, 1000.0)),
    "none": ((0.60, 300.0, 400.0), (0.38, 2000.0, 3000.0), (0.02, 15000.0, 15000.0)),
}

# An aircraft's speed and height are not had apart: none flies at an airliner's speed near the
# ground ([E]: 129 m/s at most below 10,000 ft), and what does is a missile or a jet-driven
# drone. (weight, speed mean, deviation, height mean, deviation): the slower parts at any of
# the heights, the fastest at one that leaves little for the ground.
_FAST_AIRCRAFT = (0.35, 215.0, 35.0, 8000.0, 3000.0)
_AIRCRAFT = (
    *(
        (speed[0] * height[0], *speed[1:], *height[1:])
        for speed in _SPEED["aircraft"][:-1]
        for height in _HEIGHT["aircraft"]
    ),
    _FAST_AIRCRAFT,
)

# How far the velocity wanders about its own mean over a few seconds, metres per second: the
# median of the root mean square, and the spread (standard deviation of the logarithm) between
# individuals. In the order lateral, along the course, lateral over 20 s. Smoothness,
# turning and speed fluctuation are the cues that the literature on radar tracks of birds and
# drones names; the figures are those of simulated motion, see tests/identity.
_SPREAD = {
    "drone_multirotor": ((0.30, 0.6), (0.35, 0.8), (0.35, 1.0)),
    "drone_fixed_wing": ((0.30, 0.7), (0.25, 0.7), (0.50, 1.0)),
    "bird": ((0.80, 0.5), (0.35, 0.8), (0.60, 0.9)),  # along: changes of pace, as a multirotor
    "aircraft": ((0.35, 0.9), (0.35, 0.9), (0.60, 1.2)),
    "balloon": ((0.20, 0.6), (0.20, 0.6), (0.20, 0.7)),
    "other": ((0.70, 0.8), (0.70, 0.8), (1.00, 1.0)),
    "none": ((1.50, 1.4), (1.00, 1.4), (2.00, 1.4)),
}

# Chance to be slower than 2 m/s at any time, in the air.
_HOVER = {
    "drone_multirotor": 0.25,
    "drone_fixed_wing": 0.002,
    "bird": 0.02,
    "aircraft": 0.01,
    "balloon": 0.2,
    "other": 0.3,
    "none": 0.1,
}

_PARTS = 4


def _mixture(table: dict[str, tuple[tuple[float, float, float], ...]]) -> Floats:
    """Return (rows, parts, 3); unused parts have weight 0 and variance 1."""
    out = np.zeros((len(ROWS), _PARTS, 3))
    out[:, :, 2] = 1.0
    for row, name in enumerate(ROWS):
        for part, values in enumerate(table[name]):
            out[row, part] = values
    return out


def _logs(values: list[float]) -> Floats:
    return np.array([math.log(value) for value in values])


AIRCRAFT = np.array(_AIRCRAFT)
SPEED = _mixture(_SPEED)
HEIGHT = _mixture(_HEIGHT)
LN_PRIOR = _logs([PRIOR[name] for name in ROWS])
SPREAD_LN_MEAN = np.stack([_logs([rms for rms, _ in _SPREAD[name]]) for name in ROWS])
SPREAD_LN_SD = np.array([[sd for _, sd in _SPREAD[name]] for name in ROWS])
HOVER = np.array([_HOVER[name] for name in ROWS])
