"""The screens that belong to the studio as a whole: overview, search, help."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from lambdas.features.studio import overview as told
from lambdas.features.studio.last_time import last_time
from lambdas.platform.routing import Router, html, needs
from lambdas.platform.visit import Here, Html

router = Router()

_PICKED = 12


class Result(BaseModel):
    title: str
    detail: str
    url: str


@router.get("/studio/", include_in_schema=False)
@html
@needs("studio.view")
def overview(visit: Here) -> Html:
    """What is new, and what to do next."""
    assert visit.session is not None
    since = last_time(visit.session.person_id, now=visit.services.clock())
    news = told.news(visit, since)
    setup = told.SETUP in visit.standing.permissions
    return visit.screen(
        "/studio/",
        {
            "since": since,
            "news": news,
            "lines": told.newest(news),
            "steps": told.steps(visit),
            "mail": visit.services.mail.state() if setup else None,
            "setup": setup,
            "region": visit.services.creator.region,
        },
    )


@router.get("/studio/search/", include_in_schema=False)
@html
@needs("studio.view")
def search(visit: Here) -> Html:
    """Sections of the studio, and what is in them."""
    words = told.words_of(visit.query.get("q", ""))
    return visit.screen("/studio/search/", {"words": words, "found": told.found(visit, words)})


@router.get("/studio/search/results", summary="Search the studio")
@needs("studio.view")
def results(visit: Here, q: Annotated[str, Query(max_length=80)] = "") -> list[Result]:
    """The first few results, for the search that opens with a key."""
    found = told.found(visit, told.words_of(q))[:_PICKED]
    return [Result(title=one.title, detail=one.detail, url=one.url) for one in found]


@router.get("/studio/help/", include_in_schema=False)
@html
@needs("studio.view")
def help_(visit: Here) -> Html:
    """What each section is for, and the keys."""
    return visit.screen("/studio/help/")
