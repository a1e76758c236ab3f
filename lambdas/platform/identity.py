"""Who proves what: Amazon Cognito keeps passwords and passkeys, under a person's id and nothing else of them.

Only the `account` function may speak to it (and the worker, to delete). Cognito's tokens never leave that function,
but for the few minutes in which a passkey is added.

What Cognito refuses because of what a person typed has an answer here. That it is throttled, down or wrongly set up stays
botocore's error, which the web layer answers with "try again in a moment".
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.core.errors import FieldError, Invalid
from lambdas.core.passwords import normalised
from lambdas.platform import aws

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import (
        AdminInitiateAuthResponseTypeDef,
        AdminRespondToAuthChallengeResponseTypeDef,
    )

FLOOR_SECONDS = 0.4
"""A proof that fails takes this long at least: longer than Cognito needs to find that an id is unknown, or a password wrong."""

_UNKNOWN = frozenset({"UserNotFoundException"})
_EXISTS = frozenset({"UsernameExistsException"})
_NO_SUCH_PASSKEY = frozenset({"ResourceNotFoundException"})
_BAD_PASSWORD = frozenset({"InvalidPasswordException", "InvalidParameterException"})
_NO_PROOF = frozenset(
    {
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
        "InvalidParameterException",
        "CodeMismatchException",
        "ExpiredCodeException",
    }
)
_BAD_PASSKEY = frozenset({"NotAuthorizedException", "InvalidParameterException"})
_WEBAUTHN = "WebAuthn"
"""What Cognito finds wrong with a passkey has a name that begins so: WebAuthnOriginNotAllowedException."""

_DECOY_BYTES = (16, 20, 32)
"""How long the ids of passkeys are that phones and computers make."""


class PasswordRefused(Invalid):
    """Cognito does not take this password: too short, or of characters that it does not know."""

    code = "password_refused"
    title = "This password cannot be used"


class PasskeyRefused(Invalid):
    """What the browser made is not the passkey that was asked for, or it came too late."""

    code = "passkey_refused"
    title = "This passkey could not be added"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a person has just proved who they are. `token` is Cognito's access token, good for a few minutes."""

    token: str = field(repr=False)


