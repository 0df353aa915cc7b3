"""What one shift leaves to the next."""

import math

from tests.alert.scenes import Watch

from tocsin import alert
from tocsin.alert import _rules
from tocsin.codec.snapshot import freeze, thaw


def notes(watch):
    return alert.handovers(watch.state)


def test_a_note_waits_until_the_next_shift_says_that_it_read_it():
    watch = Watch()
    assert watch.act("end_shift", user="ada", text="  Crane at the east gate until noon. ")[0]
    (note,) = notes(watch)
    assert (note.by, note.text) == ("ada", "Crane at the east gate until noon.")
    assert math.isnan(note.read_s)
    for unread in ("", "H-1-99"):
        accepted, sentence = watch.act(
            "begin_shift", user="bob", alarm=unread, key=f"t{unread}"
        )
        assert not accepted
        assert "ada has left a note" in sentence
    accepted, sentence = watch.act("begin_shift", user="bob", alarm=note.id)
    assert accepted
    assert "read what ada left" in sentence
    assert (notes(watch)[0].read_by, notes(watch)[0].read_s) == ("bob", watch.now_s)
    said = [(e.kind, e.by, e.facts) for e in watch.events if e.kind != "act refused"]
    assert said == [
        ("handed over", "ada", {"note": note.id}), ("taken over", "bob", {"note": note.id}),
    ]  # fmt: skip


def test_an_empty_note_is_refused_and_nothing_to_say_is_said():
    watch = Watch()
    assert not watch.act("end_shift", text="  ")[0]
    assert not notes(watch)
    assert watch.act("end_shift", text="Nothing.")[0]


def test_a_shift_begins_without_a_note_where_none_waits():
    watch = Watch()
    assert watch.act("begin_shift", user="bob")[0]
    (event,) = watch.kinds("taken over")
    assert event.text == "no note waited"
    assert not watch.act("begin_shift", user="bob", alarm="H-9-9", key="other")[0]


def test_two_who_end_shift_at_once_are_both_read_and_the_newest_says_so():
    watch = Watch()
    for user in ("ada", "eve"):
        assert watch.act("end_shift", user=user, text=f"from {user}")[0]
    first, second = notes(watch)
    assert not watch.act("begin_shift", user="bob", alarm=first.id)[0], "a stale page"
    accepted, sentence = watch.act("begin_shift", user="bob", alarm=second.id, key="again")
    assert accepted
    assert "ada and eve" in sentence
    assert {note.read_by for note in notes(watch)} == {"bob"}
    # Two begin the same shift: nothing waits for the second, and that is said.
    accepted, sentence = watch.act("begin_shift", user="joe", alarm=second.id)
    assert (accepted, "no note waited" in sentence) == (True, True)
    assert {note.read_by for note in notes(watch)} == {"bob"}


def test_a_double_click_leaves_one_note():
    watch = Watch()
    for _ in range(2):
        assert watch.act("end_shift", key="same", text="once")[0]
    assert len(notes(watch)) == 1


def test_notes_are_bounded_and_ids_are_never_used_again_after_a_restart():
    watch = Watch()
    for k in range(_rules.MAX_HANDOVERS + 3):
        watch.act("end_shift", key=str(k), text=f"note {k}")
    watch.state = thaw(freeze(watch.state))
    watch.act("end_shift", key="last", text="the last")
    found = notes(watch)
    assert len(found) == _rules.MAX_HANDOVERS
    assert found[-1].id == f"H-{watch.node.number}-{_rules.MAX_HANDOVERS + 4}"
    assert len({note.id for note in found}) == _rules.MAX_HANDOVERS
