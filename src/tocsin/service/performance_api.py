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
from tocsin.service.journal import newest_of_kind, read_entries

__all__ = ["PERFORMANCE_ROUTES"]

MOST_HOURS = 24 * 31
MOST_ENTRIES = 50_000  # of one kind; beyond it the oldest are left out, and that is said
BEFORE_S = 86_400.0  # what was raised in the day before may still be open
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
    entries = newest_of_kind(folder, "alert", MOST_ENTRIES, since_s=begin_s - BEFORE_S)
    sites = [site.id for site in hall.node.sites]
    if newest_of_kind(folder, "site", 1, since_s=begin_s):  # a site may have been taken away
        told = [json.loads(e.body)["site"] for e in entries if e.recorded_s >= begin_s]
        sites += [site for site in dict.fromkeys(told) if site and site not in sites]
    return entries, report.alarm_performance(entries, sites, begin_s, end_s)


PERFORMANCE_ROUTES = [performance, shift_report, evidence]
