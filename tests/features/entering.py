"""What the tests of the way in share: an account, made as people make one."""

from typing import Any

from lambdas.features.accounts import codes
from lambdas.features.accounts.models import Step
from lambdas.platform.people import Person, find
from tests.browsing import Browser

EMAIL = "ada@people.example"
PASSWORD = "four words of mine"
OTHER_PASSWORD = "not those but others"


def newest_step(browser: Browser) -> Step:
    return max(Step.scan(), key=lambda step: step.id)


def mailed_code(browser: Browser) -> str:
    """The code of the step that was begun last, as its mail has it."""
    return codes.code_of(newest_step(browser).id, services=browser.platform.services)


def sign_up(browser: Browser, email: str = EMAIL, *, password: str = PASSWORD, **fields: str) -> Person:
    """An account, confirmed and signed in."""
    browser.post("/api/auth/sign-up", email=email, name="Ada Fictional", **fields)
    browser.platform.clock.forward(seconds=1)
    answer = browser.post("/api/auth/confirm", code=mailed_code(browser), password=password)
    assert answer.status == 303, answer.body
    person_id = find(email)
    assert person_id is not None
    return Person.get(person_id)


def me(browser: Browser) -> Any:
    return browser.get("/api/me").json["person"]
