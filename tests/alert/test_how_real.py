"""A warning is as real as what it is about: an exercise in the same zone makes none of it."""

from tests.alert.scenes import T, Watch

from tocsin.model import Ladder

EXERCISE = 1  # in Nature.ALL


def natures(watch, kind):
    return [event.nature for event in watch.kinds(kind)]


def test_what_a_person_warns_of_is_real_whatever_track_is_in_the_zone():
    watch = Watch().look(T(nature=EXERCISE, soon_s=200.0), seconds=3.0)
    watch.act("raise", step=Ladder.TAKE_SHELTER, text="I see a drone")
    assert natures(watch, "released") == ["live"]


def test_a_release_that_nothing_proposed_is_real_after_an_exercise():
    watch = Watch().look(T(nature=EXERCISE, soon_s=200.0), seconds=3.0).look(seconds=60.0)
    watch.act("release")
    assert natures(watch, "released") == ["live"]


def test_the_answer_to_what_an_exercise_proposed_stays_an_exercise():
    watch = Watch().look(T(nature=EXERCISE, soon_s=60.0), seconds=3.0)
    watch.act("release")
    assert natures(watch, "released") == ["exercise"]


def test_who_warns_while_an_exercise_is_released_is_heard():
    watch = Watch().look(T(nature=EXERCISE, soon_s=60.0), seconds=3.0)
    watch.act("release", user="ann")
    watch.look(T(nature=EXERCISE, soon_s=60.0), seconds=10.0)
    watch.act("raise", user="bob", step=Ladder.TAKE_SHELTER, text="a real one")
    assert natures(watch, "released") == ["exercise", "live"]
    told = [e.kind for e in watch.events if e.kind in ("released", "cancelled")]
    assert told == ["released", "cancelled", "released"], "who heard the first hears its end"
    watch.act("raise", user="ann", step=Ladder.TAKE_SHELTER)
    assert len(watch.kinds("released")) == 2


def test_what_is_real_is_proposed_though_an_exercise_is_released():
    watch = Watch().look(T(nature=EXERCISE, soon_s=60.0), seconds=3.0)
    watch.act("release")
    watch.look(T(nature=EXERCISE, soon_s=60.0), T(2, soon_s=70.0), seconds=3.0)
    assert natures(watch, "proposed") == ["exercise", "live"]
    assert watch.kinds("cancelled")[0].text.startswith("it was released as exercise")
    watch.look(T(nature=EXERCISE, soon_s=60.0), T(2, soon_s=67.0), seconds=60.0, approach=True)
    assert natures(watch, "released") == ["exercise", "live"]
