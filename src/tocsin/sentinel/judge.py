"""What is gone, from what was heard: values in, a verdict out; the time is an argument.

The server counts as heard when the number of its newest *committed* batch has risen: five a
second while it works, none while it hangs, whatever its sockets still answer. Each thing is
gone once it has not been heard for `gone_s`.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "BLIND", "GONE", "WELL", "Gone", "Heard", "Verdict", "fail_into", "judge", "take_into",
    "why_no_pulse",
]  # fmt: skip

WELL, GONE, BLIND = "well", "gone", "blind"
MAX_SITES = 1_000
MAX_WORDS = 300  # characters of a sentence of the server that is told on


@dataclass(frozen=True, slots=True)
class Gone:
    """One thing that is gone. what: server, sirens, pages or sentinel; since_at: when it was
    heard last, in the sentinel's steady seconds.
    """

    what: str
    place: str
    since_at: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """WELL, GONE or BLIND (nothing can be learned), and what is gone."""

    state: str
    gone: tuple[Gone, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Return what makes it another alarm: which things are gone, not for how long."""
        return (self.state, *(f"{g.what} {g.place}" for g in self.gone))

    @property
    def words(self) -> str:
        """Return it in sentences."""
        return " ".join(g.sentence for g in self.gone) or "Everything is heard."


@dataclass(slots=True)
class Heard:
    """When what was heard last, in steady seconds; began_at stands for what never was."""

    began_at: float
    server_at: float = float("nan")
    pages_at: float = float("nan")
    sirens: dict[str, tuple[float, str, str]] = field(default_factory=dict)
    run: str = ""
    batch: int = -1
    answered_at: float = float("nan")
    not_ready: str = ""
    trouble: str = ""
    is_blind: bool = False

    rises: int = 0  # how often the number of the newest batch has risen
    has_pages: bool = False  # the newest pulse told of an armed page

    def __post_init__(self) -> None:
        self.server_at = self.pages_at = self.began_at

    def is_well(self, what: tuple[str, ...]) -> bool:
        """Tell whether each of the things was really heard, and not only not missed yet."""
        return self.rises > 0 and not self.trouble and (self.has_pages or "pages" not in what)


def why_no_pulse(body: Any, nonce: str) -> str:
    """Say why a decoded answer is no pulse of now, "" where it is one."""
    if not isinstance(body, dict) or body.get("schema") != "tocsin-pulse-1":
        return "what answers there is not a Tocsin of this kind"
    if body.get("nonce") != nonce:
        return "the answer is an old one: something in between repeats it"
    numbers = (body.get("batch"), body.get("committed_age_s"))
    if not all(_is_number(n) for n in numbers) or not isinstance(body.get("run"), str):
        return "the answer does not say when it wrote last"
    age_s = body.get("armed_age_s")
    if age_s is not None and not _is_number(age_s):
        return "the answer does not say when a page was heard"
    sirens = body.get("sirens")
    if not isinstance(sirens, list) or len(sirens) > MAX_SITES:
        return "the answer does not say how the siren paths stand"
    for row in sirens:
        if not isinstance(row, dict) or not isinstance(row.get("site"), str):
            return "the answer does not say how the siren paths stand"
        if row.get("age_s") is not None and not _is_number(row["age_s"]):
            return "the answer does not say how the siren paths stand"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def take_into(heard: Heard, body: dict[str, Any], now: float) -> None:
    """Take a pulse in (one that `why_no_pulse` lets pass), received at `now`."""
    heard.trouble, heard.is_blind = "", False
    heard.answered_at = now
    heard.not_ready = str(body.get("not_ready", ""))[:MAX_WORDS]
    if body["batch"] > heard.batch or body["run"] != heard.run:
        is_first = heard.run == ""
        heard.rises += not is_first
        heard.batch, heard.run = int(body["batch"]), body["run"]
        # A number alone, before it has risen, says nothing of now: a first one only tells by
        # its age, and what was heard is never taken back.
        age_s = float(body["committed_age_s"])
        if not is_first or age_s < 1.0:
            heard.server_at = max(heard.server_at, now - age_s)
    heard.has_pages = body.get("armed_age_s") is not None
    if heard.has_pages:
        heard.pages_at = max(heard.pages_at, now - float(body["armed_age_s"]))
    heard.sirens = {
        row["site"]: (
            now - float(row["age_s"]),
            str(row.get("name", row["site"]))[:MAX_WORDS],
            str(row.get("words", ""))[:MAX_WORDS],
        )
        for row in body["sirens"]
        if row.get("age_s") is not None
    }


def fail_into(heard: Heard, trouble: str, *, is_blind: bool) -> None:
    """Take in that a call failed; is_blind: by a fault on this side."""
    heard.trouble, heard.is_blind = trouble[:MAX_WORDS], is_blind


def judge(
    heard: Heard, now: float, *, gone_s: float, what: tuple[str, ...], server: str
) -> Verdict:
    """Return what is gone now."""
    if now - heard.server_at >= gone_s:
        return _without_server(heard, now, gone_s, server)
    gone = []
    if "sirens" in what:
        for site, (at, name, words) in heard.sirens.items():
            if now - at >= gone_s:
                gone.append(Gone("sirens", site, at, _sirens(name, words, now - at)))
    if "pages" in what and now - heard.pages_at >= gone_s:
        sentence = (
            "No watch page with its sound armed has been heard for "
            f"{now - heard.pages_at:.0f} s: nobody there would hear an alarm."
        )
        gone.append(Gone("pages", "", heard.pages_at, sentence))
    return Verdict(GONE if gone else WELL, tuple(gone))


def _without_server(heard: Heard, now: float, gone_s: float, server: str) -> Verdict:
    for_s = now - heard.server_at
    if heard.is_blind:
        sentence = (
            f"This sentinel has been blind for {for_s:.0f} s: {heard.trouble}. Whether the "
            f"watch at {server} goes on is not known."
        )
        return Verdict(BLIND, (Gone("sentinel", "", heard.server_at, sentence),))
    if now - heard.answered_at < gone_s:
        why = heard.not_ready or "it hangs"
        sentence = (
            f"The watch at {server} answers, but has written nothing for {for_s:.0f} s ({why})."
        )
    else:
        why = f" ({heard.trouble})" if heard.trouble else ""
        sentence = f"The watch at {server} has not answered for {for_s:.0f} s{why}."
    unknown = " How its sirens and pages stand is not known."
    return Verdict(GONE, (Gone("server", "", heard.server_at, sentence + unknown),))


def _sirens(name: str, words: str, for_s: float) -> str:
    why = f" ({words})" if words else ""
    return f"The siren path of {name} has been unheard for {for_s:.0f} s{why}."
