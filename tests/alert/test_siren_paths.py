"""NOT HEARD: a site whose siren path is lost is told of, and moves no zone."""

import pytest
from tests.alert.scenes import T, Watch, node_of

from tocsin import alert
from tocsin.codec.siren_paths import decode_siren_path, encode_siren_path
from tocsin.model import AlarmState, Ladder, Rejected, SirenHeard


def hear(watch, *, heard, site="base", words="siren: no broker"):
    told = (SirenHeard(site, heard, "" if heard else words),)
    watch.events += alert.hear_sirens_into(watch.state, watch.node, told, watch.now_s)
    return watch


def of_sirens(watch):
    return [a for a in alert.alarms(watch.state) if a.cause == "not heard"]


def test_a_lost_path_is_an_alarm_for_all_zones_and_closes_when_it_is_found():
    watch = Watch(node_of(zones=2)).look(seconds=2.0)
    steps = [z.step for z in alert.zones(watch.state)]
    hear(watch, heard=False).look(seconds=2.0)
    (alarm,) = of_sirens(watch)
    assert (alarm.step, alarm.zones) == (Ladder.NOT_HEARD, ("zone-0", "zone-1"))
    assert "siren: no broker" in alarm.text
    assert "telephone" in alarm.text
    assert [z.step for z in alert.zones(watch.state)] == steps
    assert not alert.notices(watch.state)  # the other sites have their own paths
    watch.act("acknowledge", alarm=alarm.id)
    hear(watch, heard=True).look(seconds=1.0)
    assert of_sirens(watch)[0].state == AlarmState.CLOSED
    assert [e.kind for e in watch.events if e.kind.startswith("siren")] == [
        "siren lost", "siren regained",
    ]  # fmt: skip


def test_nobody_has_seen_it_and_it_is_over():
    watch = hear(Watch().look(seconds=1.0), heard=False).look(seconds=1.0)
    hear(watch, heard=True).look(seconds=1.0)
    assert of_sirens(watch)[0].state == AlarmState.RETURNED


def test_it_calls_again_while_nobody_answers():
    watch = hear(Watch().look(seconds=1.0), heard=False).look(seconds=40.0)
    assert any(e.kind == "escalated" and e.alarm_id == of_sirens(watch)[0].id
               for e in watch.events)  # fmt: skip


def test_where_take_shelter_stands_people_are_to_be_told_by_voice():
    watch = Watch().look(T(), seconds=3.0)
    watch.act("release", site="base", zones=("zone-0",))
    watch.look(T(), seconds=1.0)
    hear(watch, heard=False)
    (alarm,) = of_sirens(watch)
    assert "TAKE SHELTER stands in Zone 0: tell people there by voice" in alarm.text


def test_the_same_news_twice_is_one_alarm_and_a_stranger_is_none():
    watch = Watch().look(seconds=1.0)
    for _ in range(3):
        hear(watch, heard=False)
    hear(watch, heard=False, site="elsewhere")
    hear(watch, heard=True, site="far")
    assert len(of_sirens(watch)) == 1


def test_what_is_said_of_a_path_comes_back_from_its_bytes():
    told = SirenHeard("base", False, "siren: no broker")
    assert decode_siren_path(encode_siren_path(told)) == told


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"site":"a"}', b"\xff", b"[" * 5000])
def test_bytes_that_say_nothing_are_refused(payload):
    assert isinstance(decode_siren_path(payload), Rejected)
