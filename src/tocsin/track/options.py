"""Every setting of the tracker, in one frozen value."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.track import _kernels_layout as kl
from tocsin.track.models import NEVER_S, BirthModel, ClutterMap, Motion, MotionModels

__all__ = ["Options", "chi2_quantile", "pack_options"]


@dataclass(frozen=True, slots=True)
class Options:
    """How targets move, how many come, and when a track begins and ends.

    There is one default for every site; what differs between sites is said of their sensors.

    quiet_q, agile_q, hover_q: spectral density of the horizontal acceleration noise of the
    three motion models, m^2/s^3; *_q_up: of the vertical one. hover_tau_s, tau_up_s: the time
    in which a horizontal (hover only) or vertical rate decays by 1/e. *_stay_s: mean time
    that a target keeps to a model.
    births_per_scan: new targets that one scan of one sensor is expected to show; together
    with false_alarms_per_scan of the sensor it says how far an unexplained plot is trusted.
    climb_mps: one sigma of the vertical rate of a new target. gate_probability: share of a
    target's own plots that the gate lets through.
    confirm: probability of existence from which a track is shown; drop: below which a shown
    one ends; drop_tentative: share of its first
    probability below which one that was never shown ends; most: the probability is
    never taken to be higher. clear: share of one plot from which other plots are not mixed in.
    coast_s: after that time without a plot a track ends whatever the coverage says.
    known_m, lost_m: horizontal sigma of position below which a track can be shown, and above
    which it ends (above twice that, while a sensor without range still sees it).
    late_s: what comes up to that late is put in its place (see `lag`); what comes later is
    counted and not used.
    max_tracks: rows kept; beyond it new tracks are counted as overflow and not begun.
    learn_errors: whether the sensors' own errors are learnt and taken off, who contradicts the
    others is named, and false alarms far beyond what is stated are found (see `strays`).
    motion: ways to move of one's own, instead of quiet_*, agile_*, hover_* and tau_up_s;
    births: where and how fast targets appear, instead of births_per_scan and climb_mps;
    clutter: maps of false alarms, at most one a sensor, instead of its false_alarms_per_scan.

    Raises CallError for a value that cannot be.
    """

    quiet_q: float = 0.1
    agile_q: float = 7.0
    hover_q: float = 2.0
    quiet_q_up: float = 0.02
    agile_q_up: float = 1.0
    hover_q_up: float = 0.1
    hover_tau_s: float = 2.0
    tau_up_s: float = 30.0
    quiet_stay_s: float = 16.0
    agile_stay_s: float = 6.0
    hover_stay_s: float = 10.0
    births_per_scan: float = 0.1
    climb_mps: float = 5.0
    gate_probability: float = 0.999999
    confirm: float = 0.99
    drop_tentative: float = 0.02
    drop: float = 0.1
    most: float = 0.9999
    clear: float = 0.995
    coast_s: float = 30.0
    known_m: float = 250.0
    lost_m: float = 600.0
    late_s: float = 10.0
    max_tracks: int = 65_536
    learn_errors: bool = True
    motion: MotionModels | None = None
    births: BirthModel | None = None
    clutter: tuple[ClutterMap, ...] = ()

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name in _NO_NUMBERS:
                continue
            _check_number(name, getattr(self, name))
        if not self.drop < self.confirm <= self.most:
            raise CallError(
                f"options drop, confirm and most are {self.drop}, {self.confirm} and"
                f" {self.most}; drop must be below confirm, and confirm not above most",
                drop=self.drop, confirm=self.confirm, most=self.most,
            )  # fmt: skip
        if not isinstance(self.learn_errors, bool | np.bool_):
            raise CallError(
                f"option learn_errors is {self.learn_errors!r}; it must be True or False",
                name="learn_errors", value=self.learn_errors,
            )  # fmt: skip
        for name, kind in (("motion", MotionModels), ("births", BirthModel)):
            value = getattr(self, name)
            if not (value is None or isinstance(value, kind)):
                raise CallError(
                    f"option {name} is {value!r}; give a {kind.__name__}, or None", name=name
                )
        if not isinstance(self.clutter, tuple | list):
            raise CallError(
                f"option clutter is {self.clutter!r}; give a tuple of ClutterMaps",
                name="clutter",
            )
        names = [getattr(part, "sensor", None) for part in self.clutter]
        if None in names or len(set(names)) < len(names):
            raise CallError(
                f"option clutter must be ClutterMaps, one a sensor; these are of {names}",
                name="clutter",
            )


_NO_NUMBERS = ("learn_errors", "motion", "births", "clutter")
_SHARES = ("gate_probability", "confirm", "drop_tentative", "drop", "most", "clear")


def _check_number(name: str, value: object) -> None:
    number = math.nan
    if isinstance(value, int | float | np.integer | np.floating):
        number = math.nan if isinstance(value, bool) else float(value)
    if name == "max_tracks":
        whole = isinstance(value, int | np.integer)
        possible, right = whole and number > 0.0, "a positive whole number"
    elif name in _SHARES:
        possible, right = 0.0 < number < 1.0, "above 0 and below 1"
    else:
        possible, right = math.isfinite(number) and number > 0.0, "a positive number"
    if not possible:
        raise CallError(
            f"option {name} is {value!r}; it must be {right}", name=name, value=value
        )


def chi2_quantile(probability: float, freedom: int) -> float:
    """Return the chi-square quantile for 1 to 6 degrees of freedom, by bisection on the closed
    forms of the distribution.
    """
    low, high = 0.0, 200.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if _chi2_below(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def _chi2_below(x: float, freedom: int) -> float:
    """Distribution function for 1 to 6 degrees of freedom (Abramowitz and Stegun, 26.4)."""
    root = math.sqrt(x)
    if freedom % 2:
        below = math.erf(root / math.sqrt(2.0))
        term = math.sqrt(2.0 / math.pi) * root * math.exp(-x / 2.0)
        first = 3
    else:
        below = 1.0 - math.exp(-x / 2.0)
        term = math.exp(-x / 2.0) * x / 2.0
        first = 4
    for step in range(first, freedom + 1, 2):
        below -= term
        term *= x / step
    return below


def pack_options(options: Options, radius_m: float) -> NDArray[np.float64]:
    """Return the row of numbers that the kernels read."""
    out = np.zeros(kl.OPTIONS)
    models, jumps, first = (options.motion or _default_motion(options)).three()
    for m, model in enumerate(models):
        tau_s, tau_up_s = min(model.tau_s, NEVER_S), min(model.tau_up_s, NEVER_S)
        out[4 * m : 4 * m + 4] = model.q, model.q_up, tau_s, tau_up_s
        out[kl.STAY_S + m] = model.stay_s
    out[kl.LEAVE : kl.LEAVE + 3] = jumps[0, 1], jumps[1, 0], jumps[2, 0]
    out[kl.BIRTH_MODE : kl.BIRTH_MODE + 3] = first
    births = options.births or BirthModel(options.births_per_scan, None, options.climb_mps)
    out[kl.BIRTHS] = births.per_scan
    out[kl.GATE : kl.GATE + 4] = [
        chi2_quantile(options.gate_probability, n) for n in (1, 2, 3, 4)
    ]
    out[kl.NOISE_H] = 0.5 * max(model.q for model in models)
    out[kl.NOISE_V] = 0.5 * max(model.q_up for model in models)
    out[kl.CONFIRM], out[kl.DROP_TENTATIVE] = options.confirm, options.drop_tentative
    out[kl.DROP], out[kl.CAP] = options.drop, options.most
    out[kl.BIRTH_SPEED_H], out[kl.BIRTH_SPEED_V] = births.speed_mps or 0.0, births.climb_mps
    out[kl.RADIUS_M], out[kl.COAST_S], out[kl.CLEAR] = radius_m, options.coast_s, options.clear
    out[kl.LEARN] = 1.0 if options.learn_errors else 0.0
    out[kl.KNOWN_M2], out[kl.LOST_M2] = options.known_m**2, options.lost_m**2
    return out


def _default_motion(options: Options) -> MotionModels:
    up_s = options.tau_up_s
    quiet = Motion(
        options.quiet_q, options.quiet_q_up, math.inf, up_s, options.quiet_stay_s, 0.6
    )
    agile = Motion(
        options.agile_q, options.agile_q_up, math.inf, up_s, options.agile_stay_s, 0.3
    )
    hover = Motion(
        options.hover_q,
        options.hover_q_up,
        options.hover_tau_s,
        up_s,
        options.hover_stay_s,
        0.1,
    )
    # A quiet target turns or stops by turning agile, a hovering one starts likewise.
    jumps = np.array([[0.0, 0.95, 0.05], [0.6, 0.0, 0.4], [0.1, 0.9, 0.0]])
    return MotionModels((quiet, agile, hover), jumps)
