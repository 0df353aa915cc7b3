"""Questions to the register, answered in sentences that name the entries they rest on."""

from collections.abc import Callable

from tocsin.errors import CallError
from tocsin.model.records import Assertion, Claim, Incident, Relation, Series, State
from tocsin.model.register import (
    Contradiction,
    Register,
    Version,
    chain_words,
    label_of,
    value_words,
)
from tocsin.record._days import utc
from tocsin.record._said import Answer, Question, Said, entries_of
from tocsin.record.changes import how_it_changed, told_of
from tocsin.record.contradictions import contradictions
from tocsin.record.gaps import gaps
from tocsin.record.knowledge import knowledge
from tocsin.record.known import as_known_at, covers
from tocsin.record.relatives import relations
from tocsin.record.views import (
    anonymous_in,
    incidents_in_order,
    is_writer_only,
    noun_at,
    rows_about,
    rows_of,
    told_about,
)  # fmt: skip
from tocsin.record.words import DRONES, INJURIES

__all__ = [
    "QUESTIONS",
    "Answer",
    "Question",
    "Said",
    "ask",
    "contradiction_words",
    "side_words",
]


def ask(register: Register, question: Question) -> Answer:
    """Answer a question. Raises CallError for one that is not known or about no incident."""
    answerer = _ANSWERS.get(question.what)
    if answerer is None:
        raise CallError(
            f"{question.what!r} is no question of the register; ask one of "
            f"{', '.join(QUESTIONS)}"
        )
    known = register if question.at_s is None else as_known_at(register, question.at_s)
    as_known = "" if question.at_s is None else utc(question.at_s)
    incident = question.incident
    if incident and noun_at(known, incident, Incident) is None:
        if noun_at(register, incident, Incident) is None:
            raise CallError(f"there is no incident {incident!r} in the register")
        text = f"{incident} was not in the register then."
        return Answer(question.what, (Said(text),), covers(known), as_known)
    if question.what == "last" and not incident:
        raise CallError("say which incident it should be like: --like INC-...")
    return Answer(question.what, tuple(answerer(known, incident)), covers(known), as_known)


def _wanted(register: Register, incident: str) -> list[str]:
    if incident:
        return [incident]
    return [row.id for row, _, _ in incidents_in_order(register)]


def _order(register: Register, incident: str) -> list[Said]:
    found = []
    for place, (row, version, noun) in enumerate(incidents_in_order(register), start=1):
        when = noun.happened
        if when.earliest_s is not None:
            words = utc(when.earliest_s)
            if when.latest_s is not None and when.latest_s != when.earliest_s:
                words = f"between {words} and {utc(when.latest_s)}"
        else:
            words = "time unknown"
            words += f" ({when.why_unresolved})" if when.why_unresolved else ""
        said = f", said as {when.verbatim!r}" if when.verbatim else ""
        text = (
            f"{place}. {row.id}: {noun.kind} at {noun.site_name or noun.site}, {words}{said}."
        )
        found.append(Said(text, entries_of(version), (row.id,)))
    return found or [Said("The register holds no incident.")]


def _quantity(words: tuple[str, ...]) -> Callable[[Register, str], list[Said]]:
    """Return the answerer for a quantity: each statement with its chain, and what changed."""

    def answer(register: Register, incident: str) -> list[Said]:
        found = []
        for name in _wanted(register, incident):
            told = told_of(register, name, words)
            holds = [(v, n) for v, n in told if not v.withdrawn]
            found += [_assertion_said(register, name, version, noun) for version, noun in holds]
            if not holds:
                text = (
                    f"{name}: nobody in the register says anything about {words[0]}: unknown."
                )
                found.append(Said(text, (), (name,)))
            found += how_it_changed(register, name, [noun for _, noun in told])
        return found or [Said("The register holds no incident.")]

    return answer


def _assertion_said(register: Register, about: str, version: Version, noun: Assertion) -> Said:
    text = f"{about}: {value_words(noun)}, according to {chain_words(register, noun.chain)}"
    if noun.modality != "asserted":
        text += f" ({noun.modality}{': ' + noun.hedge if noun.hedge else ''})"
    if version.correction:
        text += f"; corrected by {version.correction}"
    values: dict[str, object] = {
        "state": noun.state, "value": noun.value, "quantity": noun.quantity,
        "chain": [step.source for step in noun.chain], "verbatim": noun.verbatim,
    }  # fmt: skip
    return Said(text + ".", entries_of(version), (noun.id,), values)


def _claims(register: Register, incident: str) -> list[Said]:
    found = []
    for name in _wanted(register, incident):
        told = [(v, n) for _, v, n in told_about(register, name) if not v.withdrawn]
        found += [_claim_said(register, name, version, noun) for version, noun in told]
        if not told:
            found.append(Said(f"{name}: no claim of responsibility is recorded.", (), (name,)))
        found.append(_official(register, name))
    return found or [Said("The register holds no incident.")]


def _claim_said(register: Register, about: str, version: Version, noun: Claim) -> Said:
    text = f"{about}: claimed by {label_of(register, noun.claimant)}"
    text += f" according to {chain_words(register, noun.chain)}"
    text += f", by {noun.mode}" if noun.mode else ""
    text += f", with {noun.together_with}" if noun.together_with else ""
    if noun.confirmed_by:
        text += f"; officially confirmed by {label_of(register, noun.confirmed_by)}"
    if version.correction:
        text += f"; corrected by {version.correction}"
    values: dict[str, object] = {
        "claimant": noun.claimant,
        "chain": [step.source for step in noun.chain],
        "together_with": noun.together_with,
        "verbatim": noun.verbatim,
    }
    return Said(text + ".", entries_of(version), (noun.id,), values)


