"""Proving oneself once more, for what a stolen session must not be enough for."""

from lambdas.core.errors import Invalid
from lambdas.features.accounts import second_factor, tries
from lambdas.features.accounts.codes import wrong_code
from lambdas.features.accounts.inputs import TypedPassword
from lambdas.features.accounts.own_pages import Sent, refused
from lambdas.platform.identity import Proof
from lambdas.platform.visit import Visit


class ByPassword(Sent):
    """What is done by one's password alone."""

    password: TypedPassword


def wrong_password() -> Invalid:
    return refused("password", "wrong_password", "This is not your password.")


def prove_password(visit: Visit, password: str) -> Proof:
    """The proof that this is the password of who is signed in; `wrong_password`. Wrong ones count as at the sign-in."""
    services = visit.services
    counted = tries.count("sign-in", email=visit.person.email, address=visit.address, services=services)
    try:
        proof = services.identity.prove(visit.person.id, password)
    except Exception:
        # Nobody answered: that was no try.
        tries.give_back(counted, services=services)
        raise
    if proof is None:
        raise wrong_password()
    tries.give_back(counted, services=services)
    return proof


def prove_code(visit: Visit, code: str) -> None:
    """Use up a code of the authenticator app, or a recovery code; `wrong_code`. Wrong ones count as at the sign-in."""
    services = visit.services
    counted = tries.count_person("second-factor", visit.person, services=services)
    used = second_factor.prove(visit.person, code, services=services, correlation_id=visit.correlation_id)
    if used is None:
        raise wrong_code()
    tries.give_back(counted, services=services)
