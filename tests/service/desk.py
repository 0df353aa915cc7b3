"""Warnings on their way: a receiver on loopback, ledger entries, and what to wait for."""

import http.server
import threading
import time

from tests.service.harness import SITE

from tocsin.codec.site_toml import read_site
from tocsin.record import Chain, append_into


class Receiver:
    """A server on loopback that takes CAP messages as it is told to."""

    def __init__(self, port=0):
        self.taken, self.calls, self.answers = {}, [], []
        self.refuses = lambda _body: 0  # the status that a message is refused with, by its body
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                status = outer.refuses(body) or status
                outer.calls.append((status, dict(self.headers), body))
                if status == 200:
                    outer.taken[self.headers["Idempotency-Key"]] = body
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cap?desk=1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def site_with(to, more="", nature="live"):
    text = SITE.replace('listen = "http"', f'listen = "http"\nnature = "{nature}"')
    return f'{text}\n[[channel]]\nid = "desk"\nto = "{to}"\nper_second = 1e3\n{more}\n'


def node_with(to, more="", nature="live"):
    return read_site(site_with(to, more, nature).encode(), "site.toml")


def alert_entries(*kinds, chain=None, nature="live"):
    """Return ledger entries of events in the zone."""
    chain = Chain() if chain is None else chain
    return [
        append_into(chain, "alert", 1.7e9 + k, {
            "what": kind, "at_s": 1.7e9 + k, "site": "north", "zone": "apron", "alarm": "",
            "step": "TAKE SHELTER", "tracks": ["17"], "by": "officer", "text": "",
            "nature": nature,
        })
        for k, kind in enumerate(kinds)
    ]  # fmt: skip


def until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def standing(made):
    return made.status()[0]
