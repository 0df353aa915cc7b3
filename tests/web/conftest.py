"""A Chromium, the built page, and the synthetic sky in a process of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hatch_build
import pytest
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
WAIT_MS = 60_000

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def missing(sentence: str) -> None:
    """Skip loudly; in CI a skip is a failure."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def axe(built_page: Path) -> str:
    """Return the script of axe-core, which comes with what the page is built with."""
    del built_page
    if not AXE.is_file():
        missing("axe-core is not installed: python hatch_build.py --npm --version")
    return AXE.read_text()


@pytest.fixture(scope="session")
def built_page() -> Path:
    """Build the page where it is stale, and return its folder."""
    if not hatch_build.is_current(ROOT):
        hatch_build.build(ROOT)
    return hatch_build.static_folder(ROOT)


def patient(browser: Any) -> None:
    """Let every wait of this browser's pages last a minute: a busy machine takes its time."""
    made = browser.new_context

    def new_context(**options: Any) -> Any:
        context = made(**options)
        context.set_default_timeout(WAIT_MS)
        return context

    browser.new_context = new_context
    browser.new_page = lambda **options: new_context(**options).new_page()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Return a browser: `$TOCSIN_CHROMIUM`, else Debian's chromium.

    One a file: while it runs, an event loop runs in this process, and no other test could.
    """
    wanted = os.environ.get("TOCSIN_CHROMIUM") or shutil.which("chromium") or ""
    if not wanted or not Path(wanted).is_file():
        sentence = "no Chromium: apt-get install chromium, or set TOCSIN_CHROMIUM to one"
        missing(sentence)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        # No sandbox for root; no 3D: the page must not need WebGL.
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
        browser = playwright.chromium.launch(executable_path=wanted, args=arguments)
        patient(browser)
        yield browser
        browser.close()


class Served:
    """The mock service as a process that can be stopped and started again."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.web.mock_service", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *self.options], cwd=ROOT)
        for _ in range(1800):
            assert self.process.poll() is None, "the mock service ended"
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/api/v1/me", timeout=5).close()
                return
            time.sleep(0.1)
        raise AssertionError("the mock service did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(self, path: str, *, post: bool = False) -> bytes:
        request = urllib.request.Request(self.url + path, method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=60) as reply:
            return bytes(reply.read())


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Return a function that starts a mock service with options."""
    running: list[Served] = []

    def start(*options: str) -> Served:
        served = Served(*options)
        running.append(served)
        served.start()
        return served

    yield start
    for served in running:
        served.stop()


@pytest.fixture
def open_page(chromium: Any, built_page: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the watch screen; an error in the page fails the test."""
    del built_page
    contexts: list[Any] = []
    errors: list[str] = []

    def open_at(url: str, *, width: int = 1280, height: int = 800, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_function("() => window.__tocsin?.stats().updates > 0")
        page.wait_for_selector("tbody tr")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert errors == []
