"""A desk: acts of people on a fresh ledger, and the two-bases day as facts to enter."""

import hashlib

from tocsin.model import Entry
from tocsin.model.records import RecordAct
from tocsin.model.register import Register
from tocsin.record import apply_into, fold_into, open_chain

WEDNESDAY_S = 1_785_900_000.0  # any time; the reports give no date


class Desk:
    """One ledger and its register, at a time that the test sets."""

    def __init__(self, now_s: float = WEDNESDAY_S) -> None:
        self.chain, first = open_chain("live", now_s, {"node": "Two bases"})
        self.register = Register()
        self.entries: list[Entry] = [first]
        fold_into(self.register, [first])
        self.now_s = now_s
        self.count = 0

    def try_act(self, verb: str, *, user: str = "editor-1", **body: object) -> tuple[bool, str]:
        self.count += 1
        self.now_s += 1.0
        act = RecordAct(verb, f"key-{self.count}", user, self.now_s, body)
        entries, accepted, sentence = apply_into(self.register, self.chain, act, self.now_s)
        self.entries += entries
        return accepted, sentence

    def act(self, verb: str, *, user: str = "editor-1", **body: object) -> str:
        """Record and return the new row's id; a refusal fails the test."""
        accepted, sentence = self.try_act(verb, user=user, **body)
        assert accepted, sentence
        return list(self.register.rows)[-1]


def chain(*names: str) -> list[dict[str, object]]:
    """Steps of a chain; "name|note" is one that the text names only by position."""
    steps: list[dict[str, object]] = []
    for name in names:
        source, _, note = name.partition("|")
        steps.append({"source": source, "explicit": not note, "note": note} if note
                     else {"source": source})  # fmt: skip
    return steps


PARAGRAPHS = [
    "Two drones that flew at an air base in western Iraq were intercepted.",
    "Hours later a second base was attacked; the attempt was foiled.",
    "No injuries were reported in either incident.",
]
PAGE = [
    {"kind": "share", "state": "shown"},
    {"kind": "share", "state": "shown"},
    {"kind": "share", "state": "shown"},
    {"kind": "wire label", "text": "WIRE"},
    {"kind": "trending", "text": "Another story"},
    {"kind": "poll placeholder", "text": "[poll]", "state": "did not render"},
    {"kind": "related", "text": "Another story"},
    {"kind": "origin credit", "text": "First published elsewhere"},
    {"kind": "submit a correction", "state": "shown"},
    {"kind": "tags", "state": "empty"},
    {"kind": "conversation", "state": "shown"},
]
CARRIED = ("western-journal", "page")
UNRESOLVED = {"verbatim": "Wednesday", "why_unresolved": "the page gives no date"}


def enter_sources(desk: Desk) -> None:
    for source, kind, name in [
        ("ap", "agency", "AP"),
        ("reuters", "agency", "Reuters"),
        ("pbs", "broadcaster", "PBS"),
        ("western-journal", "outlet", "The Western Journal"),
    ]:
        desk.act("add_source", id=source, kind=kind, name=name)
    desk.act("add_source", id="page", kind="carrier", identity="not stated on page",
             descriptor="the carrying page")  # fmt: skip
    desk.act("add_source", id="one-official", kind="official", identity="unnamed",
             descriptor="an unnamed US defense official", count_stated="one",
             reported_by="ap")  # fmt: skip
    desk.act("add_source", id="officials", kind="official", count_stated="more than one",
             identity="on condition of anonymity", reported_by="reuters",
             descriptor="defense officials, on condition of anonymity")  # fmt: skip
    desk.act("add_document", id="article", headline="Two bases attacked",
             origin="western-journal", carrier="page", tags=[], published=UNRESOLVED,
             blocks=[{"kind": "paragraph", "text": p} for p in PARAGRAPHS] + PAGE)  # fmt: skip
    for actor, name, words in [
        ("militia", "", "an Iraqi militia, not named"),
        ("iri", "Islamic Resistance in Iraq", ""),
        ("taw", "Tashkil al-Waritheen", ""),
        ("iran", "Iran", ""),
    ]:
        desk.act("add_actor", id=actor, name=name, descriptor=words,
                 kind="state" if actor == "iran" else "group")  # fmt: skip


def enter_incidents(desk: Desk) -> None:
    desk.act("open_incident", id="first", site="al-asad", site_name="Al Asad Air Base",
             lat=33.7856, lon=42.4412, happened=UNRESOLVED)  # fmt: skip
    desk.act("open_incident", id="second", site="al-harir", lat=36.5337, lon=44.3399,
             site_name="al-Harir (Bashur Airfield)",
             happened={"verbatim": "hours later",
                       "why_unresolved": "hours after the first, not stated more closely"},
             )  # fmt: skip
    desk.act("link", id="day", incidents=["first", "second"], label="one Wednesday")


