"""Alarm performance, the shift report and evidence sheets, from the ledger as it is on disk."""

import json
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, QueryParameter

from tocsin import report
from tocsin.model import Entry
from tocsin.model.performance import AlarmPerformance
from tocsin.service.access import hall_of, needs_look
from tocsin.service.hall import Hall
from tocsin.service.journal import entries_between, newest_of_kind, read_entries

__all__ = ["PERFORMANCE_ROUTES"]

MOST_HOURS = 24 * 31
MOST_ENTRIES = 50_000  # of one kind; beyond it the oldest are left out, and that is said
BEFORE_S = 86_400.0  # all of the day before is read; of what is older what still stands
NEAR_S = 1.0  # an alarm's entry is recorded in the step that raised it
TOLD_WITHIN_S = 900.0  # a loss is told of when it has lasted, at a start only after 300 s
HOUR_S = 3600.0

Req = Request[Any, Any, Any]
Hours = Annotated[float, QueryParameter(gt=0, le=MOST_HOURS)]


class PerformancePage(msgspec.Struct, frozen=True):
    """Figures by site from begin_s to end_s; complete: false where there were more entries
    than are read for one page.
    """

    begin_s: float
    end_s: float
    sites: list[AlarmPerformance]
    complete: bool


@get("/api/v1/performance", guards=[needs_look], sync_to_thread=True,
     summary="Alarm performance by site")  # fmt: skip
def performance(request: Req, hours: Hours = 12.0) -> PerformancePage:
    """Return rates, answers, floods and releases of the last hours; per site, per no person."""
    hall = hall_of(request)
    entries, figures = _figures(hall, hours)
    return PerformancePage(
        figures[0].begin_s, figures[0].end_s, list(figures), len(entries) < MOST_ENTRIES
    )


@get("/api/v1/shift-report.html", guards=[needs_look], sync_to_thread=True,
     media_type=MediaType.HTML, summary="Shift report")  # fmt: skip
def shift_report(
    request: Req, hours: Hours = 12.0, title: FromQuery[str] = ""
) -> Response[str]:
    """Return a self-contained page for the handover: figures, alarms, acts, sensors."""
    hall = hall_of(request)
    entries, figures = _figures(hall, hours)
    folder = hall.data / "journal"
    entries += newest_of_kind(folder, "sensor", MOST_ENTRIES, since_s=figures[0].begin_s)
    entries += newest_of_kind(folder, "site", MOST_ENTRIES, since_s=figures[0].begin_s)
    natures = {sensor.nature for sensor in hall.node.sensors}
    preset = hall.node.preset
    has_operations = preset.name != "base" or any(s.volumes for s in hall.node.sites)
    page = report.shift_page(
        entries, figures, title=f"{title[:80] or preset.report}: {hall.node.name}",
        operations=preset.operations if has_operations else "",
        site_names={site.id: site.name for site in hall.node.sites},
        nature="live" if "live" in natures or not natures else sorted(natures)[0],
    )  # fmt: skip
    page = hall.people.reveal(page)  # who may look sees the names on the watch too
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox allow-modals"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


@get("/api/v1/evidence.html", guards=[needs_look], sync_to_thread=True,
     media_type=MediaType.HTML, summary="Evidence sheet of a suspension")  # fmt: skip
def evidence(request: Req, suspension: FromQuery[str] = "") -> Response[str]:
    """Return one suspension of operations on a page: seen, how surely, decided; without an id
    the newest.
    """
    hall = hall_of(request)
    folder = hall.data / "journal"
    entries = newest_of_kind(folder, "alert", MOST_ENTRIES)
    known = report.suspensions(entries)
    wanted = suspension[:64] or (known[-1] if known else "")
    names = {(site.id, zone.id): zone.name for site in hall.node.sites for zone in site.zones}
    for site in hall.node.sites:
        names |= {(site.id, volume.id): volume.name for volume in site.volumes}
    page = report.evidence_page(
        [*entries, *newest_of_kind(folder, "identity", MOST_ENTRIES)], wanted,
        site_names={site.id: site.name for site in hall.node.sites}, place_names=names,
        operations=hall.node.preset.operations,
    )  # fmt: skip
    if page is None:
        last = f"; the newest is {known[-1]}" if known else ": none was recorded"
        raise HTTPException(f"there is no suspension {wanted!r}{last}", status_code=404)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox allow-modals"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


def _figures(hall: Hall, hours: float) -> tuple[list[Entry], tuple[AlarmPerformance, ...]]:
    end_s = hall.clock.now_s()
    folder = hall.data / "journal"
    # Nobody watched before the ledger's first entry that is left: no time to judge alarms by.
    first = read_entries(folder, limit=1)
    begin_s = max(end_s - hours * HOUR_S, min(first[0].recorded_s, end_s) if first else 0.0)
    from_s = begin_s - BEFORE_S
    entries = _still_standing(hall, from_s)
    entries += newest_of_kind(folder, "alert", MOST_ENTRIES, since_s=from_s)
    sites = [site.id for site in hall.node.sites]
    if newest_of_kind(folder, "site", 1, since_s=begin_s):  # a site may have been taken away
        told = [json.loads(e.body)["site"] for e in entries if e.recorded_s >= begin_s]
        sites += [site for site in dict.fromkeys(told) if site and site not in sites]
    return entries, report.alarm_performance(entries, sites, begin_s, end_s)


def _still_standing(hall: Hall, before_s: float) -> list[Entry]:
    """Return the entries from before a time that raised what is open and lost what is not
    watched: the running state knows when, so only those moments of the ledger are read.
    """
    scene, folder = hall.hub.scene, hall.data / "journal"
    if scene is None:
        return []
    found: dict[int, Entry] = {}
    for alarm, at_s in scene.raised.items():
        if at_s < before_s:
            near = entries_between(folder, "alert", at_s - NEAR_S, at_s + NEAR_S)
            _first_into(found, near, what="raised", alarm=alarm)
    for site, at_s in scene.blind.items():
        if at_s < before_s:
            near = entries_between(folder, "alert", at_s - NEAR_S, at_s + TOLD_WITHIN_S)
            _first_into(found, near, what="watch lost", site=site)
    return [found[number] for number in sorted(found) if found[number].recorded_s < before_s]


def _first_into(found: dict[int, Entry], near: list[Entry], **wanted: str) -> None:
    for entry in near:
        body = json.loads(entry.body)
        if all(body[name] == value for name, value in wanted.items()):
            found[entry.number] = entry
            return


PERFORMANCE_ROUTES = [performance, shift_report, evidence]
