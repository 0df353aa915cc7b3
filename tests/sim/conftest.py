"""The day, its node and its world, once for all tests of the simulator."""

import pytest

from tocsin.codec.site_toml import read_site
from tocsin.sim import Draws, default_site, open_world, scenario_named

DAY_S = 1_790_000_000.0  # any day will do


@pytest.fixture(scope="session")
def day():
    return scenario_named("two-bases")


@pytest.fixture(scope="session")
def node():
    return read_site(default_site(DAY_S).encode(), "two_bases.toml")


@pytest.fixture(scope="session")
def world(day, node):
    return open_world(day, node, Draws(day.seed))
