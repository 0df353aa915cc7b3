"""`python -m tocsin.sentinel FILE [--check | --test] [--json]`: what `tocsin sentinel` becomes.

The verb has checked the words; here they are taken as they are, so that nothing but the
standard library stays in the memory.
"""

import json
import signal
import sys
import threading
import time
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.sentinel.alarm import Alarm, say_into
from tocsin.sentinel.caller import Caller
from tocsin.sentinel.judge import WELL, Verdict
from tocsin.sentinel.notices import Notices
from tocsin.sentinel.settings import Settings, read_settings
from tocsin.sentinel.terminal import Terminal
from tocsin.sentinel.watch import LOOK_S, Watch, stand


def main(words: list[str]) -> int:
    """Run; 0 well, 1 gone, blind or bad data, 2 a bad call."""
    files = [word for word in words if not word.startswith("--")]
    if len(files) != 1:
        sys.stderr.write(
            "tocsin: give one sentinel file, for example: tocsin sentinel s.toml\n"
        )
        return 2
    try:
        settings = read_settings(Path(files[0]))
        caller = Caller(settings)
    except TocsinError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return error.exit_status
    if "--check" in words:
        return _check(Watch(settings, caller), as_json="--json" in words)
    terminal = Terminal()
    say = say_into(terminal, settings.log)
    notices = Notices(settings, say)
    notices.start()
    alarm = Alarm(settings, say, notices, terminal)
    try:
        if "--test" in words:
            return _test(alarm, notices)
        return _stand(settings, caller, alarm, notices)
    finally:
        terminal.close()


def _stand(settings: Settings, caller: Caller, alarm: Alarm, notices: Notices) -> int:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if sys.stdin is not None and sys.stdin.isatty():
        threading.Thread(target=_hear_enter, args=(alarm,), daemon=True).start()
    stand(Watch(settings, caller), alarm, stopping, alarm.say)
    caller.stop()
    alarm.close()
    notices.stop()
    return 0


def _hear_enter(alarm: Alarm) -> None:
    for _ in sys.stdin:
        alarm.seen()


def _test(alarm: Alarm, notices: Notices) -> int:
    alarm.test()
    end = time.monotonic() + 10.0
    while alarm.is_running() and time.monotonic() < end:
        time.sleep(0.1)
        alarm.tend()
    alarm.close()
    notices.stop(30.0)
    return 0


def _check(watch: Watch, *, as_json: bool) -> int:
    """Look until everything was heard, or something is gone."""
    problems: list[str] = []
    watch.caller.start()
    end = time.monotonic() + watch.settings.gone_s + 1.0
    verdict = Verdict(WELL)
    while time.monotonic() < end:
        time.sleep(LOOK_S)
        verdict = watch.look(problems.append)
        if verdict.state != WELL or watch.heard.is_well(watch.settings.what):
            break
    watch.caller.stop()
    if as_json:
        gone = [
            {"what": g.what, "place": g.place, "sentence": g.sentence} for g in verdict.gone
        ]
        said = {
            "state": verdict.state, "gone": gone, "server": watch.settings.server,
            "batch": watch.heard.batch,
            "sirens": sorted(watch.heard.sirens),
        }  # fmt: skip
        sys.stdout.write(json.dumps(said) + "\n")
    else:
        sys.stdout.write(verdict.words + "\n")
    return 0 if verdict.state == WELL else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
