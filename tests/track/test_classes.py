"""Class reports of one thing: what they tell together, judged by a plain twin and by laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model import CLASSES
from tocsin.track import _kernels_classes as kc
from tocsin.track import _kernels_layout as kl

MULTIROTOR, BIRD = CLASSES.index("drone_multirotor"), CLASSES.index("bird")
REPORTS = st.lists(
    st.tuples(
        st.floats(0.0, 120.0),
        st.lists(st.floats(-7.0, 0.0), min_size=len(CLASSES), max_size=len(CLASSES)),
        st.floats(0.0, 1.0),
    ),
    max_size=40,
)


def told(reports):
    """Return the class logs (classes,) after reports (seconds, log scores, weight)."""
    tracks = np.zeros((1, kl.TRACK_WIDTH))
    plot = np.zeros((1, kl.PLOT_WIDTH))
    for at_s, logs, weight in reports:
        plot[0, kl.P_TIME] = at_s
        plot[0, kl.P_CLASS : kl.P_CLASS + kl.CLASSES] = logs
        kc.report_into(tracks, 0, plot, 0, weight)
    return kc.class_logs(tracks)[0]


def plainly(reports):
    """The same by views: lists of reports, each view bounded, older ones faded."""
    views = []
    for at_s, logs, weight in reports:
        if not any(logs):
            continue
        if not views or at_s - views[-1][0] > kc.LASTS_S:
            views.append((at_s, []))
        views[-1][1].append(weight * np.array(logs))
    total = np.zeros(kl.CLASSES)
    for number, (_, rows) in enumerate(reversed(views)):
        view = sum(rows)
        total += kc.FADE**number * np.maximum(view - view.max(), -kc.MOST_LN)
    return total


def says(name, at_s, ln=-20.0):
    """Return a report that leaves no doubt, if it were believed."""
    return at_s, [0.0 if c == CLASSES.index(name) else ln for c in range(len(CLASSES))], 1.0


def test_the_layout_has_a_column_for_each_class():
    assert len(CLASSES) == kl.CLASSES


@given(REPORTS)
def test_it_is_what_the_views_tell_one_by_one(reports):
    first = (0.0, [-0.1] * len(CLASSES), 1e-9)  # a track begins with a plot: its first view
    ordered = [first, *sorted(reports, key=lambda report: report[0])]
    found = told(ordered)
    assert np.allclose(found - found.max(), plainly(ordered) - plainly(ordered).max())


@given(REPORTS)
def test_no_class_is_ruled_out_by_more_than_all_views_may_tell(reports):
    found = told(reports)
    assert np.isfinite(found).all()
    assert found.max() - found.min() <= kc.MOST_LN / (1.0 - kc.FADE) + 1e-9


@pytest.mark.parametrize("count", [1, 5, 50])
def test_one_view_tells_no_more_than_a_classifier_is_worth(count):
    every = kc.LASTS_S / count
    found = told([says("drone_multirotor", every * k) for k in range(count)])
    assert found[MULTIROTOR] - found[BIRD] == pytest.approx(math.log(9.0))


def test_views_that_agree_tell_more_and_one_that_does_not_takes_it_back():
    views = [says("drone_multirotor", 20.0 * k) for k in range(4)]
    odds = [told(views[: k + 1])[MULTIROTOR] - told(views[: k + 1])[BIRD] for k in range(4)]
    assert odds == sorted(odds)
    assert odds[-1] > math.log(200.0)
    wrong = [says("drone_multirotor", 0.0), *(says("bird", 20.0 * k) for k in range(1, 3))]
    found = told(wrong)
    assert found[BIRD] - found[MULTIROTOR] > math.log(9.0)


def test_plots_that_say_nothing_of_the_class_begin_no_view():
    silent = [(30.0 * k, [0.0] * len(CLASSES), 1.0) for k in range(1, 5)]
    one = says("bird", 0.0)
    assert np.array_equal(told([one, *silent]), told([one]))
    assert told(silent).tolist() == [0.0] * len(CLASSES)


def test_a_look_counts_by_the_time_since_the_same_sensor_looked():
    assert kc.class_weight(1.0, 4.0) == pytest.approx(0.2)
    assert kc.class_weight(60.0, 1.0) == 1.0
    assert kc.class_weight(math.inf, 2.0) == pytest.approx(0.4)
    assert kc.class_weight(-3.0, 1.0) == 0.0
