"""The record as a part of the one pipeline: incidents open, acts enter, replays agree."""

import dataclasses
import json

import pytest
from tests.replay.scene import NODE, scene

from tocsin import pipeline
from tocsin.codec.acts import decode_act, encode_act
from tocsin.model import OFFICER, Batch, Entry, Frame, Rejected
from tocsin.model.records import RECORD_VERBS, RecordAct
from tocsin.record import rebuild

pytestmark = pytest.mark.jit

ACTS = [
    ("add_source", {"id": "ap", "kind": "agency", "name": "AP"}),
    ("add_source", {"id": "page", "kind": "carrier", "name": "page"}),
    ("add_actor", {"id": "group", "name": "A group"}),
    ("claim", {"claimant": "group", "incidents": ["INC-2026-0001"], "verbatim": "they did it",
               "chain": [{"source": "ap"}, {"source": "page"}]}),
    ("claim", {"claimant": "group", "incidents": ["INC-1999-0001"], "verbatim": "they did it",
               "chain": [{"source": "ap"}]}),
    ("assert", {"about": ["INC-2026-0001"], "quantity": "injuries", "state": "none reported",
                "verbatim": "no injuries were reported", "chain": [{"source": "page"}]}),
    ("correct", {"of": "ap", "wrong": "AP", "right": "The AP", "changes": {"name": "The AP"}}),
]  # fmt: skip
REFUSED = 4  # the claim on an incident that is not there


def frame(number, verb, body, now_s, *, key=None, user="editor"):
    act = RecordAct(verb, f"{user}:{key or number}", user, now_s, body)
    return Frame(OFFICER, number, now_s, encode_act(act))


@pytest.fixture(scope="module")
def batches():
    """Two drones come near; at the end a person records what is said of it."""
    seen = list(scene(seconds=60.0))
    place = len(seen) - 40
    for number, (verb, body) in enumerate(ACTS):
        then = seen[place + 2 * number]
        frames = (*then.frames, frame(number, verb, body, then.now_s))
        seen[place + 2 * number] = dataclasses.replace(then, frames=frames)
    return seen


def run(batches, state=None, entries=None):
    entries = [] if entries is None else entries
    answers = []
    if state is None:
        state, first = pipeline.open_state(
            NODE, mode="replay", now_s=batches[0].now_s, live=False
        )
        entries.append(first)
    for batch in batches:
        state, outcome = pipeline.step(state, batch)
        entries += outcome.entries
        answers += outcome.acts
    return state, entries, answers


@pytest.fixture(scope="module")
def whole(batches):
    return run(batches)


def test_an_alarm_of_the_watch_opens_an_incident_with_its_zones_and_tracks(whole):
    state, entries, _ = whole
    opened = [json.loads(e.body) for e in entries if e.kind == "incident"]
    first = next(body for body in opened if body["what"] == "opened")["body"]
    assert first["id"] == "INC-2026-0001"
    assert (first["site"], first["nature"]) == ("al-asad", "simulated")
    assert {zone[0] for zone in first["zones"]} == {"flight-line", "living-area", "fuel"}
    assert all(
        track["first_seen_s"] < first["happened"]["earliest_s"] for track in first["tracks"]
    )
    told = [h.what for h in state.register.timeline if h.incident == "INC-2026-0001"]
    assert "raised" in told


def test_acts_of_the_record_are_answered_and_only_the_accepted_are_entries(whole):
    state, entries, answers = whole
    assert [accepted for _, accepted, _ in answers] == [k != REFUSED for k in range(len(ACTS))]
    assert "'INC-1999-0001' is not in the register" in answers[REFUSED][2]
    recorded = [json.loads(e.body) for e in entries if e.kind == "record"]
    assert [body["verb"] for body in recorded] == [
        verb for k, (verb, _) in enumerate(ACTS) if k != REFUSED
    ]
    assert b"INC-1999-0001" not in b"".join(e.body for e in entries)
    injuries = state.register.rows["AST-0001"].versions[-1].noun
    assert (injuries.state, injuries.value) == ("none reported", None)


