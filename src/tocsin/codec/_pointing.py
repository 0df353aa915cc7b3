"""A person points a sensor: the act becomes a task, and its answer an event, as alerts are."""

from tocsin.codec._work import Work, reject
from tocsin.codec.sapient.calls import Taken
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.codec.sapient.tasks import encode_task, why_not_asked
from tocsin.model import Act, AlertEvent, Nature, Reply, Sensor

__all__ = ["note_alerts_into", "note_answers_into", "point"]

REMEMBERED = 256  # acts whose answer is given again, and tasks whose answers are told


def point(work: Work, act: Act) -> None:
    """Ask a sensor for what an act says, or answer why not. The same act twice is one."""
    known = work.session.pointed
    name = f"{act.user}|{act.key}"
    if name not in known:
        known[name] = _point(work, act)
        while len(known) > REMEMBERED:
            del known[next(iter(known))]
    accepted, sentence = known[name]
    work.answers.append((act.key, accepted, sentence))


def _point(work: Work, act: Act) -> tuple[bool, str]:
    wish = act.pointing
    if wish is None:
        return False, "an act that points a sensor says in pointing which one, and where"
    sensor = work.sensors.get(wish.sensor)
    if sensor is None:
        return False, f"the site file has no sensor {wish.sensor!r}"
    source, port, node = _node_of(work, sensor)
    against = why_not_asked(sensor, port, node, wish)
    if against or node is None:
        text = f"point: {against}"
        _tell(work, sensor, "act refused", text, by=act.user)
        return False, against
    payload, task_id = encode_task(port, node, wish, work.now_s, f"{act.user} {act.key}")
    work.replies.append(Reply(source, node.path, payload))
    port.asked[task_id] = f"{wish.words}, asked of {sensor.id}"
    while len(port.asked) > REMEMBERED:
        del port.asked[next(iter(port.asked))]
    because = f" (because: {act.reason.strip()})" if act.reason.strip() else ""
    _tell(work, sensor, "sensor asked", f"{sensor.id}: {wish.words}{because}", by=act.user,
          facts={"task": task_id})  # fmt: skip
    return (
        True,
        f"{sensor.id} is asked to {_verb(wish.what)}{wish.words}; its answer is an event",
    )


def _verb(what: str) -> str:
    return "" if what == "look_at" else "set its "


def _node_of(work: Work, sensor: Sensor) -> tuple[str, SapientSession, NodeState | None]:
    """Return where a sensor's node is connected; a port without it where it is not."""
    for source, port in work.session.sapient.items():
        node = port.nodes.get(sensor.node_id)
        if node is not None:
            return source, port, node
    return "", SapientSession(""), None


def note_answers_into(work: Work, port: SapientSession, taken: Taken, source: str) -> None:
    """Tell what nodes answered to what they were asked; other answers are counted."""
    for node_id, task_id, word, reason in taken.task_acks:
        sensor = next((s for s in work.node.sensors if s.node_id == node_id), None)
        asked = port.asked.get(task_id)
        if asked is None or sensor is None:
            reject(work, source, "answer to no task", f"{node_id} answers {task_id[:40]!r}")
            continue
        because = f": {reason}" if reason else ""
        _tell(
            work,
            sensor,
            "sensor answered",
            f"{asked}: {word}{because}",
            facts={"task": task_id},
        )


def note_alerts_into(work: Work, taken: Taken) -> None:
    """Tell people of what nodes warn."""
    for node_id, alert_id, words, told in taken.alerts:
        sensor = next((s for s in work.node.sensors if s.node_id == node_id), None)
        if sensor is not None:
            nature = max(sensor.nature, told, key=Nature.ALL.index)
            unreal = "" if nature == Nature.LIVE else f" ({nature})"
            _tell(
                work,
                sensor,
                "node alert",
                f"{sensor.id} gives an alert{unreal}: {words}",
                nature=nature,
                facts={"alert": alert_id},
            )


def _tell(
    work: Work,
    sensor: Sensor,
    kind: str,
    text: str,
    *,
    by: str = "",
    nature: str = "",
    facts: dict[str, str | float | None] | None = None,
) -> None:
    site_id = sensor.sites[0] if sensor.sites else ""
    work.events.append(
        AlertEvent(kind, work.now_s, site_id, by=by, text=text, nature=nature or sensor.nature,
                   facts={"sensor": sensor.id, **(facts or {})})
    )  # fmt: skip
