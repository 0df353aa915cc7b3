"""The sentences of an account, each with the entries that it rests on, for one profile.

What is withheld from a profile is left out here, before anything is laid out, and is listed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tocsin.errors import CallError
from tocsin.model.accounts import Account
from tocsin.model.records import (
    Assertion,
    Claim,
    Correction,
    Incident,
    Publication,
    Relation,
    Source,
    State,
)
from tocsin.model.register import Version, chain_words, label_of, value_words
from tocsin.report._audience import why_withheld
from tocsin.report._plain import plain
from tocsin.report._things import evidence_lines
from tocsin.report._times import hour, time_words
from tocsin.report._watch import watch_lines
from tocsin.report.withheld import found_in, withheld_values

__all__ = [
    "PROFILES",
    "UNREAL",
    "Line",
    "Section",
    "Telling",
    "Told",
    "is_withdrawn",
    "marked",
    "tell",
    "title_of",
    "told",
    "with_text",
]

PROFILES = ("internal", "partner", "public")
Told = Assertion | Claim | Relation
_WITHDRAWN = "Withdrawn: "
UNREAL = {"simulated": "SIMULATED", "exercise": "EXERCISE"}  # by nature; live has no mark


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. entries: numbers in the ledger; quote: the words as they were said;
    struck: it no longer holds, `note` says since when and why; at_s: when a correction was
    recorded (Unix UTC), None of other lines.
    """

    text: str
    entries: tuple[int, ...] = ()
    quote: str = ""
    note: str = ""
    struck: bool = False
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; `empty` is said where there are none."""

    title: str
    lines: tuple[Line, ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """All that a profile's readers get. withheld: what they do not, in words."""

    title: str
    profile: str
    nature: str
    summary: Line
    sections: tuple[Section, ...]
    withheld: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]


def tell(account: Account, profile: str, *, name_of: Callable[[str], str] = str) -> Telling:
    """Return the sentences for a profile; CallError for one that is none.

    name_of: as of `withheld_values`; the sentences bear the ledger's own words all the same.
    """
    if profile not in PROFILES:
        raise CallError(f"there is no profile {profile!r}; give one of {', '.join(PROFILES)}")
    hidden = withheld_values(account, profile, name_of=name_of)
    kept, dropped = _sorted_out(account, profile, hidden)
    sections = [
        Section(
            "What is said",
            _statements(account, kept, profile, hidden),
            "Nothing that these readers may have; see what is withheld."
            if dropped
            else "Nobody has been recorded saying anything about it.",
        ),
        Section(
            "Who claims responsibility",
            (*_claims(account, kept), *_relations(account, kept), _official(account, kept)),
        ),
        Section(
            "What does not fit together",
            _contradictions(account, kept, profile, hidden),
            "No two of these statements contradict each other.",
        ),
        Section(
            "Corrections",
            _corrections(account, kept, profile, hidden, dropped),
            "Nothing has been corrected.",
        ),
    ]
    if profile != "public":
        lines = tuple(_watch_line(*line, hidden) for line in _watched(account, profile))
        sections.insert(0, Section("What the watch recorded", lines, "Nothing."))
    if profile == "internal" and account.evidence:
        kept_things = tuple(Line(*line) for line in evidence_lines(account))
        sections.append(Section("Evidence and custody", kept_things))
    return Telling(
        title=plain(title_of(account.incident)),
        profile=profile,
        nature=account.incident.nature,
        summary=_plain_line(_summary(account, profile)),
        sections=_plain_sections(sections),
        withheld=tuple(plain(words) for words in _withheld_words(account, profile, dropped)),
        sources=tuple((plain(name), kind) for name, kind in _sources(account, kept)),
    )


