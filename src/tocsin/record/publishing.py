"""How an account goes out: the table of states, and what keeps it from going out.

After the news agencies' classes: CORRECTED for a fact, REFILED for a slip that changes no
meaning, UPDATED for news, CLARIFIED for words that misled, WITHDRAWN for what is wrong as a
whole, REPEATED for what is unchanged. None is buried in another: each says what it is.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tocsin.model import track_name
from tocsin.model.records import (
    RULES,
    Approval,
    Assertion,
    Claim,
    Incident,
    Publication,
    Relation,
    Source,
    State,
)
from tocsin.model.register import Register, Row, Version, holders_of
from tocsin.record._stems import stem
from tocsin.record.words import ANONYMOUS

__all__ = [
    "NEEDED_APPROVALS", "STEPS", "Standing", "approved_as_of", "approved_by", "as_of_for",
    "newest_draft", "standing", "state_at", "why_not_published",
]  # fmt: skip

NEEDED_APPROVALS = 2  # two people let a page out

_AFTER_OUT = ("corrected", "refiled", "updated", "clarified", "withdrawn", "repeated")
# From a state ("" none yet) to those that may follow. A draft may be written at any time: what
# is out stays out until the next step; so a draft is no state that others follow.
STEPS: dict[str, tuple[str, ...]] = {
    "": ("scheduled", "embargoed", "published"),
    # Until its time: it can get another time, go out, or be stopped; nothing is to correct.
    # After that it stands as published (`state_at`).
    "scheduled": ("scheduled", "embargoed", "published", "withdrawn"),
    # Other newsrooms have it: a new text goes to them as another embargoed one.
    "embargoed": ("embargoed", "published", "withdrawn"),
    **{out: _AFTER_OUT for out in ("published", *_AFTER_OUT) if out != "withdrawn"},
    "withdrawn": (),  # what was wrong as a whole does not come back under its name
}
OUT = ("published", *(s for s in _AFTER_OUT if s != "withdrawn"))
_TIMED = ("scheduled", "embargoed")
_SAYS_WHAT = ("corrected", "refiled", "clarified")

_PLURAL = re.compile(
    r"\b(officials|sources|spokespeople|commanders|witnesses|residents|analysts|agencies|"
    r"outlets|authorities|experts)\b", re.IGNORECASE,
)  # fmt: skip
_ZERO = re.compile(
    r"\b(?:no|zero|nobody|no one|none|without)\b[^.;]{0,30}?\b(?:hurt|injur\w*|wound\w*|"
    r"kill\w*|casualt\w*|dead|deaths?|damage\w*)\b", re.IGNORECASE,
)  # fmt: skip
_SILENT = re.compile(r"\b(?:report\w*|known|spoke|told of|mention\w*)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_SMALL = (
    "a", "an", "the", "of", "in", "on", "at", "to", "by", "for", "as", "and", "or", "with",
    "after", "over", "from", "its", "is", "are", "was", "were", "be", "been", "under", "into",
    "near", "than", "that", "who", "which",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands with a profile's readers.

    state: "" where no step was taken; as_of: the entry that it tells; text: the newest draft
    as of it; steps: all that were taken, oldest first, without drafts.
    """

    state: str
    as_of: int
    not_before_s: float | None = None
    text: Publication | None = None
    steps: tuple[tuple[Version, Publication], ...] = ()


def approved_by(register: Register, incident: str, profile: str, as_of: int) -> list[str]:
    """Return the people who let an incident's account out to a profile as of one entry."""
    people = []
    for row in register.rows.values():
        version = row.versions[-1]
        noun = version.noun
        if isinstance(noun, Approval) and (noun.incident, noun.profile, noun.as_of) == (
            incident, profile, as_of,
        ):  # fmt: skip
            people.append(version.by)
    return sorted(set(people))