@dataclass(kw_only=True)
class Identity:
    """One creator's user pool; the client is made at first use. Errors of Cognito other than those named are botocore's.

    `floor` is how many seconds a proof that fails takes at least.
    """

    pool: str
    app_client: str
    floor: float = FLOOR_SECONDS
    _client: "CognitoIdentityProviderClient | None" = field(default=None, repr=False)
    _secret: bytes | None = field(default=None, repr=False)

    def create(self, person_id: str) -> None:
        """Make a person known; a second time changes nothing."""
        with _answered(_EXISTS):
            self._cognito().admin_create_user(UserPoolId=self.pool, Username=person_id, MessageAction="SUPPRESS")

    def set_password(self, person_id: str, password: str) -> None:
        """From now on this password proves the person; PasswordRefused."""
        try:
            self._cognito().admin_set_user_password(
                UserPoolId=self.pool, Username=person_id, Password=normalised(password), Permanent=True
            )
        except _client_error() as error:
            if _code(error) not in _BAD_PASSWORD:
                raise
            fault = FieldError(path="password", code="password_refused", message="This password cannot be used.")
            raise PasswordRefused(fix="Choose a longer one.", fields=(fault,)) from None

    def prove(self, person_id: str, password: str) -> Proof | None:
        """The proof where the password is right; None where it is wrong or nobody has this id, after the same work."""
        with self._taking_its_time() as outcome:
            answer = self._cognito().admin_initiate_auth(
                UserPoolId=self.pool,
                ClientId=self.app_client,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={**self._named(person_id), "PASSWORD": normalised(password)},
            )
            outcome.proof = _proof(answer)
        return outcome.proof

    def delete(self, person_id: str) -> None:
        """Forget a person, their password and passkeys; a second time changes nothing."""
        with _answered(_UNKNOWN):
            self._cognito().admin_delete_user(UserPoolId=self.pool, Username=person_id)

    def begin_passkey(self, proof: Proof, *, label: str = "") -> dict[str, Any]:
        """What the browser's `navigator.credentials.create` is given (PublicKeyCredentialCreationOptionsJSON).

        `label` is what the person's own devices list the passkey under, such as their e-mail address:
        Cognito knows nothing but their id.
        """
        options: dict[str, Any] = self._cognito().start_web_authn_registration(AccessToken=proof.token)[
            "CredentialCreationOptions"
        ]
        if label:
            options = {**options, "user": {**options["user"], "name": label, "displayName": label}}
        return options

    def add_passkey(self, proof: Proof, credential: dict[str, Any]) -> str:
        """Keep the passkey that the browser made (RegistrationResponseJSON); its id. PasskeyRefused where it does not fit."""
        try:
            self._cognito().complete_web_authn_registration(AccessToken=proof.token, Credential=credential)
        except _client_error() as error:
            if _code(error) not in _BAD_PASSKEY and not _code(error).startswith(_WEBAUTHN):
                raise
            raise PasskeyRefused(fix="Try again, on this very page.") from None
        return str(credential["id"])

    def drop_passkey(self, proof: Proof, passkey_id: str) -> None:
        """Forget a passkey; one that is not there changes nothing."""
        with _answered(_NO_SUCH_PASSKEY):
            self._cognito().delete_web_authn_credential(AccessToken=proof.token, CredentialId=passkey_id)

    def ask_for_passkey(self, person_id: str, *, stand_in: str = "") -> tuple[dict[str, Any], str]:
        """What `navigator.credentials.get` is given (PublicKeyCredentialRequestOptionsJSON), and the challenge's session.

        For an id that nobody has, or who has no passkey, options that look alike and that nothing answers: always the same
        for one `stand_in` (else the id), so that an address does not look another way on the day it gets an account.
        Keep the session from the browser: how long it is may tell the one from the other.
        """
        answer: dict[str, Any] = {}
        # There is no proof yet, so it takes its time whatever Cognito says, and however quickly.
        with self._taking_its_time():
            answer = dict(
                self._cognito().admin_initiate_auth(
                    UserPoolId=self.pool,
                    ClientId=self.app_client,
                    AuthFlow="USER_AUTH",
                    AuthParameters={**self._named(person_id), "PREFERRED_CHALLENGE": "WEB_AUTHN"},
                )
            )
        if answer.get("ChallengeName") == "WEB_AUTHN":
            asked = json.loads(answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
            known = [str(credential["id"]) for credential in asked.get("allowCredentials", ())]
            return _request_options(asked["challenge"], known), answer["Session"]
        return _request_options(_text(secrets.token_bytes(32)), self._decoys(stand_in or person_id)), _text(
            secrets.token_bytes(96)
        )

    def prove_by_passkey(self, person_id: str, session: str, credential: dict[str, Any]) -> Proof | None:
        """The proof where the browser's answer (AuthenticationResponseJSON) is right, else None."""
        with self._taking_its_time() as outcome:
            answer = self._cognito().admin_respond_to_auth_challenge(
                UserPoolId=self.pool,
                ClientId=self.app_client,
                ChallengeName="WEB_AUTHN",
                ChallengeResponses={**self._named(person_id), "CREDENTIAL": json.dumps(credential)},
                Session=session,
            )
            outcome.proof = _proof(answer)
        return outcome.proof

    @contextmanager
    def _taking_its_time(self) -> "Iterator[_Outcome]":
        """What is done inside may find a proof; where it does not, it ends `floor` seconds after it began."""
        from botocore.exceptions import ClientError, ParamValidationError

        began, outcome = time.monotonic(), _Outcome()
        try:
            yield outcome
        except ParamValidationError:
            pass  # what cannot even be asked proves nothing
        except ClientError as error:
            if not self._proves_nothing(error):
                raise
        if outcome.proof is None:
            time.sleep(max(0.0, began + self.floor - time.monotonic()))

    def _proves_nothing(self, error: "ClientError") -> bool:
        """Whether it is an answer about the person; what else there is concerns everyone."""
        if "secret hash" in str(error).lower():
            # The app client has another secret than the one that was read: read it again the next time.
            self._secret = None
            return False
        return _code(error) in _NO_PROOF or _code(error).startswith(_WEBAUTHN)

    def _named(self, person_id: str) -> dict[str, str]:
        """Who is meant, and that it is this app client which asks."""
        mac = hmac.digest(self._app_secret(), f"{person_id}{self.app_client}".encode(), "sha256")
        return {"USERNAME": person_id, "SECRET_HASH": base64.b64encode(mac).decode()}

    def _decoys(self, person_id: str) -> list[str]:
        """Ids of passkeys that do not exist: the same for the same person, and two for every eighth."""
        seed = hmac.digest(self._app_secret(), f"no passkey of {person_id}".encode(), "sha256")
        length = _DECOY_BYTES[seed[0] % len(_DECOY_BYTES)]
        many = 2 if seed[1] % 8 == 0 else 1
        return [_text(hashlib.sha256(seed + bytes([number])).digest()[:length]) for number in range(many)]

    def _app_secret(self) -> bytes:
        if self._secret is None:
            found = self._cognito().describe_user_pool_client(UserPoolId=self.pool, ClientId=self.app_client)
            self._secret = found["UserPoolClient"]["ClientSecret"].encode()
        return self._secret

    def _cognito(self) -> "CognitoIdentityProviderClient":
        if self._client is None:
            self._client = aws.client("cognito-idp")
        return self._client


@dataclass
class _Outcome:
    proof: Proof | None = None


def _client_error() -> "type[ClientError]":
    from botocore.exceptions import ClientError

    return ClientError


@contextmanager
def _answered(codes: frozenset[str]) -> Iterator[None]:
    """Let these errors of Cognito be an answer like any other."""
    try:
        yield
    except _client_error() as error:
        if _code(error) not in codes:
            raise


def _code(error: "ClientError") -> str:
    return error.response.get("Error", {}).get("Code", "")


def _proof(answer: "AdminInitiateAuthResponseTypeDef | AdminRespondToAuthChallengeResponseTypeDef") -> Proof | None:
    """None where Cognito asks for more: someone who has no password yet, for one."""
    token = answer.get("AuthenticationResult", {}).get("AccessToken")
    return Proof(token=token) if token else None


def _request_options(challenge: str, passkeys: list[str]) -> dict[str, Any]:
    """The same for everyone but for what differs from person to person.

    No `rpId`: it is the site's own name, which a browser takes by itself. No `transports`: they tell
    which device somebody has.
    """
    return {
        "challenge": challenge,
        "timeout": 180_000,
        "userVerification": "required",  # a passkey stands for both factors
        "allowCredentials": [{"type": "public-key", "id": passkey} for passkey in passkeys],
    }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
