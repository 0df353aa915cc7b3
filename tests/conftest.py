"""Fixtures that every room shares."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "tocsin", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tocsin")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their length: two workers must collect the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def missing(what: str, remedy: str) -> None:
    """Skip loudly; in CI a skip is a failure."""
    sentence = f"{what} is not here: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of real recordings."""
    folder = os.environ.get("TOCSIN_DATA", "")
    if not folder or not Path(folder).is_dir():
        missing("the folder of real recordings", "set TOCSIN_DATA to it")
    return Path(folder)


@pytest.fixture(scope="session")
def bench_folder() -> Path:
    """Return the folder of the reference scenario generator and scorer."""
    folder = os.environ.get("TOCSIN_BENCH", "")
    if not folder or not Path(folder).is_dir():
        missing("the reference scenario generator", "set TOCSIN_BENCH to its folder")
    return Path(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium that Playwright can drive."""
    path = os.environ.get("TOCSIN_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        missing(
            "Chromium", "run `make test-deps` (Debian package chromium) or set TOCSIN_CHROMIUM"
        )
    return path
