"""A real watch without a working sensor, in a process of its own, and people who sign in."""

import contextlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import httpx
from tests.ports import free_port
from tests.service.harness import SITE
from tests.service.http_desk import HttpDesk, second_person, sign_in

READY_S = 900.0  # compiling all kernels takes two minutes of a core, which others may share
OFFICER = ["watch officer", "incident officer"]


class RecordService:
    """`tocsin watch` on a free port; `desk` enters rows, `person` makes a further user.

    text: of the site file; options: of the verb; program: what Python runs.
    """

    def __init__(
        self, folder: Path, text: str = SITE, options: Sequence[str] = (),
        program: Sequence[str] = ("-m", "tocsin"),
    ) -> None:  # fmt: skip
        folder.mkdir(exist_ok=True)
        site = self.site = folder / "site.toml"
        site.write_text(text)
        self.log = folder / "log"
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rsplit(":", 1)[1]
        words = ["watch", str(site), "--data", str(folder / "data"), "--port", port, *options]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", *program, *words],
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> "RecordService":
        try:
            end = time.monotonic() + READY_S
            while not (link := re.search(r"/enter\?token=\S+", self.log.read_text())):
                self._wait(end)
            while not self._is_ready():
                self._wait(end)
            self.client = sign_in(self.url, link[0])
        except BaseException:
            self.process.kill()
            raise
        self.people = [self.client]
        self.desk = HttpDesk(self.client)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self.people:
            client.close()
        self.process.terminate()
        self.process.wait(60)

    def _wait(self, end: float) -> None:
        assert self.process.poll() is None, self.log.read_text()
        assert time.monotonic() < end, self.log.read_text()
        time.sleep(0.1)

    def _is_ready(self) -> bool:
        with contextlib.suppress(urllib.error.URLError, OSError):
            return urllib.request.urlopen(f"{self.url}/readyz", timeout=5).status == 200
        return False

    def person(self, name: str) -> httpx.Client:
        """Return the client of a new user who may write in the record."""
        self.people.append(second_person(self.client, self.url, name, OFFICER))
        return self.people[-1]


def cookies_of(client: httpx.Client, url: str) -> list[dict[str, str]]:
    """Return a client's session as a browser takes it."""
    return [{"name": n, "value": v, "url": url} for n, v in client.cookies.items()]


@contextlib.contextmanager
def record_service(
    folder: Path, more: str = "", profile: str = "base"
) -> Iterator[RecordService]:
    """Run the service in a folder; more: what the site file says besides."""
    text = SITE.replace("[node]", f'[node]\nprofile = "{profile}"') + more
    with RecordService(folder, text) as running:
        yield running


def hold(page, url, method="GET"):
    """Keep the requests to an address back; returns those that came so far."""
    held = []

    def take(route):
        if route.request.method == method:
            held.append(route)
        else:
            route.continue_()

    page.route(url, take)
    return held