def approved_as_of(register: Register, incident: str, profile: str) -> int | None:
    """Return the newest entry as of which two people let the account out, None: not yet."""
    people: dict[int, set[str]] = {}
    for row in register.rows.values():
        version = row.versions[-1]
        noun = version.noun
        if isinstance(noun, Approval) and (noun.incident, noun.profile) == (incident, profile):
            people.setdefault(noun.as_of, set()).add(version.by)
    return max((n for n, who in people.items() if len(who) >= NEEDED_APPROVALS), default=None)


def standing(register: Register, incident: str, profile: str) -> Standing:
    """Return how an incident's account stands with a profile's readers."""
    rows = list(_publications(register, incident, profile))
    steps = tuple((v, n) for v, n in rows if n.state != "draft")
    if not steps:
        return Standing("", -1, text=_text_as_of(rows, register.last_entry))
    _, last = steps[-1]
    text = _text_as_of(rows, last.as_of)
    return Standing(last.state, last.as_of, last.not_before_s, text, steps)


def newest_draft(register: Register, incident: str, profile: str) -> Publication | None:
    """Return the newest draft of an account for a profile, let out or not."""
    rows = list(_publications(register, incident, profile))
    return _text_as_of(rows, register.last_entry)


def _publications(
    register: Register, incident: str, profile: str
) -> Iterator[tuple[Version, Publication]]:
    for row in register.rows.values():
        noun = row.versions[-1].noun
        if isinstance(noun, Publication) and (noun.incident, noun.profile) == (
            incident, profile,
        ):  # fmt: skip
            yield row.versions[-1], noun


def _text_as_of(rows: list[tuple[Version, Publication]], as_of: int) -> Publication | None:
    drafts = [n for v, n in rows if n.state == "draft" and v.entry <= as_of]
    return drafts[-1] if drafts else None


def as_of_for(register: Register, noun: Publication) -> int:
    """Return the entry that a step tells: the one given, else the newest that was approved."""
    if noun.as_of >= 0:
        return noun.as_of
    if noun.state == "draft":
        return register.last_entry
    if noun.state in ("repeated", "withdrawn"):
        return standing(register, noun.incident, noun.profile).as_of
    found = approved_as_of(register, noun.incident, noun.profile)
    return register.last_entry if found is None else found


def state_at(now: Standing, at_s: float) -> str:
    """Return the state at a time: what was scheduled or embargoed is out when that is over."""
    is_over = now.not_before_s is not None and now.not_before_s <= at_s
    return "published" if is_over and now.state in _TIMED else now.state


def why_not_published(
    register: Register, noun: Publication, recorded_s: float, *, rules: int = RULES
) -> str:
    """Return why a step cannot be taken, or "" where it can. rules: their edition; before 1,
    what was scheduled stood so until somebody took another step.
    """
    if noun.state == "draft":
        return _why_not_draft(register, noun)
    if noun.headline or noun.sentences:
        return "the text is written as a draft that people approve; a step bears none itself"
    now = standing(register, noun.incident, noun.profile)
    as_of = as_of_for(register, noun)
    state = state_at(now, recorded_s) if rules >= 1 else now.state
    return (
        _why_not_step(state, noun.state)
        or _why_not_time(noun, recorded_s)
        or _why_not_notice(noun)
        or _why_not_withheld(register, noun, (noun.wrong, noun.right))
        or _why_not_entry(now, noun.state, as_of)
        or ("" if noun.state in ("withdrawn", "repeated") else _why_not_out(
            register, noun, as_of))
    )  # fmt: skip


def _why_not_draft(register: Register, noun: Publication) -> str:
    if noun.not_before_s is not None or noun.wrong or noun.right:
        return "a draft holds a headline and sentences; the rest is said with its next step"
    drafts = [
        v for v, n in _publications(register, noun.incident, noun.profile) if n.state == "draft"
    ]
    if drafts and 0 <= noun.seen < drafts[-1].entry:
        return (
            f"{drafts[-1].by} wrote another draft (entry {drafts[-1].entry}) after the one "
            f"that you saw (entry {noun.seen}); read it, then write yours anew"
        )
    if not noun.sentences:
        return "a draft needs its sentences, each with the rows that it rests on"
    for number, sentence in enumerate(noun.sentences, start=1):
        for name in sentence.rests_on:
            row = register.rows.get(name)
            if row is None:
                return f"sentence {number} rests on {name!r}, which is not in the register"
            if row.kind not in ("assertion", "claim", "relation", "incident"):
                return f"sentence {number} rests on a {row.kind}; give a statement"
    return ""


