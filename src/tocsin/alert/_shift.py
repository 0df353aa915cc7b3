"""The end of a shift and the beginning of the next: a note is written, and read.

Notes are of the whole node. Several wait where several people hand over before anybody takes
over; who takes over has read all of them, and says so in their own name.
"""

import math

from tocsin.alert import _rules
from tocsin.alert._shift_rules import end_rules_into
from tocsin.alert._state import AlertState, copies
from tocsin.model import Act, AlertEvent, Handover, Nature, Node

__all__ = ["begin_shift_into", "end_shift_into", "handovers"]

Reply = tuple[bool, str]


def end_shift_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Leave a note for the next shift; an empty one is refused."""
    text = act.text.strip()
    if not text:
        return False, "say what the next shift has to know, or that there is nothing to know"
    state.handed += 1
    note = Handover(f"H-{node.number}-{state.handed}", act.user, now_s, text)
    state.handovers.append(note)
    events.append(_event(node, "handed over", now_s, act.user, text, note.id))
    del state.handovers[: -_rules.MAX_HANDOVERS]
    end_rules_into(state, node, now_s, events, "the shift has ended", act.user)
    return True, "your note waits for the next shift"


def begin_shift_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Begin a shift: `act.alarm` is the newest note that the person has read, "" none.

    Refused where a newer one waits: a note that nobody read is worse than none.
    """
    waiting = [note for note in state.handovers if math.isnan(note.read_s)]
    newest = waiting[-1] if waiting else None
    known = [note.id for note in state.handovers]
    if newest is not None and act.alarm != newest.id:
        return False, (
            f"{newest.by} has left a note that you have not read yet: read it, and begin again"
        )
    if newest is None and act.alarm and act.alarm not in known:
        return False, f"there is no note {act.alarm!r}; look at the live picture, begin again"
    for note in waiting:
        note.read_by, note.read_s = act.user, now_s
    read = ", ".join(note.id for note in waiting)
    writers = " and ".join(dict.fromkeys(note.by for note in waiting))
    said = f"read what {writers} left" if waiting else ""
    text = "; ".join(part for part in (said or "no note waited", act.text.strip()) if part)
    events.append(_event(node, "taken over", now_s, act.user, text, read))
    end_rules_into(state, node, now_s, events, "another shift has begun", act.user)
    return True, f"your shift has begun; {said or 'no note waited'}"


def handovers(state: AlertState) -> tuple[Handover, ...]:
    """Return the notes that wait, and the last ones that were read; oldest first; copies."""
    return copies(Handover, state.handovers)


def _event(node: Node, kind: str, now_s: float, by: str, text: str, note: str) -> AlertEvent:
    natures = [s.nature for s in node.sensors if s.kind != "person"]
    nature = min(natures, key=Nature.ALL.index, default=Nature.LIVE)
    return AlertEvent(kind, now_s, "", by=by, text=text, nature=nature, facts={"note": note})