def enter_statements(desk: Desk) -> None:
    def say(about, quantity, verbatim, names, **more):
        desk.act("assert", about=about, quantity=quantity, verbatim=verbatim,
                 chain=chain(*names, *CARRIED), document="article", **more)  # fmt: skip

    two = "two drones intercepted in western Iraq"
    say(["first"], "drones", two, ["one-official", "ap"], id="two-drones", value=2)
    say(["first"], "outcome", two, ["one-official", "ap"], id="stopped", value="intercepted")
    say(["first"], "target", "which base was the first target",
        ["officials", "reuters|by position only"], id="first-target",
        value="Al Asad Air Base")  # fmt: skip
    say(["second"], "outcome", "the second attack was foiled", ["reuters"], id="foiled",
        value="foiled")  # fmt: skip
    say(["day"], "history", "first such attacks on US troops in Iraq in over a year",
        ["reuters"], id="history", value="first in over a year")  # fmt: skip
    say(["day"], "troops", "about 2,500 US troops in Iraq, as of March", ["pbs"], id="troops",
        value=2500, bound="about", when={"verbatim": "as of March"})  # fmt: skip
    say(["second"], "target", "the target of the second attack", [], id="second-target",
        value="al-Harir")  # fmt: skip
    say(["first", "second"], "injuries", PARAGRAPHS[2], [], id="no-injuries",
        state="none reported", quote="quoted",
        span={"document": "article", "block": 2, "start": 0, "end": len(PARAGRAPHS[2])},
        )  # fmt: skip
    say(["second"], "drones", "the number is not stated", [], id="no-number",
        state="not stated")  # fmt: skip
    say(["day"], "drone type", "the type is not stated", [], id="no-type", state="not stated")
    say(["day"], "origin", "whose drones is not stated", [], id="no-origin", state="not stated")


def enter_claims(desk: Desk) -> None:
    for row, claimant, incidents, via, more in [
        ("claim-militia", "militia", ["second"], "ap", ""),
        ("claim-iri", "iri", ["first", "second"], "ap", "a threat of more operations"),
        ("claim-taw", "taw", ["second"], "reuters", ""),
    ]:
        desk.act("claim", id=row, claimant=claimant, incidents=incidents, document="article",
                 verbatim=f"{claimant} claimed it", together_with=more,
                 chain=chain(via, *CARRIED))  # fmt: skip
    desk.act("relate", id="taw-iri", type="part of", from_id="taw", to_id="iri",
             verbatim="a part of", chain=chain("ap", *CARRIED), document="article")  # fmt: skip
    desk.act("relate", id="iran-iri", type="backs", from_id="iran", to_id="iri",
             verbatim="backed by", chain=chain("ap", *CARRIED), document="article")  # fmt: skip


def enter_day(desk: Desk) -> None:
    """The day as it was first reported."""
    enter_sources(desk)
    enter_incidents(desk)
    enter_statements(desk)
    enter_claims(desk)


def enter_later(desk: Desk) -> None:
    """The reports that contradict the first ones."""
    desk.now_s += 86_400.0
    for source, kind, name in [
        ("centcom", "command", "Central Command"),
        ("daily-beast", "outlet", "The Daily Beast"),
    ]:
        desk.act("add_source", id=source, kind=kind, name=name)
    for source, kind, words in [
        ("kurdish-agency", "agency", "a Kurdish agency"),
        ("one-site", "outlet", "one site"),
    ]:
        desk.act("add_source", id=source, kind=kind, identity="not stated on page",
                 descriptor=words)  # fmt: skip

    def say(row, about, quantity, value, verbatim, *names, **more):
        desk.act("assert", id=row, about=about, quantity=quantity, value=value,
                 verbatim=verbatim, chain=chain(*names), **more)  # fmt: skip

    say("minor", ["first"], "injuries", "minor", "minor injuries, not none", "reuters")
    in_all = "three drones engaged in all, two destroyed and one damaged"
    both = ["first", "second"]
    say("three", both, "drones", 3, in_all, "centcom", "ap", scope="in all")
    say("destroyed", both, "drones destroyed", 2, in_all, "ap", scope="in all")
    say("damaged", both, "drones damaged", 1, in_all, "ap", scope="in all")
    say("minor-in-all", both, "injuries", "minor", "three drones; minor injuries", "centcom",
        scope="in all")  # fmt: skip
    say("exploded", ["first"], "outcome", "one exploded although intercepted",
        "one of the two exploded although intercepted", "reuters")  # fmt: skip
    at_second = "injuries at the second base, not the first"
    say("hurt-second", ["second"], "injuries", "minor", at_second, "daily-beast")
    say("none-first", ["first"], "injuries", 0, at_second, "daily-beast")
    say("open-country", ["second"], "place", "open country",
        "the second drone came down in open country", "kurdish-agency",
        when={"verbatim": "12:18", "why_unresolved": "no date is given"})  # fmt: skip
    desk.act("claim", id="claim-taw-both", claimant="taw", incidents=both,
             verbatim="it claimed both", chain=chain("one-site"))  # fmt: skip


def digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
