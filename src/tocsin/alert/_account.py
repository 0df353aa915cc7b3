"""After a release: who of each zone is accounted for, missing, hurt. Unknown stays unknown."""

import math

from tocsin.alert import _rules
from tocsin.alert._state import ZoneWatch
from tocsin.model import Act, AlertEvent, Headcount

__all__ = ["account_into", "open_account_into"]

NOT_YET, REPORTED = "not yet", "reported"
Reply = tuple[bool, str]


def open_account_into(watch: ZoneWatch, now_s: float) -> None:
    """Begin a new count: a release has sent people to shelter, nobody has said anything."""
    status = watch.status
    watch.last_release_s = now_s
    status.account, status.account_by = "", ""
    status.accounted = status.missing = status.hurt = status.account_s = math.nan


def account_into(
    watches: list[ZoneWatch], act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Take one zone's report. What it does not say stays as it was, also unknown."""
    count = act.headcount
    if count is None:
        return False, "say how many are accounted for, missing or hurt, or that it is not yet"
    if wrong := _wrong(count):
        return False, wrong
    if len(watches) != 1:
        return False, "a headcount is of one zone; name it"
    watch = watches[0]
    status = watch.status
    if not now_s - watch.last_release_s <= _rules.ACCOUNT_OPEN_S:
        return False, (
            f"nobody was sent to shelter in {watch.name} in the last "
            f"{_rules.ACCOUNT_OPEN_S / 3600:.0f} h; there is nothing to count"
        )
    for name in ("accounted", "missing", "hurt"):
        value = getattr(count, name)
        if value is not None:
            setattr(status, name, float(value))
    status.account = REPORTED if count.done else NOT_YET
    status.account_by, status.account_s = act.user, now_s
    text = words_of(watch)
    events.append(
        AlertEvent(
            "account", now_s, status.site_id, zone_id=status.zone_id, step=status.step,
            by=act.user, text=f"{text}. {act.text.strip()}" if act.text.strip() else text,
            nature=status.nature,
            facts={
                "accounted": count.accounted, "missing": count.missing, "hurt": count.hurt,
                "state": status.account,
            },
        )
    )  # fmt: skip
    return True, f"{watch.name}: {text}"


def words_of(watch: ZoneWatch) -> str:
    """Return what is known of a zone's people, in words."""
    status = watch.status
    parts = [
        f"{word} {'not stated' if math.isnan(value) else f'{value:.0f}'}"
        for word, value in (
            ("accounted for", status.accounted),
            ("missing", status.missing),
            ("hurt", status.hurt),
        )
    ]
    if status.account != REPORTED:
        parts.append("the count is not finished")
    return ", ".join(parts)


def _wrong(count: Headcount) -> str:
    said = [count.accounted, count.missing, count.hurt]
    if count.done and all(value is None for value in said):
        return "say how many are accounted for, missing or hurt, or that it is not yet"
    for value in said:
        if value is not None and not 0 <= value <= _rules.MAX_PEOPLE:
            return f"{value} people cannot be; give 0 to {_rules.MAX_PEOPLE}"
    return ""
