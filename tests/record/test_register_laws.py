"""Laws of the register: rebuilt from its entries it is the same; the past does not change."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record.desk import Desk, enter_day, enter_later

from tocsin.codec.snapshot import freeze, thaw
from tocsin.record import QUESTIONS, Question, as_known_at, as_of_entry, ask, fold_into, rebuild

DAY = Desk()
enter_day(DAY)
enter_later(DAY)
DAY.act("correct", of="two-drones", wrong="2", right="3", changes={"value": 3})
DAY.act("correct", of="claim-taw", wrong="all", right="", kind="withdrawn")
DAY.act("grade", of="ap", reliability="B", reason="usually reliable")

NAMES = ["first", "second", "ap", "page", "taw", "nobody"]
WORDS = st.sampled_from([*NAMES, "", "two drones", "No injuries were reported"])
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["", "a", "b", "first"]),
        "site": WORDS, "name": WORDS, "descriptor": WORDS, "headline": WORDS,
        "about": st.lists(st.sampled_from(NAMES), max_size=2),
        "incidents": st.lists(st.sampled_from(NAMES), max_size=2),
        "claimant": WORDS, "quantity": WORDS, "verbatim": WORDS,
        "value": st.none() | st.integers(-3, 3) | st.floats() | WORDS,
        "state": st.sampled_from(["stated", "none reported", "unknown"]),
        "chain": st.lists(st.builds(dict, source=st.sampled_from(NAMES)), max_size=2),
        "of": st.sampled_from([*NAMES, "AST-0001", "two-drones"]),
        "wrong": WORDS, "right": WORDS,
        "changes": st.dictionaries(st.sampled_from(["value", "name"]), WORDS, max_size=1),
        "type": st.sampled_from(["part of", "explains", "contradicts"]),
        "from_id": st.sampled_from(NAMES), "to_id": st.sampled_from(NAMES),
        "incident": st.sampled_from(NAMES),
    },
)  # fmt: skip
FIELDS = {
    "open_incident": ("id", "site"), "add_actor": ("id", "name"),
    "add_source": ("id", "name", "descriptor"), "add_document": ("id", "headline"),
    "assert": ("id", "about", "quantity", "verbatim", "value", "state", "chain"),
    "claim": ("id", "claimant", "incidents", "verbatim", "chain"),
    "relate": ("id", "type", "from_id", "to_id", "verbatim", "chain"),
    "correct": ("of", "wrong", "right", "changes"), "approve": ("incident",),
    "publish": ("incident",),
    "link": ("id", "incidents"),
}  # fmt: skip
ACTS = st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), BODIES), max_size=25)


@given(ACTS)
@settings(max_examples=40)
def test_any_acts_leave_a_register_that_its_entries_rebuild(acts):
    desk = Desk()
    enter_day(desk)
    for verb, body in acts:
        desk.try_act(verb, **{n: v for n, v in body.items() if n in FIELDS[verb]})
    assert rebuild(desk.entries) == desk.register
    assert freeze(rebuild(desk.entries)) == freeze(desk.register)
    for what in QUESTIONS[1:]:
        ask(desk.register, Question(what))


@given(st.integers(0, len(DAY.entries)), st.integers(0, len(DAY.entries)))
def test_folding_in_pieces_is_folding_at_once_and_a_snapshot_goes_on(cut, other):
    a, b = sorted((cut, other))
    register = rebuild(DAY.entries[:a])
    fold_into(register, DAY.entries[a:b])
    register = thaw(freeze(register))
    fold_into(register, DAY.entries[b:])
    assert register == DAY.register


def plain(register):
    """What questions are answered from."""
    return replace(register, keys={}, counts={}, waiting={}, alarms={}, tracks={}, watching=[],
                   last_entry=0, last_s=None)  # fmt: skip


@given(st.integers(1, len(DAY.entries)))
def test_what_was_known_at_a_time_is_what_the_entries_until_then_say(count):
    prefix = rebuild(DAY.entries[:count])
    at_s = DAY.entries[count - 1].recorded_s
    assert plain(as_known_at(DAY.register, at_s)) == plain(prefix)
    assert plain(as_of_entry(DAY.register, count - 1)) == plain(prefix)
    for what in QUESTIONS[1:]:
        then = ask(DAY.register, Question(what, "", at_s))
        assert then.sentences == ask(prefix, Question(what)).sentences