def _official(register: Register, incident: str) -> Said:
    """Say what officials attribute. Software never does; no claim becomes an attribution."""
    told = [
        (v, n)
        for _, v, n in rows_about(register, incident)
        if n.quantity.casefold() == "official attribution"
        and n.state == State.STATED
        and not v.withdrawn
    ]
    if not told:
        return Said(f"{incident}: official attribution: none stated.", (), (incident,))
    words = "; ".join(
        f"{n.value}, according to {chain_words(register, n.chain)}" for _, n in told
    )
    return Said(
        f"{incident}: official attribution: {words}.",
        entries_of(*(v for v, _ in told)),
        tuple(n.id for _, n in told),
    )


_Told = Assertion | Claim | Relation


def _told(register: Register, incident: str) -> list[tuple[Version, _Told]]:
    """Return assertions, claims and relations of an incident, or all; none twice."""
    found: list[tuple[Version, _Told]] = []
    about = {row.id for row, _, _ in rows_about(register, incident)} if incident else set()
    for row, version, noun in rows_of(register, Assertion):
        if not incident or row.id in about:
            found.append((version, noun))
    for _, version, claim in rows_of(register, Claim):
        if not incident or incident in claim.incidents:
            found.append((version, claim))
    for _, version, relation in rows_of(register, Relation):
        if relation.chain and not incident:
            found.append((version, relation))
    return found


def _summary(register: Register, noun: _Told) -> str:
    if isinstance(noun, Assertion):
        return f"{', '.join(noun.about)}: {value_words(noun)}"
    if isinstance(noun, Claim):
        return f"claim of {label_of(register, noun.claimant)} for {', '.join(noun.incidents)}"
    return (
        f"{label_of(register, noun.from_id)} {noun.type} {label_of(register, noun.to_id)}"
    )  # fmt: skip


def _anonymous(register: Register, incident: str) -> list[Said]:
    found = []
    for version, noun in _told(register, incident):
        names = anonymous_in(register, noun.chain)
        if names:
            who = ", ".join(label_of(register, name) for name in names)
            text = f"{noun.id}: {_summary(register, noun)}; rests on {who}."
            found.append(Said(text, entries_of(version), (noun.id,), {"sources": names}))
    return found or [Said("Nothing rests on a source that cannot be asked again.")]


def _writer_only(register: Register, incident: str) -> list[Said]:
    found = []
    for version, noun in _told(register, incident):
        if is_writer_only(register, noun):
            text = f"{noun.id}: {_summary(register, noun)}; the text names no source, only its "
            text += f"writer ({chain_words(register, noun.chain)})."
            found.append(Said(text, entries_of(version), (noun.id,)))
    return found or [Said("Everything has a source besides the writer of the text.")]


def _contradictions(register: Register, incident: str) -> list[Said]:
    found = []
    held = [s.id for _, _, s in rows_of(register, Series) if incident in s.incidents]
    for item in contradictions(register, {incident, *held} if incident else None):
        members = [name for side in item.sides for name in side]
        versions = [register.rows[name].versions[-1] for name in members]
        text = contradiction_words(register, item)
        found.append(Said(text, entries_of(*versions), tuple(members)))
    return found or [Said("No two statements in the register contradict each other.")]


def contradiction_words(register: Register, item: Contradiction) -> str:
    """Return the sides of a contradiction in one sentence, with why it is one."""
    sides = [" and ".join(side_words(register, name) for name in side) for side in item.sides]
    text = f"{', '.join(item.about)}, {item.quantity}: " + " AGAINST ".join(sides)
    text += f". ({'; '.join(item.rules)}"
    return text + (f"; explained by {item.explained_by})." if item.explained_by else "; open).")


def side_words(register: Register, name: str) -> str:
    """Return one statement of a contradiction in words, with its chain and its id."""
    noun = register.rows[name].versions[-1].noun
    if isinstance(noun, Claim):
        words = f"claimed by {label_of(register, noun.claimant)} for "
        words += " and ".join(noun.incidents)
    elif isinstance(noun, Assertion):
        words = value_words(noun).partition(": ")[2]
    else:
        return name
    return f"{words}, according to {chain_words(register, noun.chain)} [{name}]"


def _last(register: Register, incident: str) -> list[Said]:
    """The newest earlier incident of the same kind: a likeness in kind and place only."""
    this = noun_at(register, incident, Incident)
    order = incidents_in_order(register)
    place = next(k for k, found in enumerate(order) if found[0].id == incident)
    for row, version, noun in reversed(order[:place]):
        if this is None or noun.kind != this.kind:
            continue
        like = [f"kind {noun.kind}"]
        like += ["the same site"] if noun.site == this.site else []
        when = noun.happened.earliest_s
        text = f"{row.id} at {noun.site_name or noun.site}, "
        text += utc(when) if when is not None else "time unknown"
        text += (
            f"; like {incident} in: {', '.join(like)}. This says nothing of who was behind it."
        )
        return [Said(text, entries_of(version), (row.id,), {"like": like})]
    text = f"No earlier incident like {incident} is in the register; before what it covers, "
    return [Said(text + "that is unknown, not never.", (), (incident,))]


_ANSWERS: dict[str, Callable[[Register, str], list[Said]]] = {
    "last": _last,
    "order": _order,
    "drones": _quantity(DRONES),
    "injuries": _quantity(INJURIES),
    "claims": _claims,
    "relations": lambda register, incident: relations(register, _wanted(register, incident)),
    "anonymous": _anonymous,
    "writer-only": _writer_only,
    "contradictions": _contradictions,
    "gaps": lambda register, incident: gaps(
        register, _wanted(register, incident), others=not incident
    ),
    "known": lambda register, incident: knowledge(register, _wanted(register, incident)),
}
QUESTIONS = tuple(_ANSWERS)
