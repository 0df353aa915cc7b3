"""Operations of a site, suspended and resumed by people: recorded here, and switched nowhere.

To suspend raises protection: it is never refused and merged with what stands. To resume lowers
it: by a person who looks at the live picture, says why, and says that each of the site's
criteria is met, while nothing is in the volumes.
"""

import math

from tocsin.alert import _rules
from tocsin.alert._standing import nature_of
from tocsin.alert._state import AlertState, copies
from tocsin.model import Act, AlertEvent, Node, Operations, Site, track_label

__all__ = ["operations", "resume_into", "suspend_into"]

Reply = tuple[bool, str]


def operations(state: AlertState) -> tuple[Operations, ...]:
    """Return each site's operations as people left them, in the node's order; copies."""
    return copies(Operations, state.operations)


def suspend_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Record that operations are suspended; who says it again is noted beside who said it."""
    site, now, missing = _at(state, node, act)
    if site is None or now is None:
        return False, missing
    known = [volume.id for volume in site.volumes]
    meant = tuple(name for name in act.zones if name in known)
    unknown = ", ".join(name for name in act.zones if name not in known)
    said = f"; there is no volume {unknown}" if unknown else ""
    if unknown and not meant:
        said += ", so all operations are meant"
    reason = act.reason.strip() or act.text.strip()
    state.suspended_s[site.id] = now_s
    again = now.suspended
    if again:
        # No name means everything; a wider word stands.
        wider = (*now.volumes, *(v for v in meant if v not in now.volumes))
        now.volumes = wider if now.volumes and meant else ()
        now.reason = now.reason or reason
    else:
        state.suspended += 1
        now.id = f"O-{node.number}-{state.suspended}"
        now.suspended, now.suspended_by, now.suspended_s = True, act.user, now_s
        now.volumes, now.reason = meant, reason
    events.append(
        AlertEvent(
            "suspended", now_s, site.id, by=act.user, nature=nature_of(node, site.id),
            text=f"{_what(node, site, now)} suspended" + (f": {reason}" if reason else ""),
            tracks=_involved(state, site.id),
            facts={"suspension": now.id, "volumes": ", ".join(now.volumes), "reason": reason,
                   "again": "yes" if again else "no"},
        )
    )  # fmt: skip
    if again:
        return True, f"{now.suspended_by} has suspended already; your word is noted{said}"
    why = "" if reason else "; a reason can be given by saying it again"
    return True, f"{_what(node, site, now)} recorded as suspended at {site.name}{why}{said}"


def resume_into(
    state: AlertState,
    node: Node,
    act: Act,
    now_s: float,
    events: list[AlertEvent],
    stale: str,
) -> Reply:
    """Record that operations go on, in the name of a person; or say what stands against it."""
    site, now, missing = _at(state, node, act)
    if site is None or now is None:
        return False, missing
    if not now.suspended:
        return False, f"operations at {site.name} are not suspended"
    if stale:
        return False, stale
    if act.view_s < state.suspended_s.get(site.id, -math.inf) - _rules.SAME_PICTURE_S:
        return False, (
            f"operations at {site.name} were suspended, or said to be, after the picture that "
            "this rests on; look at the live one and do it again"
        )
    if not act.reason.strip():
        return False, "to resume needs a reason; say by what you know that it is over"
    for status in state.volumes.statuses:
        if status.site_id == site.id and status.state == "occupied":
            names = ", ".join(track_label(track) for track in status.tracks)
            name = next(v.name for v in site.volumes if v.id == status.volume_id)
            return False, (
                f"{names} is in {name}; say what it is if you know it, or wait until it is gone"
            )
    met = [text.strip().casefold() for text in act.criteria]
    unmet = [text for text in site.resume_criteria if text.casefold() not in met]
    if unmet:
        return False, (
            f"{site.name} resumes only when this is said to be met: {'; '.join(unmet)}"
        )
    blind = next((w.status.unwatched for w in state.zones if w.status.site_id == site.id), ())
    lasted_s = now_s - now.suspended_s
    what = _what(node, site, now)
    now.suspended, now.resumed_by, now.resumed_s = False, act.user, now_s
    now.resume_reason, now.criteria = act.reason.strip(), tuple(site.resume_criteria)
    events.append(
        AlertEvent(
            "resumed", now_s, site.id, by=act.user, nature=nature_of(node, site.id),
            text=f"{what} resumed after {lasted_s:.0f} s: {now.resume_reason}",
            facts={"suspension": now.id, "criteria": "; ".join(site.resume_criteria),
                   "suspended_s": now.suspended_s, "reason": now.resume_reason,
                   "last_inside_s": _last_s(state, site.id), "unwatched": "; ".join(blind)},
        )
    )  # fmt: skip
    said = f"{what} recorded as resumed at {site.name}"
    return True, f"{said}; {'; '.join(blind)}" if blind else said


def _at(state: AlertState, node: Node, act: Act) -> tuple[Site | None, Operations | None, str]:
    """Return the site that an act names (the only one where it names none)."""
    names = [site.id for site in node.sites]
    wanted = act.site or (names[0] if len(names) == 1 else "")
    for site, now in zip(node.sites, state.operations):
        if site.id == wanted:
            return site, now, ""
    return None, None, f"there is no site {act.site!r}; sites are {', '.join(names)}"


def _what(node: Node, site: Site, now: Operations) -> str:
    names = [volume.name for volume in site.volumes if volume.id in now.volumes]
    what = node.preset.operations
    return f"{what} on {', '.join(names)}" if names else what


def _involved(state: AlertState, site_id: str) -> tuple[int, ...]:
    """Return the tracks that are in the site's volumes or expected there."""
    found = [
        track
        for status in state.volumes.statuses
        if status.site_id == site_id and status.state != "free"
        for track in status.tracks
    ]
    return tuple(dict.fromkeys(found))


def _last_s(state: AlertState, site_id: str) -> float | None:
    """Return when something was last inside one of the site's volumes, None where never."""
    times = [s.last_s for s in state.volumes.statuses if s.site_id == site_id]
    known = [time_s for time_s in times if math.isfinite(time_s)]
    return max(known, default=None)
