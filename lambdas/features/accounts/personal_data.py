"""/account/data/: everything that the platform knows of a person, as one file."""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from lambdas.core.references import load
from lambdas.features.accounts.own_pages import Sent, about, show
from lambdas.features.accounts.routing import router
from lambdas.platform.limits import Limit
from lambdas.platform.people import Person
from lambdas.platform.routing import html, limited, signed_in
from lambdas.platform.services import Services
from lambdas.platform.visit import Here, Html

PAGE = "/account/data/"


@router.get(PAGE, include_in_schema=False)
@html
@signed_in
def page(visit: Here) -> Html:
    return show(visit, PAGE, about(visit))


@router.post(
    "/api/auth/data",
    tags=["account"],
    summary="Download everything that is known of oneself",
    responses={
        200: {
            "description": "What each feature knows, by its name",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
@html
@signed_in
@limited(Limit(name="account-data", times=10, per=timedelta(hours=1)))
def download(sent: Annotated[Sent, Body()], visit: Here) -> Html:
    """One JSON file, with what each feature knows under its name."""
    assert visit.session is not None
    services = visit.services
    known = {
        "site": services.creator.domain,
        "made_at": services.clock().isoformat(),
        "what_is_known": everything(visit.session.person_id, services),
    }
    name = f"{services.creator.id}-my-data-{services.clock():%Y-%m-%d}.json"
    return Response(
        status_code=200,
        content_type="application/json; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
        body=json.dumps(known, ensure_ascii=False, indent=2),
    )


def everything(person_id: str, services: Services) -> dict[str, Any]:
    """What each active feature knows of a person, by its name; those that know nothing are left out."""
    exports = {
        feature.name: load(feature.exports)(person_id, services) for feature in services.features if feature.exports
    }
    return {name: known for name, known in exports.items() if known}


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """What is known of the account itself: nothing that proves anything, and no hash of it."""
    try:
        person = Person.get(person_id, consistent_read=True)
    except Person.DoesNotExist:
        return {}
    factor = person.second_factor or {}
    return {
        "account": {
            "id": person.id,
            "name": person.name,
            "email": person.email,
            "language": person.locale,
            "since": _when(person.created_at),
            "picture": person.picture and services.creator.origin + person.picture,
            "mails": (person.preferences or {}).get("mail") or {},
            "deletion_due": _when(person.deletion_due),
        },
        "security": {
            "password_changed_at": _when(person.password_changed_at),
            "email_changed_at": _when(person.email_changed_at),
            "second_factor": bool(factor),
            "passkeys": [{"name": key["name"], "added_at": key["added_at"]} for key in person.passkeys or ()],
        },
        "devices": [
            {
                "browser": row.agent,
                "signed_in_at": _when(row.created_at),
                "seen_at": _when(row.seen_at),
                "signed_in_by": row.method,
            }
            for row in services.sessions.of(person_id)
        ],
    }


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
