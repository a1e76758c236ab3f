"""The link of an invitation: signed, so that nobody makes one up; what it is worth stands in the invitation's row."""

from typing import TYPE_CHECKING

from lambdas.platform.keys import signer

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

    from lambdas.features.team.models import Invitation
    from lambdas.platform.services import Services

PAGE = "/account/invitation/"


def token_of(invitation: "Invitation", services: "Services") -> str:
    return str(_signer(services).dumps([invitation.id, invitation.nonce]))


def named_by(token: str, services: "Services") -> tuple[str, str] | None:
    """The id and nonce of the invitation that a token names; None for one that is none of ours."""
    from itsdangerous import BadData

    try:
        id, nonce = _signer(services).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return (id, nonce) if isinstance(id, str) and isinstance(nonce, str) else None


def masked(email: str) -> str:
    """An address that its owner knows again and nobody else learns: a•••@example.com."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _signer(services: "Services") -> "URLSafeSerializer":
    return signer(services.keys.current_and_previous("session"), salt=f"team-invitation/{services.creator.id}")