def _plain_sections(sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(replace(s, lines=tuple(map(_plain_line, s.lines))) for s in sections)


def _plain_line(line: Line) -> Line:
    return replace(line, text=plain(line.text), quote=plain(line.quote), note=plain(line.note))


def told(
    account: Account, profile: str, *, name_of: Callable[[str], str] = str
) -> list[tuple[Version, Told]]:
    """Return the statements, claims and relations that a profile's readers get."""
    return _sorted_out(account, profile, withheld_values(account, profile, name_of=name_of))[0]


def with_text(
    account: Account,
    telling: Telling,
    text: Publication | None,
    steps: Sequence[tuple[Version, Publication]],
) -> Telling:
    """Return the telling with what editors wrote and with the notices of each step.

    text: the draft that was let out, None where the rows speak for themselves; steps: those
    that were taken, oldest first. A telling that was withdrawn holds its notices and nothing
    else; whoever has its address learns that it was wrong.
    """
    notices = tuple(_plain_line(_notice(v, n)) for v, n in steps if n.wrong or n.right)
    sections = tuple(
        replace(section, lines=(*section.lines, *notices))
        if section.title == "Corrections"
        else section
        for section in telling.sections
    )
    if steps and steps[-1][1].state == "withdrawn":
        only = tuple(replace(s, lines=notices) for s in sections if s.title == "Corrections")
        said = f"{account.incident.id}: what was told here was withdrawn."
        said = marked(said, telling.nature)
        title = f"{_WITHDRAWN}{telling.title}"
        return replace(telling, title=title, summary=Line(said, (steps[-1][0].entry,)),
                       sections=only, sources=(), withheld=())  # fmt: skip
    if text is None:
        return replace(telling, sections=sections)
    written = tuple(
        Line(sentence.text, tuple(sorted({_first_entry(account, n) for n in
                                          sentence.rests_on})))
        for sentence in text.sentences
    )  # fmt: skip
    title = marked(plain(text.headline), telling.nature) if text.headline else telling.title
    written = tuple(map(_plain_line, written))
    return replace(telling, title=title, sections=(Section("The account", written), *sections))


def is_withdrawn(telling: Telling) -> bool:
    """Tell whether a telling holds no more than that it was withdrawn."""
    return telling.title.startswith(_WITHDRAWN)


def _first_entry(account: Account, name: str) -> int:
    return account.register.rows[name].versions[0].entry


def _notice(version: Version, step: Publication) -> Line:
    text = f"{_upper(step.state)} {hour(version.recorded_s)}."
    if step.wrong:
        text += f" Wrong was: {step.wrong.rstrip('.')}."
    if step.right:
        word = "New is" if step.state == "updated" else "Right is"
        text += f" {word}: {step.right.rstrip('.')}."
    return Line(text, (version.entry,), at_s=version.recorded_s)


def _watched(account: Account, profile: str) -> list[tuple[str, tuple[int, ...]]]:
    return watch_lines(account, names=profile == "internal")


def _watch_line(text: str, entries: tuple[int, ...], hidden: dict[str, str]) -> Line:
    """Keep the act and its time, and leave out its words where they name somebody."""
    if found_in(text, hidden):
        return Line(text[:21] + " words withheld, they name a person.", entries)
    return Line(text, entries)


def title_of(incident: Incident) -> str:
    """Return what a page is called where no editor gave it a headline."""
    title = f"{_upper(_kind(incident))} at {incident.site_name or incident.site}"
    return marked(title, incident.nature)


def marked(text: str, nature: str) -> str:
    """Return a text with SIMULATED or EXERCISE before it, where that is so and not said yet:
    titles and summaries are all that some formats have.
    """
    mark = UNREAL.get(nature, "")
    is_said = text.upper().startswith(mark)
    return text if is_said else f"{mark}: {text}"


def _kind(incident: Incident) -> str:
    return "unidentified aircraft" if incident.kind == "unidentified" else incident.kind


def _summary(account: Account, profile: str) -> Line:
    noun = account.incident
    when = time_words(noun.happened, to_the_hour=profile == "public")
    if profile == "public" and noun.alarm:
        when = hour(noun.happened.earliest_s or 0.0)
    text = f"{noun.id}: {_kind(noun)} at {noun.site_name or noun.site}; {when}."
    entries = [account.versions[0].entry, account.versions[-1].entry]
    released = [h.entry for h in account.happenings if h.what == "released"]
    if released:
        text += " People at the site were told to take shelter."
        # The first one only: their number would tell the public how many zones there are.
        entries += released[:1] if profile == "public" else released
    return Line(marked(text, noun.nature), tuple(dict.fromkeys(entries)))


def _sorted_out(
    account: Account, profile: str, hidden: dict[str, str]
) -> tuple[list[tuple[Version, Told]], dict[str, int]]:
    """Return the statements that the readers get, and how many not, by reason."""
    kept: list[tuple[Version, Told]] = []
    dropped: dict[str, int] = {}
    told: list[tuple[Version, Told]] = [
        *account.statements, *account.claims, *account.relations, *account.moved,
    ]  # fmt: skip
    for version, noun in told:
        why = _why_dropped(account, noun, profile, hidden)
        # What was moved to another incident is told as it was; as it is, it must be allowed.
        newest = account.register.rows[noun.id].versions[-1].noun
        if newest is not noun and isinstance(newest, Assertion | Claim | Relation):
            why = why or _why_dropped(account, newest, profile, hidden)
        if why:
            dropped[why] = dropped.get(why, 0) + 1
        else:
            kept.append((version, noun))
    return kept, dropped


def _why_dropped(account: Account, noun: Told, profile: str, hidden: dict[str, str]) -> str:
    """Return why a profile's readers do not get a statement, "" where they do."""
    why = why_withheld(account, noun, profile)
    if why or noun.audience == "public":
        return why
    text = " ".join(_texts(account, noun))
    # A zone's name or a person's may stand in anybody's words.
    return next((f"names {hidden[v]}" for v in found_in(text, hidden)), "")


def _texts(account: Account, noun: Told) -> list[str]:
    texts = [noun.verbatim, chain_words(account.register, noun.chain)]
    if isinstance(noun, Assertion):
        when = noun.when
        texts += [value_words(noun), noun.hedge, when.verbatim, when.why_unresolved]
    if isinstance(noun, Claim):
        claimant = label_of(account.register, noun.claimant)
        texts += [noun.together_with, noun.mode, claimant]
    return texts


def _statements(
    account: Account,
    kept: list[tuple[Version, Told]],
    profile: str,
    hidden: dict[str, str],
) -> tuple[Line, ...]:
    lines = []
    for version, noun in kept:
        if not isinstance(noun, Assertion):
            continue
        who = chain_words(account.register, noun.chain)
        text = f"{_upper(value_words(noun))}, according to {who}."
        if noun.modality != "asserted":
            text += f" ({noun.modality}{': ' + noun.hedge if noun.hedge else ''})"
        if noun.when.verbatim or noun.when.earliest_s is not None:
            text += f" Time: {time_words(noun.when, to_the_hour=profile == 'public')}."
        note = _note(account, version) + _before_words(account, version, profile, hidden)
        lines.append(
            Line(text, _entries(account, version), noun.verbatim, note, version.withdrawn)
        )
    return tuple(lines)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _entries(account: Account, version: Version) -> tuple[int, ...]:
    """Return the entry that first held the row, and the correction that made it what it is."""
    first = account.register.rows[version.noun.id].versions[0].entry
    return tuple(dict.fromkeys((first, version.entry)))


def _note(account: Account, version: Version) -> str:
    """Say by which correction a line is as it is."""
    if not version.correction:
        return ""
    noun = account.register.rows[version.correction].versions[-1].noun
    kind = noun.kind if isinstance(noun, Correction) else "corrected"
    return f"{kind} {hour(version.recorded_s)}"


def _before_words(
    account: Account, version: Version, profile: str, hidden: dict[str, str]
) -> str:
    """Say what stood before a correction, where these readers may have had that too."""
    if not version.correction or version.withdrawn:
        return ""
    versions = account.history.get(version.noun.id, ())
    before = versions[-2].noun if len(versions) > 1 else None
    if not isinstance(before, Assertion) or _why_dropped(account, before, profile, hidden):
        return ""
    return f"; before: {value_words(before)}"


def _claims(account: Account, kept: list[tuple[Version, Told]]) -> tuple[Line, ...]:
    lines = []
    for version, noun in kept:
        if isinstance(noun, Claim):
            text = f"Claimed by {label_of(account.register, noun.claimant)}"
            text += f" according to {chain_words(account.register, noun.chain)}"
            text += f", with {noun.together_with}" if noun.together_with else ""
            lines.append(
                Line(text + ".", _entries(account, version), noun.verbatim,
                     _note(account, version), version.withdrawn)
            )  # fmt: skip
    return tuple(lines)


def _relations(account: Account, kept: list[tuple[Version, Told]]) -> tuple[Line, ...]:
    lines = []
    for version, noun in kept:
        if isinstance(noun, Relation) and account.register.rows[noun.from_id].kind == "actor":
            verb = {"part of": "is part of", "member of": "is a member of"}
            ends = [label_of(account.register, name) for name in (noun.from_id, noun.to_id)]
            text = f"{ends[0]} {verb.get(noun.type, noun.type)} {ends[1]}, according to "
            text += f"{chain_words(account.register, noun.chain)}."
            lines.append(
                Line(text, _entries(account, version), noun.verbatim, _note(account, version),
                     version.withdrawn)
            )  # fmt: skip
    return tuple(lines)


def _official(account: Account, kept: list[tuple[Version, Told]]) -> Line:
    told = [
        (v, n)
        for v, n in kept
        if isinstance(n, Assertion)
        and n.quantity.casefold() == "official attribution"
        and n.state == State.STATED
        and not v.withdrawn
    ]
    if not told:
        return Line("Official attribution: none stated.", (account.versions[0].entry,))
    words = "; ".join(
        f"{n.value}, according to {chain_words(account.register, n.chain)}" for _, n in told
    )
    return Line(f"Official attribution: {words}.", tuple(v.entry for v, _ in told))


def _contradictions(
    account: Account,
    kept: list[tuple[Version, Told]],
    profile: str,
    hidden: dict[str, str],
) -> tuple[Line, ...]:
    shown = {n.id: (v, n) for v, n in kept}
    for name in {n for item in account.contradictions for side in item.sides for n in side}:
        version = account.register.rows[name].versions[-1]
        noun = version.noun
        if not isinstance(noun, Claim) or account.incident.id in noun.incidents:
            continue
        # The same party's claim for other incidents alone is none of this incident's rows.
        if not _why_dropped(account, noun, profile, hidden):
            shown[name] = version, noun
    lines = []
    for item in account.contradictions:
        sides, entries = [], []
        for side in item.sides:
            members = [shown[name] for name in side if name in shown]
            if members:
                sides.append("; ".join(_side(account, noun) for _, noun in members))
                entries += [version.entry for version, _ in members]
        if len(sides) < 2:
            continue
        first = shown[next(n for side in item.sides for n in side if n in shown)][1]
        if isinstance(first, Claim):
            text = f"What {label_of(account.register, first.claimant)} claims: "
        else:
            text = f"{_upper(item.quantity)} of {_about(account, item.about)}: "
        text += " — against — ".join(sides) + "."
        note = "; ".join(item.rules)
        is_told = any(n.id == item.explained_by for _, n in kept)
        note += f"; explained by {item.explained_by}" if is_told else "; open"
        lines.append(Line(text, tuple(entries), note=note))
    return tuple(lines)


def _about(account: Account, ids: tuple[str, ...]) -> str:
    return ", ".join(label_of(account.register, name) for name in ids)


def _side(account: Account, noun: Told) -> str:
    who = f"according to {chain_words(account.register, noun.chain)}"
    if isinstance(noun, Claim):
        return f"{_claimed_for(account, noun)}, {who}"
    words = value_words(noun).partition(": ")[2] if isinstance(noun, Assertion) else noun.type
    return f"{words}, {who}"


def _claimed_for(account: Account, noun: Claim) -> str:
    """Say which incidents a claim is for. Others are counted and not named: these readers may
    not have been told of them.
    """
    others = len(set(noun.incidents) - {account.incident.id})
    more = f"{others} other{'' if others == 1 else 's'}"
    if account.incident.id not in noun.incidents:
        return f"for {more} and not for this incident"
    return f"for this incident and {more}" if others else "for this incident alone"


def _corrections(
    account: Account,
    kept: list[tuple[Version, Told]],
    profile: str,
    hidden: dict[str, str],
    dropped: dict[str, int],
) -> tuple[Line, ...]:
    names = [account.incident.id, *(n.id for _, n in kept)]
    lines = []
    for name in names:
        for before, version in pairwise(account.history.get(name, ())):
            noun = account.register.rows[version.correction].versions[-1].noun
            if isinstance(noun, Correction):
                right = f" Right is: {noun.right.rstrip('.')}." if noun.right else ""
                what = _what(account, version)
                text = f"{_upper(noun.kind)} {hour(version.recorded_s)}: {what}. "
                text += f"Wrong was: {noun.wrong.rstrip('.')}.{right}"
                found = found_in(text, hidden)
                why = f"the words of a correction name {hidden[found[0]]}" if found else ""
                sides = (before.noun, version.noun)
                if not all(_may_have(account, side, profile, hidden) for side in sides):
                    why = "a correction tells what these readers did not get"
                if why:
                    dropped[why] = dropped.get(why, 0) + 1
                else:
                    lines.append(Line(text, (version.entry,), at_s=version.recorded_s))
    return tuple(lines)


def _may_have(account: Account, noun: object, profile: str, hidden: dict[str, str]) -> bool:
    """Say whether readers get this version of a row; of the incident itself they always do."""
    if not isinstance(noun, Assertion | Claim | Relation):
        return True
    return not _why_dropped(account, noun, profile, hidden)


def _what(account: Account, version: Version) -> str:
    """Say in words what a correction is of."""
    noun = version.noun
    if isinstance(noun, Assertion):
        who = chain_words(account.register, noun.chain)
        return f"a statement on {noun.quantity}, according to {who}"
    if isinstance(noun, Claim):
        return f"the claim by {label_of(account.register, noun.claimant)}"
    return "a relation" if isinstance(noun, Relation) else "the incident itself"


def _withheld_words(account: Account, profile: str, dropped: dict[str, int]) -> tuple[str, ...]:
    """List what the readers do not get, without giving it away."""
    words: list[str] = []
    if profile == "public":
        words += [
            "which sensors saw it, and what they cover",
            "where and when the tracks were first seen",
            "how long the warning and the reaction took",
            "the zones of the site; places are given to the site",
            "times to the second; times are given to the hour",
            "operator data and what people decided",
        ]
    if profile != "internal":
        words.append("names of staff and of sealed sources")
    for why, count in dropped.items():
        words.append(f"{count} statement{'' if count == 1 else 's'}: {why}")
    return tuple(words)


def _sources(account: Account, kept: list[tuple[Version, Told]]) -> tuple[tuple[str, str], ...]:
    """Return (name, what kind of source) of every source of the lines, in their order."""
    found: dict[str, str] = {}
    for _, told in kept:
        for step in told.chain:
            noun = account.register.rows[step.source].versions[-1].noun
            if isinstance(noun, Source):
                kind = (
                    noun.kind if noun.identity == "named" else f"{noun.kind}, {noun.identity}"
                )
                found[label_of(account.register, step.source)] = kind
    return tuple(found.items())
