"""The record over HTTP: what is said about incidents goes in by one route, out by the others.

Reading is of what is committed. Every error is {"error": sentence}.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from tocsin import record, report
from tocsin.codec.acts import MAX_RECORD_BYTES, why_not_body
from tocsin.errors import CallError
from tocsin.service.access import account_of, check_right, hall_of, needs, needs_look
from tocsin.service.hall import Hall
from tocsin.service.journal import read_entries
from tocsin.service.named_in import why_named
from tocsin.service.record_structs import (
    AnswerPage,
    IncidentList,
    IncidentPage,
    KnownPage,
    RecordAnswer,
    RecordRequest,
    RowPage,
    Sentence,
    WordsPage,
)
from tocsin.service.record_view import (
    incident_list,
    incident_page,
    known_page,
    row_page,
    words_page,
)
from tocsin.service.rights import RECORD_RIGHTS
from tocsin.service.shelf import Shelf

__all__ = ["RECORD_ROUTES"]

CHUNK = 1_000  # entries of an export that are read at a time
FIRST_S, LAST_S = -62_135_596_800.0, 253_402_300_799.0  # the years 1 to 9999

Req = Request[Any, Any, Any]
LOOK: dict[str, Any] = {"guards": [needs_look], "sync_to_thread": True}


def _shelf(request: Req) -> Shelf:
    hall: Hall = hall_of(request)
    if not hall.shelf.is_open:
        raise HTTPException(hall.engine.not_ready or "starting", status_code=503)
    return hall.shelf


def _time(at: float | None) -> float | None:
    if at is not None and not FIRST_S <= at <= LAST_S:
        raise HTTPException(f"at is {at}, which is no time; give Unix seconds", status_code=400)
    return at


@get("/api/v1/incidents", summary="All incidents", **LOOK)
def incidents(request: Req) -> IncidentList:
    """Return all incidents, newest first, with how much is said of each."""
    with _shelf(request).reading() as (register, _):
        return incident_list(register)


@get("/api/v1/incidents/{incident:str}", summary="One incident", **LOOK)
def one_incident(
    request: Req, incident: FromPath[str], at: FromQuery[float | None] = None
) -> IncidentPage:
    """Return all that is said of an incident, now or as it was known at a time."""
    at_s = _time(at)
    with _shelf(request).reading() as (register, _):
        try:
            return incident_page(register, incident, at_s)
        except CallError as error:
            raise HTTPException(str(error), status_code=404) from error


@get("/api/v1/incidents/{incident:str}/report.html", guards=[needs("read a report")],
     sync_to_thread=True, media_type=MediaType.HTML, summary="Its report")  # fmt: skip
def incident_report(
    request: Req, incident: FromPath[str], profile: FromQuery[str] = "internal"
) -> Response[str]:
    """Return a self-contained page for a profile's readers, marked DRAFT where it is not for
    this house and two people have not let it out as it stands.
    """
    if profile not in report.PROFILES:
        words = ", ".join(report.PROFILES)
        raise HTTPException(f"there is no profile {profile!r}; give one of {words}",
                            status_code=400)  # fmt: skip
    with _shelf(request).reading() as (register, head):
        try:
            account = record.account(register, incident, head=head)
        except CallError as error:
            raise HTTPException(str(error), status_code=404) from error
        telling = report.tell(account, profile, name_of=hall_of(request).people.reveal)
        stands = record.standing(register, incident, profile)
        telling = report.with_text(account, telling, stands.text, stands.steps)
        let_out = record.approved_as_of(register, incident, profile)
        is_out = let_out is not None and _newest(telling) <= let_out
        edition = report.Edition(draft=profile != "internal" and not is_out)
        page = report.page(account, telling, edition)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox allow-modals"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


@get("/api/v1/record/ask", summary="Ask the register", **LOOK)
def ask(
    request: Req,
    question: FromQuery[str],
    incident: FromQuery[str] = "",
    at: FromQuery[float | None] = None,
) -> AnswerPage:
    """Answer a question in sentences that name the entries they rest on."""
    asked = record.Question(question, incident, _time(at))
    with _shelf(request).reading() as (register, _):
        try:
            answer = record.ask(register, asked)
        except CallError as error:
            raise HTTPException(str(error), status_code=400) from error
    said = [Sentence(s.text, s.entries, s.rows, s.values) for s in answer.sentences]
    return AnswerPage(answer.question, said, answer.covers, answer.as_known_at)


@get("/api/v1/record/known", summary="What the register knew at a time", **LOOK)
def known(request: Req, at: FromQuery[float]) -> KnownPage:
    """Return what the register covered and which incidents it knew at a time (Unix UTC)."""
    at_s = _time(at)
    assert at_s is not None
    with _shelf(request).reading() as (register, _):
        return known_page(register, at_s)


@get("/api/v1/record/rows", summary="Rows of one kind", **LOOK)
def rows(request: Req, kind: FromQuery[str]) -> RowPage:
    """Return all sources, actors, documents ... that were not withdrawn."""
    with _shelf(request).reading() as (register, _):
        found = row_page(register, kind)
    if isinstance(found, str):
        raise HTTPException(found, status_code=400)
    return found


@get("/api/v1/record/words", guards=[needs_look], summary="The closed lists of the record")
async def closed_words(request: Req) -> WordsPage:
    """Return the verbs with their fields, the questions, and all closed lists of words."""
    return words_page()


@get("/api/v1/record/export", guards=[needs("take the record out")],
     media_type="application/jsonl", sync_to_thread=True,
     summary="The whole ledger, for tocsin publish")  # fmt: skip
def export(request: Req) -> Stream:
    """Return the ledger as JSON lines, each entry in the bytes that its digest covers."""
    _shelf(request)
    name = 'attachment; filename="ledger.jsonl"'
    return Stream(
        _lines(hall_of(request).data / "journal"),
        media_type="application/jsonl",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


def _lines(folder: Path) -> Iterator[bytes]:
    """Yield the export in pieces; each is read when the one before was sent."""
    yield from record.export_lines(())  # the head
    after, is_last = -1, False
    while not is_last:
        found = read_entries(folder, after=after, limit=CHUNK)
        lines = record.export_lines(found)
        next(lines)
        yield b"".join(lines)
        is_last = len(found) < CHUNK
        after = found[-1].number if found else after


@post("/api/v1/record", guards=[needs("write the record", "approve")], status_code=HTTP_200_OK,
      request_max_body_size=MAX_RECORD_BYTES - 4096, summary="Add to the record")  # fmt: skip
async def add(request: Req, data: JSONBody[RecordRequest]) -> RecordAnswer:
    """Take an act of the record; answers once it is on disk. The same key again gets the same
    answer; a refused act writes nothing.
    """
    account = account_of(request)
    assert account is not None
    wrong = "" if data.verb in record.VERBS else str(record.read_noun(data.verb, {}))
    wrong = wrong or why_not_body(data.body)
    if wrong:
        raise HTTPException(wrong, status_code=400)
    check_right(hall_of(request), account, RECORD_RIGHTS.get(data.verb, "write the record"))
    if data.verb in ("approve", "publish"):
        wrong = await asyncio.to_thread(_why_named, request, account.user, data)
        if wrong:
            return RecordAnswer(False, wrong, "")
    accepted, sentence, row_id = await hall_of(request).record(account.user, data)
    return RecordAnswer(accepted, sentence, row_id)


def _why_named(request: Req, user: str, data: RecordRequest) -> str:
    people = hall_of(request).people
    staff = people.staff(user)
    with _shelf(request).reading() as (register, _):
        if f"{staff} {staff}:{data.key}" in register.keys:
            return ""  # it was taken before, and is answered again
        return why_named(register, data.body, people.reveal)


def _newest(telling: report.Telling) -> int:
    lines = [line for section in telling.sections for line in section.lines]
    return max((entry for line in (telling.summary, *lines) for entry in line.entries),
               default=0)  # fmt: skip


RECORD_ROUTES = [
    incidents, one_incident, incident_report, ask, known, rows, closed_words, export, add,
]  # fmt: skip
