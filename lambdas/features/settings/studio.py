"""Settings in the studio: /studio/settings/, a screen a section, and its versions."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from lambdas.core.forms import Form
from lambdas.features.settings.inputs import (
    LINK_FIELDS,
    MOST_LINKS,
    IfMatch,
    Rows,
    Sent,
    SentBrand,
    SentLegal,
    SentLinks,
    SentSeo,
    SentTexts,
    VersionSeen,
    fields_of,
    flat,
)
from lambdas.features.settings.preview import Look, look
from lambdas.features.settings.service import Present, differences, present, restore, save, versions
from lambdas.platform.people import names_of
from lambdas.platform.routing import Router, form, html, needs
from lambdas.platform.settings import SECTIONS, Section
from lambdas.platform.visit import Here, Html, Visit

router = Router()

SETTINGS = "/studio/settings/"
WRITES: Mapping[Section, str] = {
    "brand": "settings.brand.write",
    "texts": "settings.texts.write",
    "links": "settings.texts.write",
    "seo": "settings.texts.write",
    "legal": "settings.legal.write",
}


class SectionState(BaseModel):
    section: Section
    version: int = Field(description="0 until it is saved for the first time; the ETag, and what saving asks for.")
    value: dict[str, Any]
    of_file: bool = Field(description="Whether the creator's file holds, and not a version of the studio.")


class Restored(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: VersionSeen
    restore: Annotated[int, Field(ge=0, le=1_000_000, description="The version to bring back; 0 is the file's.")]


class Tried(Sent):
    """Colours to look at, whatever they are; `instead` is "accent:#AABBCC", from the button of a suggestion."""

    primary: Annotated[str, Field(max_length=40)] = ""
    accent: Annotated[str, Field(max_length=40)] = ""
    theme: Annotated[str, Field(max_length=10)] = "auto"
    instead: Annotated[str, Field(pattern=r"^(primary|accent):#[0-9A-F]{6}$")] | None = None


def _shown(section: Section, visit: Visit) -> dict[str, Any]:
    """What the screen of a section shows beside its form."""
    now = present(section, visit)
    done = visit.query.get("done", "")
    return {
        "section": section,
        "present": now,
        "now": flat(now.value),
        "by": "" if now.row is None else names_of({now.row.by}).get(now.row.by, ""),
        "beside_file": differences(now.file, now.value),
        "writes": WRITES[section],
        "look": _look,
        "most_links": MOST_LINKS,
        "done": {"saved": now.version - 1} if done == "saved" and now.version else {},
    }


def _look(values: Mapping[str, str]) -> Look:
    return look(values["primary"], values["accent"], values["theme"])


def _form(now: Present) -> Form:
    return Form(values={"version": str(now.version), **flat(now.value)})


def _state(section: Section, visit: Visit) -> SectionState:
    now = present(section, visit)
    return SectionState(
        section=section, version=now.version, value=now.value.model_dump(mode="json"), of_file=now.of_file
    )


@router.get("/studio/settings/", include_in_schema=False)
@html
@needs("settings.read")
def index(visit: Here) -> Html:
    """What can be set, and how each of it stands."""
    found = [present(section, visit) for section in SECTIONS]
    names = names_of({one.row.by for one in found if one.row is not None})
    return visit.screen(SETTINGS, {"areas": found, "names": names})


def _screen(section: Section) -> None:
    path = f"{SETTINGS}{section}/"

    @router.get(path, include_in_schema=False)
    @html
    @needs("settings.read")
    def show(visit: Here) -> Html:
        shown = _shown(section, visit)
        return visit.screen(path, {**shown, "form": _form(shown["present"])})


def _takes_form(section: Section) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    path = f"{SETTINGS}{section}/"
    return form(page=path, sent=f"{path}?done=saved", fields=fields_of(section), context=partial(_shown, section))


for _section in SECTIONS:
    _screen(_section)


@router.get("/studio/settings/sections/<section>", summary="A section of the settings")
@needs("settings.read")
def read(section: Annotated[Section, Path()], visit: Here) -> Response[SectionState]:
    """As it holds now, with its version as ETag."""
    state = _state(section, visit)
    return Response(200, content_type="application/json", body=state, headers={"ETag": f'"{state.version}"'})


@router.post("/studio/settings/brand", summary="Save the colours")
@_takes_form("brand")
@needs(WRITES["brand"])
def save_brand(sent: Annotated[SentBrand, Body()], visit: Here, match: IfMatch = None) -> SectionState:
    """412 where somebody has saved since the version that was seen; 422 where colours cannot be made readable."""
    save("brand", sent.value(), visit, seen=sent.seen(match))
    return _state("brand", visit)


@router.post("/studio/settings/texts", summary="Save the texts")
@_takes_form("texts")
@needs(WRITES["texts"])
def save_texts(sent: Annotated[SentTexts, Body()], visit: Here, match: IfMatch = None) -> SectionState:
    """412 where somebody has saved since the version that was seen. A language that is not sent stays as it is."""
    now: Any = present("texts", visit).value
    save("texts", sent.value(now), visit, seen=sent.seen(match))
    return _state("texts", visit)


@router.post("/studio/settings/links", summary="Save the links")
@_takes_form("links")
@needs(WRITES["links"])
def save_links(sent: Annotated[SentLinks, Body()], visit: Here, match: IfMatch = None) -> SectionState:  # type: ignore[valid-type]
    """412 where somebody has saved since the version that was seen."""
    rows: Rows = sent
    save("links", rows.value(), visit, seen=rows.seen(match))
    return _state("links", visit)


@router.post("/studio/settings/seo", summary="Save what search engines show")
@_takes_form("seo")
@needs(WRITES["seo"])
def save_seo(sent: Annotated[SentSeo, Body()], visit: Here, match: IfMatch = None) -> SectionState:
    """412 where somebody has saved since the version that was seen. A language that is not sent stays as it is."""
    now: Any = present("seo", visit).value
    save("seo", sent.value(now), visit, seen=sent.seen(match))
    return _state("seo", visit)


@router.post("/studio/settings/legal", summary="Save the imprint")
@_takes_form("legal")
@needs(WRITES["legal"])
def save_legal(sent: Annotated[SentLegal, Body()], visit: Here, match: IfMatch = None) -> SectionState:
    """412 where somebody has saved since the version that was seen."""
    save("legal", sent.value(), visit, seen=sent.seen(match))
    return _state("legal", visit)


@router.post("/studio/settings/brand/preview", include_in_schema=False)
@html
@needs("settings.read")
def preview(sent: Annotated[Tried, Body()], visit: Here) -> Html:
    """The form again, with its colours tried out and not saved."""
    values = {"primary": sent.primary, "accent": sent.accent, "theme": sent.theme, "version": str(sent.version or 0)}
    if sent.instead:
        field, _, colour = sent.instead.partition(":")
        values[field] = colour
    return visit.screen(f"{SETTINGS}brand/", {**_shown("brand", visit), "form": Form(values=values), "tried": True})


@router.get("/studio/settings/brand/preview", include_in_schema=False)
@html
@needs("settings.read")
def preview_again(visit: Here) -> Html:
    """Whoever comes back to this address without a form."""
    return visit.redirect(f"{SETTINGS}brand/")


@router.get("/studio/settings/brand/colours", summary="How colours would look")
@needs("settings.read")
def colours(
    visit: Here,
    primary: Annotated[str, Query(max_length=40)],
    accent: Annotated[str, Query(max_length=40)],
    theme: Annotated[Literal["auto", "dark", "light"], Query()] = "auto",
) -> dict[str, Any]:
    """Every colour of both themes, the contrasts, what was mended, and what is refused."""
    del visit
    return look(primary, accent, theme).as_json()


@router.post("/studio/settings/links/arrange", include_in_schema=False)
@html
@needs(WRITES["links"])
def arrange(sent: Annotated[dict[str, Any], Body()], visit: Here) -> Html:
    """The form again, with a row more or less, or elsewhere (`do`: "add", "up-2", "down-0", "remove-1"); nothing is saved."""
    rows = [(str(sent.get(f"label_{n}", ""))[:600], str(sent.get(f"url_{n}", ""))[:600]) for n in range(MOST_LINKS)]
    do, _, place = str(sent.get("do", "")).partition("-")
    rows = _moved(rows, do, int(place) if place.isdecimal() and len(place) < 3 else -1)
    values = dict.fromkeys(LINK_FIELDS, "")
    for number, (label, url) in enumerate(rows):
        values |= {f"label_{number}": label, f"url_{number}": url}
    seen = str(sent.get("version", ""))
    values["version"] = seen if seen.isdecimal() else "0"
    return visit.screen(f"{SETTINGS}links/", {**_shown("links", visit), "form": Form(values=values), "tried": True})


@router.get("/studio/settings/links/arrange", include_in_schema=False)
@html
@needs("settings.read")
def arrange_again(visit: Here) -> Html:
    """Whoever comes back to this address without a form."""
    return visit.redirect(f"{SETTINGS}links/")


def _moved(rows: list[tuple[str, str]], do: str, place: int) -> list[tuple[str, str]]:
    """The rows after one button; those without anything in them go to the end."""
    if 0 <= place < len(rows):
        if do == "remove":
            rows[place] = ("", "")
        other = place + {"up": -1, "down": 1}.get(do, 0)
        if 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
    filled = [row for row in rows if any(text.strip() for text in row)]
    return [*filled, *[("", "")] * (len(rows) - len(filled))]


def _history(section: Section, visit: Visit) -> dict[str, Any]:
    before = visit.query.get("before", "")
    listed, older = versions(section, visit, before=int(before) if before.isdecimal() and len(before) < 8 else 0)
    return {
        "section": section,
        "present": present(section, visit),
        "versions": listed,
        "older": f"{SETTINGS}{section}/versions/?before={older}" if older else "",
        "names": names_of({one.row.by for one in listed}),
        "writes": WRITES[section],
        "done": visit.query.get("done", "") == "restored",
    }


def _versions(section: Section) -> None:
    path = f"{SETTINGS}{section}/versions/"

    @router.get(path, include_in_schema=False)
    @html
    @needs("settings.read")
    def history(visit: Here) -> Html:
        return visit.screen(path, {**_history(section, visit), "form": Form(values={})})

    @router.post(f"{SETTINGS}{section}/restore", summary=f"Bring back a version: {section}")
    @form(page=path, sent=f"{path}?done=restored", fields=(), context=partial(_history, section))
    @needs(WRITES[section])
    def bring_back(sent: Annotated[Restored, Body()], visit: Here) -> SectionState:
        """It becomes the newest version, and is on the site within seconds; 412 where somebody else was quicker."""
        restore(section, visit, number=sent.restore, seen=sent.version)
        return _state(section, visit)


for _section in SECTIONS:
    _versions(_section)
