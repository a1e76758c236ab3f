"""/studio/audit/: who did what to what."""

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import ValidationError

from lambdas.core.errors import FieldError, NotFound
from lambdas.core.forms import Form
from lambdas.features.team import log, seats
from lambdas.features.team.routing import router
from lambdas.platform import audit
from lambdas.platform.people import names_of
from lambdas.platform.routing import html, needs
from lambdas.platform.visit import Here, Html, Visit

LOG = "/studio/audit/"
ENTRY = "/studio/audit/{id}/"

_FILTERS = ("q", "person", "action", "subject", "since", "until")
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@router.get(LOG, include_in_schema=False)
@html
@needs("audit.read")
def entries(visit: Here) -> Html:
    """The newest entries, or those that are looked for."""
    asked = {name: visit.query.get(name, "").strip() for name in (*_FILTERS, "older")}
    try:
        wanted = log.Search.model_validate(asked)
    except ValidationError as error:
        paths = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors())
        faults = tuple(FieldError(path=path, code="invalid", message="This is not valid.") for path in paths)
        return visit.screen(LOG, _shown(visit, asked, log.Found(entries=()), errors=faults), status=422)
    return visit.screen(LOG, _shown(visit, asked, log.search(wanted, visit.services)))


@router.get("/studio/audit/<id>/", include_in_schema=False)
@html
@needs("audit.read")
def entry(id: str, visit: Here) -> Html:
    """One entry, with what was before and what is after."""
    found = audit.find(id)
    if found is None:
        raise NotFound("There is no such entry.")
    return visit.screen(ENTRY, {"entry": found, "differences": log.differences(found), "subjects": _subjects([found])})


@router.post("/studio/audit/export", tags=["audit"], summary="The log as a file")
@html
@needs("audit.export")
def export(sent: Annotated[log.Export, Body()], visit: Here) -> Html:
    """CSV or JSON of all that fits, 5,000 entries at most; that it was given out is an entry itself."""
    filters = {name: str(getattr(sent, name) or "") for name in _FILTERS}
    try:
        text, count = log.export(sent, visit.services)
    except log.TooManyEntries as error:
        if not visit.as_form:
            raise
        found = log.search(sent, visit.services)
        return visit.screen(LOG, _shown(visit, filters, found, problem=error.code), status=error.status)
    said = {name: value for name, value in filters.items() if value}
    audit.entry(visit, "team.log.exported", "log", after={**said, "format": sent.format, "entries": count}).save(
        condition=audit.AuditEntry.id.does_not_exist()
    )
    name = f"audit-{visit.services.creator.id}-{visit.services.clock():%Y-%m-%d}.{sent.format}"
    return Response(
        status_code=200,
        content_type=_TYPES[sent.format],
        headers={"content-disposition": f'attachment; filename="{name}"'},
        body=text,
    )


def _shown(
    visit: Visit,
    asked: dict[str, str],
    found: log.Found,
    *,
    errors: tuple[FieldError, ...] = (),
    problem: str = "",
) -> dict[str, Any]:
    filters = {name: asked.get(name, "") for name in _FILTERS}
    given = {name: value for name, value in filters.items() if value}
    older = f"{LOG}?{urlencode({**given, 'older': found.older})}" if found.older else ""
    members = _names(seat.person_id for seat in seats.seats(visit.services.features))
    return {
        "entries": found.entries,
        "older": older,
        "newest": f"{LOG}?{urlencode(given)}" if asked.get("older") else "",
        "back_to": found.back_to,
        "form": Form(values=filters, errors=errors, problem=problem),
        "filtered": bool(given),
        "people": sorted(members.items(), key=lambda person: person[1].casefold()),
        "subjects": _subjects(found.entries),
        "most": log.GIVEN_AT_MOST,
    }


def _subjects(entries: Iterable[audit.AuditEntry]) -> dict[str, str]:
    """What entries are about, by the entry's id: people by the name they have now."""
    there = list(entries)
    people = _names(entry.subject for entry in there)
    return {entry.id: people.get(entry.subject) or log.subject_of(entry) for entry in there}


def _names(ids: Iterable[str]) -> dict[str, str]:
    """What the people among these ids are called now, where they still have an account."""
    return names_of(id for id in ids if id.startswith("per_") and seats.is_id(id))
