"""Who proves what: Amazon Cognito keeps passwords and passkeys, under a person's id and nothing else of them.

Only the `account` function may speak to it (and the worker, to delete). Cognito's tokens never leave that function,
but for the few minutes in which a passkey is added.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.core.errors import Invalid
from lambdas.platform import aws

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class PasswordRefused(Invalid):
    """Cognito does not take this password: too short, or too well known."""

    code = "password_refused"
    title = "This password cannot be used"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a person has just proved who they are. `token` is Cognito's access token, good for a few minutes."""

    token: str = field(repr=False)


@dataclass(kw_only=True)
class Identity:
    """One creator's user pool; the client is made at first use. Errors of Cognito other than those named are botocore's."""

    pool: str
    app_client: str
    _client: "CognitoIdentityProviderClient | None" = field(default=None, repr=False)

    def create(self, person_id: str) -> None:
        """Make a person known; a second time changes nothing."""
        raise NotImplementedError

    def set_password(self, person_id: str, password: str) -> None:
        """From now on this password proves the person; PasswordRefused."""
        raise NotImplementedError

    def prove(self, person_id: str, password: str) -> Proof | None:
        """The proof where the password is right; None where it is wrong or nobody has this id, after the same work."""
        raise NotImplementedError

    def delete(self, person_id: str) -> None:
        """Forget a person, their password and passkeys; a second time changes nothing."""
        raise NotImplementedError

    def begin_passkey(self, proof: Proof) -> dict[str, Any]:
        """What the browser's `navigator.credentials.create` is given (PublicKeyCredentialCreationOptionsJSON)."""
        raise NotImplementedError

    def add_passkey(self, proof: Proof, credential: dict[str, Any]) -> str:
        """Keep the passkey that the browser made (RegistrationResponseJSON); its id. Invalid where it does not fit."""
        raise NotImplementedError

    def drop_passkey(self, proof: Proof, passkey_id: str) -> None:
        """Forget a passkey; one that is not there changes nothing."""
        raise NotImplementedError

    def ask_for_passkey(self, person_id: str) -> tuple[dict[str, Any], str]:
        """What `navigator.credentials.get` is given (PublicKeyCredentialRequestOptionsJSON), and the challenge's session.

        For an id that nobody has, or who has no passkey, options that look alike and that nothing answers.
        """
        raise NotImplementedError

    def prove_by_passkey(self, person_id: str, session: str, credential: dict[str, Any]) -> Proof | None:
        """The proof where the browser's answer (AuthenticationResponseJSON) is right, else None."""
        raise NotImplementedError

    def _cognito(self) -> "CognitoIdentityProviderClient":
        if self._client is None:
            self._client = aws.client("cognito-idp")
        return self._client
