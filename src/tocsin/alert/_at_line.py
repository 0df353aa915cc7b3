"""What comes to a zone and may be harmful is asked about before it crosses the warning line.

CAUTION wants probable harm, and motion alone cannot tell a slow drone from a bird: some crossed
their line at 0.2 in simulated raids, others flew past at 0.6 and turned late, and nobody had
been asked. Here a person is, at MONITOR: it moves nobody, and a word of who looks ends it.
"""

from tocsin.alert import _rules
from tocsin.alert._cause import Cause, causes_of
from tocsin.alert._state import AlertState
from tocsin.alert._threats import Marks, Row, is_question
from tocsin.model import Ladder, Node

__all__ = ["at_line_into"]


def at_line_into(
    state: AlertState, node: Node, rows: list[Row], marks: Marks, now_s: float
) -> list[Cause]:
    """Return a cause, at MONITOR, for each track that is not surely harmless and for
    QUESTION_S may have come to the warning line of a zone.

    rows: of tracks that nobody has said anything of. `state.at_line_s` notes since when.
    """
    known, state.at_line_s = state.at_line_s, {}
    asking: list[tuple[Row, str]] = []
    for row in rows:
        held = row.track in known
        if not held and row.track not in marks.seen:
            continue
        site = node.sites[row.site]
        if not is_question(row, site.rules, site.zones[row.zone], hold=held):
            continue
        since_s = state.at_line_s[row.track] = known.get(row.track, now_s)
        if now_s - since_s >= _rules.QUESTION_S - 1e-6:
            asking.append((row, Ladder.MONITOR))
    causes = causes_of(asking, node)
    for cause in causes:
        cause.question = True
    return causes
