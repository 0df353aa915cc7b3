"""The record: an append-only hash chain of entries, and the register that they add up to."""

from tocsin.record._days import utc
from tocsin.record.account import account
from tocsin.record.apply import apply_into
from tocsin.record.ask import QUESTIONS, Answer, Question, Said, ask
from tocsin.record.canonical import canonical
from tocsin.record.chain import Chain, append_into, first_bad, open_chain
from tocsin.record.contradictions import contradictions
from tocsin.record.fold import copied, fold_into, rebuild
from tocsin.record.incidents import FirstSeen, keep_first_into, open_from_alerts_into
from tocsin.record.known import as_known_at, as_of_entry, covers
from tocsin.record.lines import export_lines, read_lines
from tocsin.record.notes import (
    SensorNoted,
    note_acts_into,
    note_advice_into,
    note_alerts_into,
    note_heartbeat_into,
    note_labels_into,
    note_sensors_into,
    note_tracks_into,
)
from tocsin.record.publishing import (
    Standing,
    approved_as_of,
    approved_by,
    newest_draft,
    standing,
)
from tocsin.record.shape import VERBS, read_noun
from tocsin.record.site_changes import note_site_into, words_between
from tocsin.record.summary import Summary, summaries
from tocsin.record.timeline import Moment, moments, timeline
from tocsin.record.verify import (
    Held,
    Kept,
    Verdict,
    judge,
    rows_of_entries,
    verify,
    verify_rows,
)

__all__ = [
    "QUESTIONS",
    "VERBS",
    "Answer",
    "Chain",
    "FirstSeen",
    "Held",
    "Kept",
    "Moment",
    "Question",
    "Said",
    "SensorNoted",
    "Standing",
    "Summary",
    "Verdict",
    "account",
    "append_into",
    "apply_into",
    "approved_as_of",
    "approved_by",
    "as_known_at",
    "as_of_entry",
    "ask",
    "canonical",
    "contradictions",
    "copied",
    "covers",
    "export_lines",
    "first_bad",
    "fold_into",
    "judge",
    "keep_first_into",
    "moments",
    "newest_draft",
    "note_acts_into",
    "note_advice_into",
    "note_alerts_into",
    "note_heartbeat_into",
    "note_labels_into",
    "note_sensors_into",
    "note_site_into",
    "note_tracks_into",
    "open_chain",
    "open_from_alerts_into",
    "read_lines",
    "read_noun",
    "rebuild",
    "rows_of_entries",
    "standing",
    "summaries",
    "timeline",
    "utc",
    "verify",
    "verify_rows",
    "words_between",
]
