"""Whether the platform is well, and what its API is."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from lambdas.platform.routing import Router, unmetered
from lambdas.platform.visit import Here

router = Router()


class Health(BaseModel):
    status: Literal["ok"]
    creator: str = Field(description="The creator's id")
    version: str = Field(description="The release that runs")


@router.get("/api/health", tags=["site"], summary="Whether the API answers")
@unmetered
def health(visit: Here) -> Health:
    """Says that the function runs and knows its creator; it asks nothing behind it, so that it costs nothing."""
    return Health(status="ok", creator=visit.services.creator.id, version=visit.services.version)


@router.get("/api/openapi.json", tags=["site"], summary="This API, described")
@unmetered
def openapi(visit: Here) -> dict[str, Any]:
    """OpenAPI 3.1, made from the routes of the features that are switched on."""
    return visit.describe()
