"""Which statements contradict, judged by comparing every pair in the plain way."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.record.desk import Desk, enter_day, enter_later

from tocsin.record import contradictions
from tocsin.record.views import rows_about, told_about


def clash(a, b, quantity):
    """The rules as a person would say them, for two statements."""
    if "none reported" in (a["state"], b["state"]):
        other = b if a["state"] == "none reported" else a
        return other["state"] == "stated" and other["value"] != 0
    x, y = a["value"], b["value"]
    if isinstance(x, str) and isinstance(y, str):
        return quantity == "injuries" and x.lower() != y.lower()
    if isinstance(x, str) or isinstance(y, str):
        return 0 in (x, y)
    if a["unit"] != b["unit"]:
        return False
    low_x, high_x = span(a)
    low_y, high_y = span(b)
    return low_x > high_y or low_y > high_x


def span(said):
    value = said["value"]
    return {
        "exactly": (value, value), "at least": (value, float("inf")),
        "at most": (float("-inf"), value), "about": (value * 0.9, value * 1.1),
    }[said["bound"]]  # fmt: skip


STATED = st.fixed_dictionaries({
    "state": st.just("stated"),
    "value": st.integers(0, 12) | st.sampled_from(["minor", "Minor", "serious"]),
    "bound": st.sampled_from(["exactly", "about", "at least", "at most"]),
    "unit": st.sampled_from(["", "people"]),
})  # fmt: skip
SILENT = st.fixed_dictionaries({"state": st.just("none reported"), "value": st.none(),
                                "bound": st.just("exactly"), "unit": st.just("")})  # fmt: skip


@given(st.lists(STATED | SILENT, max_size=5), st.sampled_from(["injuries", "remark"]))
def test_a_contradiction_is_found_where_any_two_statements_clash_and_nowhere_else(said, what):
    desk = Desk()
    desk.act("add_source", id="ap", kind="agency", name="AP")
    desk.act("open_incident", id="one", site="north")
    for one in said:
        desk.act("assert", about=["one"], quantity=what, verbatim="words",
                 chain=[{"source": "ap"}], **one)  # fmt: skip
    wanted = any(clash(a, b, what) for a, b in combinations(said, 2))
    assert bool(contradictions(desk.register)) == wanted


def test_what_is_denied_or_only_possible_contradicts_nothing():
    desk = Desk()
    desk.act("add_source", id="ap", kind="agency", name="AP")
    desk.act("open_incident", id="one", site="north")
    common = {"about": ["one"], "quantity": "drones", "verbatim": "x",
              "chain": [{"source": "ap"}]}  # fmt: skip
    desk.act("assert", value=2, **common)
    desk.act("assert", value=3, modality="possible", hedge="perhaps", **common)
    desk.act("assert", state="unknown", **common)
    assert contradictions(desk.register) == []


def test_two_ends_of_one_track_contradict_and_those_of_two_tracks_do_not():
    desk = Desk()
    desk.act("add_source", id="ap", kind="agency", name="AP")
    desk.act("open_incident", id="one", site="north")
    common = {"about": ["one"], "verbatim": "x", "chain": [{"source": "ap"}]}
    desk.act("assert", quantity="outcome of 7", value="destroyed", **common)
    desk.act("assert", quantity="outcome of 8", value="landed", **common)
    assert contradictions(desk.register) == []
    desk.act("assert", quantity="Outcome of 7", value="crashed", **common)
    assert [c.quantity for c in contradictions(desk.register)] == ["outcome of 7"]


def test_the_contradictions_of_one_incident_are_those_of_all_that_are_about_it():
    desk = Desk()
    enter_day(desk)
    enter_later(desk)
    desk.act("relate", id="why", type="explains", from_id="minor", to_id="no-injuries")
    everything = contradictions(desk.register)
    assert {c.explained_by for c in everything} >= {"", "why"}
    for about in (["first"], ["second"], ["day"], ["first", "day"], ["nothing"], []):
        wanted = [c for c in everything if set(c.about) & set(about)]
        assert contradictions(desk.register, about) == wanted


def test_what_is_told_of_an_incident_is_what_a_look_at_every_row_finds():
    desk = Desk()
    enter_day(desk)
    enter_later(desk)
    for step in ("as entered", "corrected"):
        rows = [(r.id, r.versions[-1].noun) for r in desk.register.rows.values()]
        for incident, about in (("first", {"first", "day"}), ("second", {"second", "day"})):
            told = [
                i for i, n in rows if type(n).__name__ == "Assertion" and about & {*n.about}
            ]
            claimed = [
                i for i, n in rows if type(n).__name__ == "Claim" and incident in n.incidents
            ]
            assert [row.id for row, _, _ in rows_about(desk.register, incident)] == told, step
            assert [r.id for r, _, _ in told_about(desk.register, incident)] == claimed, step
        if step == "as entered":
            desk.act("correct", of="minor", wrong="first", right="second",
                     changes={"about": ["second"]})  # fmt: skip
