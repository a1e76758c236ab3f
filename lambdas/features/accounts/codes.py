"""Steps: what one request begins and a second one, with a code, brings to its end.

A step is a row that every request writes alike, whoever it names. Its code is derived from its id and the
session key, so it is stored nowhere; wrong answers are counted on the row, so that many at once get
no more tries than one after the other; and it is used in the transaction that has its effect.
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import UpdateError

from lambdas.core.errors import FieldError, Invalid, PrismError
from lambdas.core.ids import new_id
from lambdas.features.accounts.models import Step
from lambdas.platform.services import Services

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

DIGITS = 8
ATTEMPTS = 5
LASTS = timedelta(minutes=15)
"""How long a mailed code is good for."""


class StepOver(PrismError):
    """The step has expired, was used, had too many wrong answers, or never was: begin again."""

    status = 410
    code = "step_over"
    title = "This code cannot be used any more"


def wrong_code(field: str = "code") -> Invalid:
    return Invalid(fields=(FieldError(path=field, code="wrong_code", message="This is not the code."),))


def begin(
    purpose: str,
    *,
    services: Services,
    locale: str,
    correlation_id: str,
    email: str = "",
    name: str = "",
    person_id: str = "",
    data: Mapping[str, Any] | None = None,
    lasts: timedelta = LASTS,
) -> Step:
    """Write a step, by one put. What follows (a mail) is decided by the worker, from its row."""
    now = services.clock()
    step = Step(
        new_id("stp", at=now),
        purpose=purpose,
        email=email,
        name=name,
        person_id=person_id,
        locale=locale,
        data=None if data is None else dict(data),
        created_at=now,
        expires_at=now + lasts,
        correlation_id=correlation_id,
    )
    step.save(condition=Step.id.does_not_exist())
    return step


def code_of(step_id: str, *, services: Services) -> str:
    """The code that is mailed for a step: eight digits."""
    return _derived(step_id, services.keys.current_and_previous("session")[0])


def check(step_id: str, purpose: tuple[str, ...], code: str, *, services: Services) -> Step:
    """The step, where this is its code; it may have been used before (`use` refuses that).

    One read and one write, right or wrong. A wrong code is counted: `wrong_code`, and StepOver from the fifth on,
    also for the right one.
    """
    step = find(step_id, purpose, services=services)
    # The code was mailed under the key of that time.
    right = any(
        [hmac.compare_digest(_derived(step_id, key), code) for key in services.keys.current_and_previous("session")]
        if code.isascii()
        else []
    )
    change = Step.proven.set(True) if right else Step.attempts.add(1)
    _update(step, change, unused=not right)
    if not right:
        if step.attempts >= ATTEMPTS:
            raise StepOver(fix="Ask for a new code.")
        raise wrong_code()
    return step


def attempt(step_id: str, purpose: tuple[str, ...], *, services: Services) -> Step:
    """The step, with one more attempt counted before anybody looks at the answer; StepOver after the fifth."""
    step = find(step_id, purpose, services=services)
    _update(step, Step.attempts.add(1), unused=True)
    return step


def find(step_id: str, purpose: tuple[str, ...], *, services: Services) -> Step:
    """The step by a consistent read; StepOver where there is none for this purpose, or its time is over."""
    if not step_id:
        raise StepOver(fix="Begin again.")
    try:
        step = Step.get(step_id, consistent_read=True)
    except Step.DoesNotExist:
        raise StepOver(fix="Begin again.") from None
    if step.purpose not in purpose or step.expires_at <= services.clock():
        raise StepOver(fix="Begin again.")
    return step


def use(write: "TransactWrite", step: Step, *, person_id: str = "") -> None:
    """Add to a transaction that the step has had its effect (on `person_id`, where that was not known from the start).

    It is NotWritten where the step had its effect before.
    """
    write.update(
        Step(step.id),
        actions=[Step.used.set(True), Step.person_id.set(person_id or step.person_id)],
        condition=(Step.used == False) & Step.id.exists(),  # noqa: E712  (pynamodb's comparison, not Python's)
    )


def use_alone(step: Step) -> None:
    """Use a step whose effect is no write of ours; StepOver where it was used before."""
    _update(step, Step.used.set(True), unused=True, alive=False)


def _update(step: Step, action: Any, *, unused: bool, alive: bool = True) -> None:
    condition = Step.id.exists()
    if alive:
        condition &= Step.attempts < ATTEMPTS
    if unused:
        condition &= Step.used == False  # noqa: E712  (pynamodb's comparison, not Python's)
    try:
        step.update(actions=[action], condition=condition)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise StepOver(fix="Begin again.") from None


def _derived(step_id: str, key: str) -> str:
    mac = hmac.digest(key.encode(), f"mailed-code/{step_id}".encode(), "sha256")
    # 128 bits make the digits even to one part in 10^30.
    return f"{int.from_bytes(mac[:16], 'big') % 10**DIGITS:0{DIGITS}d}"