def _why_not_step(before: str, after: str) -> str:
    if after in STEPS[before]:
        return ""
    if not before:
        return f"nothing is out that could be {after}; publish it first"
    if not STEPS[before]:
        return f"it was {before}, which is the end of it; a new incident is needed"
    if after in (*_TIMED, "published") and before in OUT:
        return f"it is out already ({before}); give one of {', '.join(STEPS[before])}"
    if after in _AFTER_OUT:
        return f"it is {before} and not out, so nothing of it can be {after}"
    return f"from {before} it can be {', '.join(STEPS[before])}; not {after}"


def _why_not_time(noun: Publication, recorded_s: float) -> str:
    if noun.state not in _TIMED:
        return (
            "" if noun.not_before_s is None else f"{noun.state} is at once; leave out the time"
        )
    if noun.not_before_s is None or not abs(noun.not_before_s) < 1e11:
        return f"say in not_before_s until when it is {noun.state} (Unix seconds, UTC)"
    if noun.not_before_s <= recorded_s:
        return f"{noun.not_before_s:.0f} is over already; give a time to come, or publish it"
    return ""


def _why_not_notice(noun: Publication) -> str:
    if noun.state in (*_SAYS_WHAT, "withdrawn") and not noun.wrong.strip():
        return f"{noun.state} says what was wrong, and where; give `wrong`"
    if noun.state in _SAYS_WHAT and not noun.right.strip():
        return f"{noun.state} says what is right; give `right`"
    if noun.state == "updated" and not noun.right.strip():
        return "updated says what is new; give `right`"
    return ""


def _why_not_entry(now: Standing, after: str, as_of: int) -> str:
    if after == "repeated" and as_of != now.as_of:
        return f"repeated is for what is unchanged, entry {now.as_of}; otherwise it is updated"
    if after in (*_SAYS_WHAT, "updated") and as_of <= now.as_of:
        return (
            f"what is out tells entry {now.as_of} already; record the change and have two "
            "people approve it, then say so"
        )
    return ""


def _why_not_out(register: Register, noun: Publication, as_of: int) -> str:
    people = approved_by(register, noun.incident, noun.profile, as_of)
    if len(people) < NEEDED_APPROVALS:
        who = f"only {people[0]} has" if people else "nobody has"
        return f"{who} approved it as of entry {as_of}; two people let a page out"
    rows = list(_publications(register, noun.incident, noun.profile))
    drafts = [(v, n) for v, n in rows if n.state == "draft" and v.entry <= as_of]
    if not drafts:
        return ""  # only what the rows themselves say: every line of it rests on an entry
    version, text = drafts[-1]
    apart = [person for person in people if person != version.by]
    for number, sentence in enumerate(text.sentences, start=1):
        if not sentence.rests_on:
            return f"sentence {number} rests on no statement: {sentence.text[:80]!r}"
        told = [register.rows[name] for name in sentence.rests_on]
        wrong = (
            _why_not_rows(told, as_of)
            or _why_not_plural(register, sentence.text, told)
            or _why_not_zero(sentence.text, told)
            or _why_not_anonymous(register, told, apart)
        )
        if wrong:
            return f"sentence {number}: {wrong}"
    texts = [text.headline, *(sentence.text for sentence in text.sentences)]
    rests_on = {name for sentence in text.sentences for name in sentence.rests_on}
    return _why_not_headline(register, text) or _why_not_withheld(
        register, noun, texts, rests_on
    )


def _why_not_rows(told: list[Row], as_of: int) -> str:
    for row in told:
        if row.versions[-1].withdrawn:
            return f"it rests on {row.id!r}, which was withdrawn"
        if row.versions[0].entry > as_of:
            return f"it rests on {row.id!r}, which is newer than entry {as_of}"
    return ""


