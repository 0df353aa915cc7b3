"""What the sentinel says is gone, from what it heard and when."""

import pytest

from tocsin.sentinel.judge import (
    BLIND,
    GONE,
    WELL,
    Heard,
    fail_into,
    judge,
    take_into,
    why_no_pulse,
)

ALL = ("server", "sirens", "pages")
URL = "https://watch.example.org"


def pulse(batch, *, age_s=0.1, armed_age_s=0.4, sirens=(), run="r1", nonce="n"):
    return {
        "schema": "tocsin-pulse-1", "nonce": nonce, "run": run, "batch": batch,
        "committed_age_s": age_s, "armed_age_s": armed_age_s, "not_ready": "",
        "sirens": [
            {"site": s, "name": s.title(), "age_s": a, "words": w} for s, a, w in sirens
        ],
    }  # fmt: skip


def verdict(heard, now, what=ALL):
    return judge(heard, now, gone_s=10.0, what=what, server=URL)


def walk(seconds, make, heard=None, start=0):
    """Take one pulse a second; make(second) gives it."""
    heard = heard or Heard(float(start))
    for second in range(start, start + seconds):
        take_into(heard, make(second), float(second))
    return heard


def test_a_watch_that_commits_is_well_for_as_long_as_it_does():
    heard = walk(100, lambda s: pulse(5 * s))
    assert verdict(heard, 99.5).state == WELL


def test_a_server_that_answers_but_commits_nothing_is_gone_after_ten_seconds():
    heard = walk(20, lambda s: pulse(5 * s))
    # It hangs: the socket answers on, and even lies about the age of its last commit.
    walk(12, lambda s: pulse(95, age_s=0.0), heard, start=20)
    assert verdict(heard, 28.5).state == WELL
    found = verdict(heard, 31.0)
    assert found.state == GONE
    assert [g.what for g in found.gone] == ["server"]
    assert "answers, but has written nothing for 12 s" in found.words


def test_a_server_that_does_not_answer_is_gone_with_the_reason():
    heard = walk(20, lambda s: pulse(5 * s))
    fail_into(heard, "nothing listens there", is_blind=False)
    assert verdict(heard, 28.0).state == WELL
    found = verdict(heard, 30.0)
    assert found.state == GONE
    assert "has not answered for 11 s (nothing listens there)" in found.words


def test_a_server_that_was_never_there_is_gone_too():
    heard = Heard(50.0)
    assert verdict(heard, 59.9).state == WELL
    assert verdict(heard, 60.0).state == GONE


def test_a_fault_on_this_side_is_blindness_and_not_a_lost_server():
    heard = walk(5, pulse)
    fail_into(heard, "this machine's network does not work", is_blind=True)
    found = verdict(heard, 20.0)
    assert found.state == BLIND
    assert "blind for 16 s" in found.words
    assert URL in found.words


def test_it_is_back_at_the_first_batch_that_is_new():
    heard = walk(5, pulse)
    fail_into(heard, "no answer in time", is_blind=False)
    assert verdict(heard, 30.0).state == GONE
    take_into(heard, pulse(5), 31.0)
    assert verdict(heard, 31.0).state == WELL


def test_a_restart_with_an_empty_folder_begins_with_small_numbers_and_is_heard():
    heard = walk(20, lambda s: pulse(1000 + s))
    walk(20, lambda s: pulse(s - 20, run="r2"), heard, start=20)
    assert verdict(heard, 39.5).state == WELL


def test_the_age_that_the_service_states_counts():
    """A siren path that the service has not heard for 9 s is gone a second later, not ten."""
    heard = walk(20, lambda s: pulse(s, sirens=[("north", 9.0, "siren: no broker")]))
    assert verdict(heard, 19.5).state == WELL
    found = verdict(heard, 20.0)
    assert [(g.what, g.place) for g in found.gone] == [("sirens", "north")]
    assert (
        "The siren path of North has been unheard for 10 s (siren: no broker)." in found.words
    )


def test_a_site_of_which_nothing_is_known_is_not_called_gone():
    heard = walk(40, lambda s: pulse(s, sirens=[("north", None, "")]))
    assert verdict(heard, 39.5).state == WELL


def test_every_armed_page_gone_is_told_and_one_that_comes_back_ends_it():
    heard = walk(20, lambda s: pulse(s, armed_age_s=s + 0.5))
    found = verdict(heard, 19.0)
    assert [g.what for g in found.gone] == ["pages"]
    assert "nobody there would hear an alarm" in found.words
    assert verdict(heard, 19.0, what=("server",)).state == WELL
    take_into(heard, pulse(20, armed_age_s=0.2), 20.0)
    assert verdict(heard, 20.0).state == WELL


def test_no_page_was_ever_armed():
    heard = walk(11, lambda s: pulse(s, armed_age_s=None))
    assert [g.what for g in verdict(heard, 10.5).gone] == ["pages"]


def test_without_a_server_nothing_is_said_of_sirens_and_pages():
    heard = walk(20, lambda s: pulse(s, armed_age_s=s + 0.5, sirens=[("north", 50.0, "")]))
    fail_into(heard, "no answer in time", is_blind=False)
    found = verdict(heard, 40.0)
    assert [g.what for g in found.gone] == ["server"]
    assert "not known" in found.words


def test_the_same_things_gone_for_longer_are_the_same_alarm():
    heard = Heard(0.0)
    assert verdict(heard, 10.0).key == verdict(heard, 99.0).key != verdict(heard, 1.0).key


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"schema": "other"},
        pulse(1, nonce="old"),
        pulse("7"), pulse(True), pulse(-1), pulse(float("nan")), pulse(1, age_s=None),
        pulse(1, age_s="now"), pulse(1, armed_age_s="x"), pulse(1, run=None),
        {**pulse(1), "sirens": "none"}, {**pulse(1), "sirens": [1]},
        {**pulse(1), "sirens": [{"site": "a", "age_s": "x"}]},
        {**pulse(1), "sirens": [{"site": "a", "age_s": 1}] * 1001},
    ],
)  # fmt: skip
def test_what_is_no_pulse_of_now_is_refused_with_a_sentence(body):
    assert why_no_pulse(body, "n")


def test_a_pulse_is_taken():
    assert why_no_pulse(pulse(1, sirens=[("a", 1.0, "")]), "n") == ""
