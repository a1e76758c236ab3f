"""Cognito's passkeys, which the emulator does not have.

Four calls by access token (StartWebAuthnRegistration and its kin) and sign-in by AdminInitiateAuth with
USER_AUTH, in the shapes and with the errors of Cognito's API. What a browser answers is verified for
real (`local.webauthn`). All of it is kept in the emulator's own records of pools, users and challenge
sessions, so its snapshots keep it, and who is deleted takes their passkeys along.
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from local import webauthn
from local.webauthn import Asked, NotVerified, Passkey

Data = dict[str, Any]
Call = Callable[[Data], Data]
"""What is asked to what is answered; Refused."""

CHALLENGE_SECONDS = 300
MOST_PASSKEYS = 20

_PASSKEYS, _BEGUN = "_passkeys", "_passkey_begun"
"""Where a user's record in the emulator holds them."""


class Refused(Exception):
    """An error of Cognito's API, by its name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def call_of(action: str, data: Data) -> Call | None:
    """What answers a call of Cognito's API; None where the emulator's own answer will do."""
    if action == "AdminInitiateAuth":
        return _begin_sign_in if data.get("AuthFlow") == "USER_AUTH" else None
    if action == "AdminRespondToAuthChallenge":
        return _sign_in if data.get("ChallengeName") == "WEB_AUTHN" else None
    return BY_TOKEN.get(action)


def _begin(data: Data) -> Data:
    pool, user, client = _by_token(data)
    site = _site(pool)
    challenge = webauthn.encoded(secrets.token_bytes(32))
    user[_BEGUN] = {"challenge": challenge, "client": client, "until": time.time() + CHALLENGE_SECONDS}
    options = {
        "rp": {"id": site, "name": site},
        "user": {
            "id": webauthn.encoded(_handle(user)),
            "name": user["Username"],
            "displayName": user["Username"],
        },
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (webauthn.ES256, webauthn.RS256)],
        "timeout": 60_000,
        "excludeCredentials": [{"type": "public-key", "id": passkey["id"]} for passkey in _passkeys(user)],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": _verification(pool),
        },
    }
    return {"CredentialCreationOptions": options}


def _complete(data: Data) -> Data:
    pool, user, client = _by_token(data)
    credential = data.get("Credential")
    if not isinstance(credential, dict):
        raise Refused("InvalidParameterException", "Credential is required.")
    begun = user.pop(_BEGUN, None)
    if begun is None or time.time() > begun["until"]:
        raise Refused("WebAuthnChallengeNotFoundException", "There is no registration to complete.")
    if begun["client"] != client:
        raise Refused("WebAuthnClientMismatchException", "The registration was begun with another app client.")
    try:
        made = webauthn.registered(credential, _asked(pool, begun["challenge"]))
    except NotVerified as error:
        raise Refused(_NAMES.get(type(error), "InvalidParameterException"), f"Not registered: {error}.") from None
    if any(passkey["id"] == made.id for other in list(pool["_users"].values()) for passkey in _passkeys(other)):
        raise Refused("InvalidParameterException", "This passkey is registered already.")
    if len(_passkeys(user)) >= MOST_PASSKEYS:
        raise Refused("LimitExceededException", f"A user has at most {MOST_PASSKEYS} passkeys.")
    response = credential["response"]
    transports = response.get("transports")
    kept = {
        "id": made.id,
        "public_key": made.public_key,
        "signed": made.signed,
        "created": time.time(),
        "attachment": str(credential.get("authenticatorAttachment") or ""),
        "transports": [str(one) for one in transports] if isinstance(transports, list) else [],
    }
    user.setdefault(_PASSKEYS, []).append(kept)
    return {}


def _list(data: Data) -> Data:
    pool, user, _ = _by_token(data)
    return {
        "Credentials": [
            {
                "CredentialId": passkey["id"],
                "FriendlyCredentialName": f"Passkey {number}",
                "RelyingPartyId": _site(pool),
                "AuthenticatorTransports": passkey["transports"],
                "CreatedAt": passkey["created"],
                **({"AuthenticatorAttachment": passkey["attachment"]} if passkey["attachment"] else {}),
            }
            for number, passkey in enumerate(_passkeys(user), 1)
        ]
    }


def _delete(data: Data) -> Data:
    _, user, _ = _by_token(data)
    there = _passkeys(user)
    left = [passkey for passkey in there if passkey["id"] != data.get("CredentialId")]
    if len(left) == len(there):
        raise Refused("ResourceNotFoundException", "There is no such passkey.")
    user[_PASSKEYS] = left
    return {}


BY_TOKEN: Mapping[str, Call] = {
    "StartWebAuthnRegistration": _begin,
    "CompleteWebAuthnRegistration": _complete,
    "ListWebAuthnCredentials": _list,
    "DeleteWebAuthnCredential": _delete,
}
"""The calls that AWS takes unsigned: the access token says who asks."""


def _begin_sign_in(data: Data) -> Data:
    from ministack.services import cognito

    pool, client = _pool_and_client(data)
    if "ALLOW_USER_AUTH" not in client["ExplicitAuthFlows"]:
        raise Refused("InvalidParameterException", "USER_AUTH flow is not enabled for this client.")
    given = data.get("AuthParameters") or {}
    user = _user(pool, given.get("USERNAME"))
    token, session = cognito._create_challenge_session(pool["Id"], client["ClientId"], user["Username"])
    if given.get("PREFERRED_CHALLENGE") != "WEB_AUTHN" or not _passkeys(user) or not _allows_passkeys(pool):
        available = ["PASSWORD", *(["WEB_AUTHN"] if _passkeys(user) and _allows_passkeys(pool) else [])]
        return {
            "ChallengeName": "SELECT_CHALLENGE",
            "Session": token,
            "AvailableChallenges": available,
            "ChallengeParameters": {},
        }
    session["webauthn"] = challenge = webauthn.encoded(secrets.token_bytes(32))
    options = {
        "challenge": challenge,
        "timeout": 180_000,
        "rpId": _site(pool),
        "allowCredentials": [
            {"type": "public-key", "id": passkey["id"], "transports": passkey["transports"]}
            for passkey in _passkeys(user)
        ],
        "userVerification": _verification(pool),
    }
    return {
        "ChallengeName": "WEB_AUTHN",
        "Session": token,
        "ChallengeParameters": {"CREDENTIAL_REQUEST_OPTIONS": json.dumps(options)},
    }


def _sign_in(data: Data) -> Data:
    from ministack.services import cognito

    pool, client = _pool_and_client(data)
    responses = data.get("ChallengeResponses") or {}
    # Taken whatever comes of it: a challenge is answered once.
    session = cognito._challenge_sessions.pop(str(data.get("Session")), None)
    if session is None or "webauthn" not in session or time.time() > session["expires_at"]:
        raise Refused("NotAuthorizedException", "Invalid session for the user.")
    user = _user(pool, responses.get("USERNAME"))
    if (session["pool_id"], session["client_id"], session["username"]) != (
        pool["Id"],
        client["ClientId"],
        user["Username"],
    ):
        raise Refused("NotAuthorizedException", "Invalid session for the user.")
    try:
        credential = json.loads(responses.get("CREDENTIAL", ""))
        known = next(passkey for passkey in _passkeys(user) if passkey["id"] == credential["id"])
    except (ValueError, TypeError, KeyError, StopIteration):
        raise Refused("NotAuthorizedException", "The passkey is none of this user.") from None
    passkey = Passkey(id=known["id"], public_key=known["public_key"], signed=known["signed"])
    try:
        after = webauthn.signed_in(credential, passkey, _asked(pool, session["webauthn"]), handle=_handle(user))
    except NotVerified as error:
        raise Refused("NotAuthorizedException", f"Not signed in: {error}.") from None
    known["signed"] = after.signed
    return {"AuthenticationResult": cognito._build_auth_result(pool["Id"], client["ClientId"], user)}


_NAMES: Mapping[type[NotVerified], str] = {
    webauthn.WrongChallenge: "WebAuthnChallengeNotFoundException",
    webauthn.WrongOrigin: "WebAuthnOriginNotAllowedException",
    webauthn.WrongSite: "WebAuthnRelyingPartyMismatchException",
    webauthn.NotSupported: "WebAuthnCredentialNotSupportedException",
}


def _by_token(data: Data) -> tuple[Data, Data, str]:
    """The pool, the user and the app client of an access token, which has been verified."""
    from ministack.services import cognito

    claims = cognito._token_claims(data.get("AccessToken"))
    user = cognito._token_owner(claims)
    if not user:
        raise Refused("NotAuthorizedException", "Invalid Access Token")
    pool = cognito._user_pools[claims["iss"].rpartition("/")[2]]
    if not _allows_passkeys(pool):
        raise Refused("WebAuthnNotEnabledException", "Passkeys are not a way to sign in to this user pool.")
    return pool, user, claims["client_id"]


def _pool_and_client(data: Data) -> tuple[Data, Data]:
    from ministack.services import cognito

    pool = cognito._user_pools.get(data.get("UserPoolId"))
    client = pool["_clients"].get(data.get("ClientId")) if pool else None
    if client is None:
        raise Refused("ResourceNotFoundException", "There is no such user pool or app client.")
    return pool, client


def _user(pool: Data, name: Any) -> Data:
    user: Data | None = pool["_users"].get(name)
    if user is None:
        raise Refused("UserNotFoundException", "User does not exist.")
    if not user.get("Enabled", True):
        raise Refused("NotAuthorizedException", "User is disabled.")
    return user


def _passkeys(user: Data) -> list[Data]:
    found: list[Data] = user.get(_PASSKEYS, [])
    return found


def _allows_passkeys(pool: Data) -> bool:
    factors = pool["Policies"].get("SignInPolicy", {}).get("AllowedFirstAuthFactors", ())
    return "WEB_AUTHN" in factors


def _site(pool: Data) -> str:
    site = pool.get("WebAuthnConfiguration", {}).get("RelyingPartyId")
    if not site:
        raise Refused("WebAuthnConfigurationMissingException", "The user pool has no relying party id.")
    return str(site)


def _verification(pool: Data) -> str:
    return str(pool.get("WebAuthnConfiguration", {}).get("UserVerification", "preferred"))


def _handle(user: Data) -> bytes:
    """How a passkey names its user: by Cognito's own id, which says nothing."""
    sub: str = next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")
    return sub.encode()


def _asked(pool: Data, challenge: str) -> Asked:
    site = _site(pool)
    return Asked(
        challenge=challenge,
        site=site,
        from_origin=lambda origin: is_page_of(origin, site),
        verified_user=_verification(pool) == "required",
    )


def is_page_of(origin: str, site: str) -> bool:
    """Whether a page of this origin may use the site's passkeys: the site or what is below it, by https.

    On this machine also by http, at the very address where the platform is served.
    """
    served = frozenset(filter(None, os.environ.get("PRISM_EMULATOR_ORIGINS", "").split(",")))
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return False
    if origin != f"{parts.scheme}://{parts.netloc}" or not (host == site or host.endswith(f".{site}")):
        return False
    return parts.scheme == "https" or origin in served