def _sources(register: Register, row: Row) -> list[Source]:
    noun = row.versions[-1].noun
    chain = noun.chain if isinstance(noun, Assertion | Claim | Relation) else ()
    nouns = [register.rows[step.source].versions[-1].noun for step in chain]
    return [n for n in nouns if isinstance(n, Source)]


def _why_not_plural(register: Register, text: str, told: list[Row]) -> str:
    many = _PLURAL.search(text)
    if many is None:
        return ""
    nearest = {found[0].id: found[0] for row in told if (found := _sources(register, row))}
    if len(nearest) > 1 or any(s.count_stated == "more than one" for s in nearest.values()):
        return ""
    return f"it says “{many[0]}” and rests on one source; say one"


def _why_not_zero(text: str, told: list[Row]) -> str:
    nouns = [row.versions[-1].noun for row in told]
    silent = any(isinstance(n, Assertion) and n.state != State.STATED for n in nouns)
    if silent and _ZERO.search(text) and not _SILENT.search(text):
        return "it makes a zero of silence; say that nobody reported any"
    return ""


def _why_not_anonymous(register: Register, told: list[Row], apart: list[str]) -> str:
    """Two approvals may be of who recorded it and who wrote the text: then nobody else has
    looked. apart: who approved it and did not write the text.
    """
    for row in told:
        sources = _sources(register, row)
        hidden = [s for s in sources if s.identity in ANONYMOUS]
        if not hidden:
            continue
        who = hidden[0].descriptor or hidden[0].id
        if not [p for p in apart if p != row.versions[0].by]:
            return (
                f"{who} is anonymous; a person who neither recorded it nor wrote the text must "
                "approve it too"
            )
        carried = any(s.identity == "named" for s in sources)
        if not (carried or hidden[0].sealed or hidden[0].reported_by):
            return (
                f"{who} is anonymous and nobody's source; seal who it is for a named editor, "
                "or say whose source it is in `reported_by`"
            )
    return ""


def _why_not_headline(register: Register, text: Publication) -> str:
    noun = register.rows[text.incident].versions[-1].noun
    place = f"{noun.site_name} {noun.site} {noun.kind}" if isinstance(noun, Incident) else ""
    body = " ".join([place, *(sentence.text for sentence in text.sentences)])
    known = {stem(word) for word in _WORD.findall(body)}
    for word in _WORD.findall(text.headline):
        if word.casefold() not in _SMALL and stem(word) not in known:
            return f"the headline says “{word}”, which no sentence says"
    return ""


def _why_not_withheld(
    register: Register, noun: Publication, texts: Sequence[str], rests_on: Collection[str] = ()
) -> str:
    """Refuse names of staff and of who held evidence to all readers, and to the public zones,
    tracks and alarms. A holder whom a statement names that the text rests on may be named.
    """
    said = " ".join(_words_of(register, name) for name in rests_on).casefold()
    held = {
        holder: "who held a piece of evidence"
        for holder in holders_of(register)
        if not _names(said, holder)
    }
    held |= {v.by: "a person of the staff" for r in register.rows.values() for v in r.versions}
    incident = register.rows[noun.incident].versions[-1].noun
    if noun.profile == "public" and isinstance(incident, Incident):
        held[incident.alarm] = "an alarm of the watch"
        for zone, name, _ in incident.zones:
            held[zone] = held[name] = "a zone"
        for track in incident.tracks:
            held[track.track] = held[track_name(track.track)] = "a track"
    words = " ".join(texts).casefold()
    for value, what in held.items():
        if value and _names(words, value):
            return f"the text names {what}, which is withheld from {noun.profile} readers"
    return ""


def _names(words: str, value: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(value.casefold())}(?!\w)", words))


def _words_of(register: Register, name: str) -> str:
    noun = register.rows[name].versions[-1].noun
    return noun.verbatim if isinstance(noun, Assertion | Claim | Relation) else ""
