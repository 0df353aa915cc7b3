"""How far a measurement bends over the width of what is known, judged by drawn places."""

import numpy as np
import pytest

from tocsin.sensor._kernels import linearised_of, measured_of
from tocsin.track import _kernels_bend as kb
from tocsin.track import _kernels_layout as kl

SENSORS = np.zeros((1, 40))
SENSORS[0, 3] = SENSORS[0, 7] = SENSORS[0, 11] = 1.0  # level, facing north, at the origin
UPPER = np.triu_indices(3)


def block_of(place, p):
    out = np.zeros((1, kl.BLOCK))
    out[0, :3], out[0, 6:12] = place, p[UPPER]
    return out


@pytest.mark.parametrize("angle", [0.0, 0.6, 1.2, np.pi / 2])
def test_the_variance_of_the_bend_is_that_of_drawn_places(angle):
    """A line of 150 m one sigma, at an angle to the line of sight from 1.2 km."""
    place = np.array([200.0, 1200.0, 60.0])
    along = np.array([np.sin(angle), np.cos(angle), 0.02])
    p = 150.0**2 * np.outer(along, along) + np.diag([4.0, 4.0, 4.0])
    block = block_of(place, p)
    row = linearised_of(SENSORS, 0, *place, 0.0, 0.0, 0.0)
    found = np.array(kb.bend_of_block(block, 0, 0, row))
    rng = np.random.default_rng(3)
    offs = rng.multivariate_normal(np.zeros(3), p, 40_000)
    drawn = np.array([measured_of(SENSORS, 0, *(place + d), 0.0, 0.0, 0.0)[:3] for d in offs])
    tangent = np.array(row[:3]) + offs @ np.array(row[4:13]).reshape(3, 3).T
    off = drawn - tangent
    off[:, 1] = (off[:, 1] + np.pi) % (2.0 * np.pi) - np.pi
    bend = off.var(axis=0)
    matter = bend > np.array([4.0, 1e-5, 1e-6])
    assert matter.any() or angle == 0.0
    assert found[matter] == pytest.approx(bend[matter], rel=0.35)


def test_what_is_well_known_does_not_bend():
    place, p = np.array([0.0, 3000.0, 100.0]), np.diag([90.0, 90.0, 90.0]) ** 2
    row = linearised_of(SENSORS, 0, *place, 0.0, 0.0, 0.0)
    assert kb.bend_of_block(block_of(place, p), 0, 0, row) == (0.0, 0.0, 0.0)
    assert kb.is_wide(block_of(place, 4.0 * p), 0, 0, 3000.0)
