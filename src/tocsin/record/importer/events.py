"""Which incidents an article tells of, and which of them a sentence is about."""

from dataclasses import dataclass, field

from tocsin.model.proposals import PlaceFound, TimeFound
from tocsin.record.importer.rules import Rules
from tocsin.record.importer.sentences import Sentence

__all__ = ["Events", "events_of", "numbers_in"]

_ORDER = ("first", "second", "third")


@dataclass(slots=True)
class Events:
    """count of incidents; places: number of the incident (from 1) by the name of its place."""

    count: int
    places: dict[str, int] = field(default_factory=dict)
    lies: dict[int, str] = field(default_factory=dict)
    kind: str = "drones"


def numbers_in(text: str, events: Events, rules: Rules) -> tuple[tuple[int, ...], bool]:
    """Return (numbers of the incidents that words name, whether they mean all of them)."""
    if events.count > 1 and rules.patterns["events.all"].search(text):
        return tuple(range(1, events.count + 1)), True
    found = [
        n for n, word in enumerate(_ORDER, start=1)
        if n <= events.count and rules.patterns[f"events.{word}"].search(text)
    ]  # fmt: skip
    found += [n for name, n in events.places.items() if name in text and n not in found]
    return tuple(sorted(found)), False


def events_of(
    sentences: list[Sentence], places: list[PlaceFound], times: list[TimeFound], rules: Rules
) -> Events:
    """Return the incidents that the text itself tells apart: by "second", "both" and the like.

    A place belongs to an incident only where one sentence names that place and that incident.
    """
    whole = " ".join(sentence.text for sentence in sentences)
    words = [w for name in ("drones", "missiles", "rockets") for w in rules.raw["events"][name]]
    low = whole.lower()
    is_about = any(word in low for word in (*words, *rules.raw["events"]["words"]))
    count = max(
        [n for n, word in enumerate(_ORDER, start=1)
         if rules.patterns[f"events.{word}"].search(whole)],
        default=1 if is_about else 0,
    )  # fmt: skip
    if count == 1 and rules.patterns["events.all"].search(whole.replace("The ", "")):
        count = 2
    kinds = ("drones", "missiles", "rockets")
    # What is spoken of first: an article on missiles may name drones beside them.
    first = {k: min((low.find(w) for w in rules.raw["events"][k] if w in low), default=-1)
             for k in kinds}  # fmt: skip
    kind = min((k for k in kinds if first[k] >= 0), key=lambda k: first[k], default="other")
    found = Events(count, kind=kind)
    things = [*words, *rules.raw["events"]["words"]]
    for sentence in sentences:
        numbers, is_all = numbers_in(sentence.text, Events(count), rules)
        if is_all or (len(numbers) != 1 and count != 1):
            continue
        here = [
            p for p in places
            if p.span.block == sentence.block
            and sentence.start <= p.span.start < sentence.end and p.name
        ]  # fmt: skip
        if count == 1 and not numbers and not found.places:
            # The one incident is where the first sentence that speaks of it says.
            said = sentence.text.lower()
            numbers = (1,) if any(word in said for word in things) else ()
        for place in here[:1] if numbers else ():
            found.places.setdefault(place.name, numbers[0])
            if place.within:
                found.lies.setdefault(numbers[0], place.within)
    return found