def test_the_register_is_what_the_entries_add_up_to(whole):
    state, entries, _ = whole
    assert [e.number for e in entries] == list(range(len(entries)))
    assert rebuild(entries) == state.register
    assert state.register.last_entry == entries[-1].number


@pytest.mark.parametrize("part", [0.3, 0.75, 0.95])
def test_a_snapshot_in_between_gives_the_same_register_and_ledger(batches, whole, part):
    cut = int(len(batches) * part)
    state, entries, _ = run(batches[:cut])
    again, entries, _ = run(batches[cut:], pipeline.thaw(pipeline.freeze(state)), entries)
    assert entries == whole[1]
    assert again.register == whole[0].register


def test_the_same_key_is_one_row_also_much_later(batches, whole):
    state = pipeline.thaw(pipeline.freeze(whole[0]))
    verb, body = ACTS[0]
    late = Batch(state.now_s + 1.0, (frame(99, verb, body, state.now_s, key="0"),))
    state, outcome = pipeline.step(state, late)
    assert outcome.acts == (("editor:0", True, "already recorded as ap"),)
    assert not [e for e in outcome.entries if e.kind == "record"]


def test_acts_of_the_record_change_nothing_of_the_watch(whole):
    """Entries of kind "record" and an answer come of them; no alarm, zone or event."""
    state = pipeline.thaw(pipeline.freeze(whole[0]))
    twin = pipeline.thaw(pipeline.freeze(whole[0]))
    bodies = dict(ACTS) | {
        "open_incident": {"site": "al-asad"}, "approve": {"incident": "INC-2026-0001"},
        "publish": {"incident": "INC-2026-0001", "state": "published"},
        "grade": {"of": "ap", "reason": "known", "reliability": "B"},
        "relate": {"type": "backs", "from_id": "group", "to_id": "group"},
        "link": {"incidents": ["INC-2026-0001"]}, "add_document": {"headline": "x"},
        "add_place": {"name": "x"}, "add_evidence": {"name": "x", "mark": "1"},
        "hand_on": {"of": "ap", "action": "taken", "holder": "x"},
    }  # fmt: skip
    assert set(bodies) == set(RECORD_VERBS)
    now_s = state.now_s + 0.01
    frames = tuple(frame(200 + k, verb, bodies[verb], now_s) for k, verb in enumerate(bodies))
    state, outcome = pipeline.step(state, Batch(now_s, frames))
    twin, plain = pipeline.step(twin, Batch(now_s))
    assert len(outcome.acts) == len(RECORD_VERBS)
    assert outcome.alert_events == plain.alert_events
    assert {e.kind for e in outcome.entries} - {e.kind for e in plain.entries} <= {"record"}
    assert pipeline.freeze(state.alert) == pipeline.freeze(twin.alert)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"verb":"claim","key":"k","user":"u","at_s":1.0}', "not an act"),
        (b'{"verb":"claim","key":"k","user":"u","at_s":1.0,"body":[]}', "not an act"),
        (b'{"verb":"claim","key":"","user":"u","at_s":1.0,"body":{}}', "act without key"),
        (b'{"verb":"claim","key":"k","user":"u","at_s":1.0,"body":{},"x":1}', "not an act"),
        (b'{"verb":"claim","key":"k","user":"u","at_s":1.0,"body":{"a":'
         + b"[" * 9 + b"]" * 9 + b"}}", "act too long"),
        (b'{"verb":"claim","body":' + b"[" * 5000, "not an act"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_act_of_the_record_are_refused_with_a_reason(payload, reason):
    found = decode_act(payload)
    assert isinstance(found, Rejected)
    assert found.reason.startswith(reason)


def test_an_act_comes_back_from_its_canonical_bytes():
    act = RecordAct("assert", "u:k", "u", 1.5, {"about": ["a"], "value": 2, "n": None})
    assert decode_act(encode_act(act)) == act
    assert encode_act(decode_act(encode_act(act))) == encode_act(act)


def test_the_heads_of_a_chain_go_through_every_entry(whole):
    assert all(isinstance(e, Entry) for e in whole[1])
    assert whole[1][-1].digest == whole[0].chain.head
