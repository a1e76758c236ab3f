"""The screens that belong to the studio as a whole."""

from lambdas.platform.routing import Router, html, needs
from lambdas.platform.visit import Here, Html

router = Router()


@router.get("/studio/", include_in_schema=False)
@html
@needs("studio.view")
def overview(visit: Here) -> Html:
    """What is new, and what to do next."""
    return visit.screen("/studio/")


@router.get("/studio/help/", include_in_schema=False)
@html
@needs("studio.view")
def help_(visit: Here) -> Html:
    """What each section is for, and the keys."""
    return visit.screen("/studio/help/")
