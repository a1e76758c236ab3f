"""The end of every way in: a fresh session, and on to what was interrupted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pynamodb.expressions.update import Action

from lambdas.core.errors import NotSignedIn
from lambdas.features.accounts import codes, resume, step_cookie
from lambdas.features.accounts.changes import change
from lambdas.features.accounts.inputs import Onward
from lambdas.features.accounts.own_pages import LEAVING
from lambdas.features.accounts.second_factor import SecondFactor
from lambdas.platform.people import Person
from lambdas.platform.sessions import COOKIE, IDLE
from lambdas.platform.visit import Visit

SECOND_FACTOR = "second-factor"
SECOND_FACTOR_PAGE = "/account/second-factor/"
SECOND_FACTOR_LASTS = timedelta(minutes=5)
MOST_SESSIONS = 50
"""In so many browsers one can be signed in; the one that was away longest makes room. All of them are read at each sign-in."""

TYPED = "typed"
MAILED = "mailed-code"
PASSKEY = "passkey"
_KINDS = (TYPED, MAILED, SECOND_FACTOR, PASSKEY)


def remembered(visit: Visit) -> dict[str, str]:
    """The e-mail address that was typed on this way in, and where it leads afterwards."""
    kept = step_cookie.kept(visit, *_KINDS)
    asked = visit.query.get("next", "") or str(kept.get("next", ""))
    return {"email": str(kept.get("email", "")), "next": resume.safe(asked) if asked else ""}


def remember(visit: Visit, *, email: str, onward: str) -> None:
    """Keep what was typed for the next page of this way in; a code that is on its way stays what is waited for."""
    if step_cookie.kept(visit, MAILED):
        return
    place = {"email": email, "next": resume.safe(onward)}
    step_cookie.keep(visit, TYPED, place, lasts=codes.LASTS)


def arrive(visit: Visit, person: Person, *, method: str, onward: str) -> Onward:
    """Sign the person in, or ask for their second factor first where they have one and `method` is a password alone."""
    if method == "password" and SecondFactor.of(person) is not None:
        return _ask_for_second_factor(visit, person, onward=onward)
    return enter(visit, person, method=method, onward=onward)


def enter(visit: Visit, person: Person, *, method: str, onward: str) -> Onward:
    """A session that nobody knew before (whatever the browser brought), and the one it had ends.

    Who has asked for their account to be deleted comes to where that can be taken back, wherever they were going.
    """
    sessions = visit.services.sessions
    there = sessions.of(person.id)
    known = {row.agent for row in there} | {(person.new_device or {}).get("agent")}
    session, cookie = sessions.open(person.id, agent=visit.agent, method=method)
    for row in there[MOST_SESSIONS - 1 :]:
        sessions.end(person.id, row.id)
    if visit.session is not None:
        sessions.end(visit.session.person_id, visit.session.id)
    visit.set_cookie(COOKIE, cookie, seconds=int(IDLE.total_seconds()))
    step_cookie.drop(visit)
    if visit.agent not in known:
        _note_new_device(visit, person, session_id=session.id)
    return _onward(visit, LEAVING if person.leaving else onward)


def go_on(visit: Visit, path: str) -> Onward:
    """Lead to the next page of the way in."""
    visit.go(path)
    return Onward(next=visit.located(path))


def _onward(visit: Visit, onward: str) -> Onward:
    return go_on(visit, resume.without_language(resume.safe(onward), locale=visit.locale))


def _ask_for_second_factor(visit: Visit, person: Person, *, onward: str) -> Onward:
    step = codes.begin(
        SECOND_FACTOR,
        services=visit.services,
        locale=visit.locale,
        correlation_id=visit.correlation_id,
        person_id=person.id,
        lasts=SECOND_FACTOR_LASTS,
    )
    place = {"id": step.id, "email": person.email, "next": resume.safe(onward)}
    step_cookie.keep(visit, SECOND_FACTOR, place, lasts=SECOND_FACTOR_LASTS)
    return go_on(visit, SECOND_FACTOR_PAGE)


def _note_new_device(visit: Visit, person: Person, *, session_id: str) -> None:
    """What their owner is mailed about (`events_own`): a browser that they had not used before."""
    seen = {"session": session_id, "agent": visit.agent, "at": visit.services.clock().isoformat()}

    def decide(_: Person) -> Sequence[Action]:
        return [Person.new_device.set(seen)]

    try:
        change(person, decide, correlation_id=visit.correlation_id)
    except NotSignedIn:
        # Deleted while signing in: the session leads nowhere, and ends with the account's other ones.
        return


def context(visit: Visit) -> dict[str, Any]:
    """What every page of the way in knows: what was just done."""
    return {"done": visit.query.get("done", "")}
