"""The alarm itself: when it sounds, what the operator's command is told, how it ends."""

import http.server
import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time

import pytest

from tocsin.sentinel.alarm import Alarm
from tocsin.sentinel.judge import GONE, WELL, Gone, Verdict
from tocsin.sentinel.notices import Notice, Notices, letter_of
from tocsin.sentinel.settings import Mail, Settings
from tocsin.sentinel.terminal import Terminal

NOTE = (
    "import os, sys; open(sys.argv[1], 'a').write(' '.join(os.environ['TOCSIN_SENTINEL_' + n] "
    "for n in ('STATE', 'WHAT', 'WORDS')) + '\\n')"
)


class Desk:
    def __init__(self, folder, capsys=None, **more):
        self.said = []
        self.settings = Settings("https://w.example.org", "t", folder, **more)
        self.notices = Notices(self.settings, self.said.append)
        self.terminal = Terminal()
        self.alarm = Alarm(self.settings, self.said.append, self.notices, self.terminal)

    def strokes(self, capsys):
        self.terminal.close()
        return capsys.readouterr().err.count("\a")

    def see(self, now, *what):
        gone = tuple(Gone(w, "", 0.0, f"The {w} is gone.") for w in what)
        self.alarm.see(Verdict(GONE if gone else WELL, gone), now)


def until(condition):
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_it_sounds_once_for_the_same_thing_and_anew_for_another(tmp_path, capsys):
    desk = Desk(tmp_path)
    desk.see(0.0)
    assert desk.said == []
    desk.see(1.0, "server")
    desk.see(2.0, "server")
    assert desk.said == ["GONE The server is gone."]
    desk.see(3.0, "sirens", "pages")
    assert desk.said[-1] == "GONE The sirens is gone. The pages is gone."
    assert desk.strokes(capsys) == 3


def test_a_terminal_that_is_held_holds_nothing_else(tmp_path):
    """Ctrl-S, or a pipe that nobody reads."""
    (tmp_path / "token").write_text("x" * 32)
    (tmp_path / "s.toml").write_text(
        'server = "http://127.0.0.1:9"\nsecret = "token"\ngone_s = 3\nwhat = ["server"]\n'
        '[alarm]\nbell = true\ncommand = ["touch", "rang"]\n'
    )
    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    termios.tcflow(theirs, termios.TCOOFF)
    words = [sys.executable, "-m", "tocsin.sentinel", str(tmp_path / "s.toml")]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        until((tmp_path / "rang").exists)
    finally:
        process.kill()
        process.wait()
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        os.close(ours)
        os.close(theirs)


def test_it_ends_by_itself_once_all_has_been_heard_for_a_while(tmp_path):
    desk = Desk(tmp_path)
    desk.see(1.0, "server")
    desk.see(2.0)
    desk.see(4.5)
    assert desk.alarm.stands
    desk.see(5.0)
    assert not desk.alarm.stands
    assert desk.said[-1] == "BACK Everything is heard again. It was: The server is gone."
    desk.see(6.0, "server")
    assert desk.said[-1].startswith("GONE")


def test_what_comes_and_goes_within_the_while_is_one_alarm(tmp_path):
    desk = Desk(tmp_path)
    for second in range(20):
        desk.see(float(second), *(["server"] if second % 2 else []))
    assert [s for s in desk.said if s.startswith("GONE")] == ["GONE The server is gone."]


def test_somebody_who_has_heard_it_makes_the_bell_rare(tmp_path, capsys):
    desk = Desk(tmp_path)
    desk.see(0.0, "server")
    desk.alarm.seen()
    for second in range(1, 125):
        desk.see(float(second), "server")
    assert 2 <= desk.strokes(capsys) <= 4
    assert sum(s.startswith("GONE") for s in desk.said) >= 4  # and still says for how long


def test_the_command_is_told_what_is_gone_and_runs_again(tmp_path):
    out = tmp_path / "out"
    desk = Desk(tmp_path, command=(sys.executable, "-c", NOTE, str(out)), again_s=20.0)
    desk.see(0.0, "server")
    until(out.exists)
    until(lambda: desk.see(1.0, "server") or not desk.alarm.is_running())
    desk.see(15.0, "server")
    assert not desk.alarm.is_running()
    desk.see(20.0, "server")
    assert desk.alarm.is_running()
    until(lambda: len(out.read_text().splitlines()) == 2)
    assert out.read_text().splitlines() == ["gone server The server is gone."] * 2
    desk.alarm.close()


def test_a_command_that_sounds_on_is_ended_when_all_is_back(tmp_path):
    desk = Desk(tmp_path, command=(sys.executable, "-c", "import time; time.sleep(600)"))
    desk.see(0.0, "server")
    child = desk.alarm._child
    assert child.poll() is None
    desk.see(1.0)
    desk.see(4.0)
    assert child.poll() is not None
    desk.alarm.close()


def test_a_command_that_is_not_there_does_not_silence_the_rest(tmp_path, capsys):
    desk = Desk(tmp_path, command=("/no/such/horn",))
    desk.see(0.0, "server")
    assert any("/no/such/horn cannot run" in s for s in desk.said)
    assert desk.strokes(capsys) == 1


def test_a_command_that_fails_is_said(tmp_path):
    desk = Desk(tmp_path, command=(sys.executable, "-c", "raise SystemExit(3)"))
    desk.see(0.0, "server")
    until(lambda: desk.see(1.0, "server") or any("status 3" in s for s in desk.said))
    desk.alarm.close()


@pytest.fixture
def hook():
    """Take what is posted; the first answer is a 503."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((json.loads(body), self.headers["Authorization"]))
            self.send_response(503 if len(got) == 1 else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
    server.shutdown()
    server.server_close()


def test_a_webhook_is_told_and_told_again_after_an_error(tmp_path, hook):
    url, got = hook
    desk = Desk(tmp_path, webhook=url, webhook_token="word")
    desk.notices.start()
    desk.see(0.0, "server")
    until(lambda: len(got) == 2)
    assert got[0] == got[1]
    body, token = got[0]
    assert body["schema"] == "tocsin-sentinel-1"
    assert (body["state"], body["what"]) == ("gone", ["server"])
    assert body["words"] == "The server is gone."
    assert token == "Bearer word"
    desk.notices.stop()


def test_a_letter_says_it_in_the_subject_and_in_words(tmp_path):
    mail = Mail("smtp", "h", 25, "", "", "desk@example.org", ("a@example.org", "b@example.org"))
    letter = letter_of(Notice("gone", ("server",), "The server is gone.", 1.7e9), mail).decode()
    assert "Subject: Tocsin sentinel: GONE server" in letter
    assert "To: a@example.org, b@example.org" in letter
    assert "The server is gone." in letter
