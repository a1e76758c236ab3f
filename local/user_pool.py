"""A creator's user pool in the local AWS, as the data stack makes it in the cloud."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

CLIENT_NAME = "site"
_PAGE = 60


@dataclass(frozen=True, kw_only=True)
class UserPool:
    """Where the identities are, and the app client by which the functions ask."""

    id: str
    client: str

    def environment(self) -> dict[str, str]:
        return {"PRISM_USER_POOL": self.id, "PRISM_USER_POOL_CLIENT": self.client}


def ensure_user_pool(cognito: "CognitoIdentityProviderClient", creator_id: str, *, site: str) -> UserPool:
    """Make the pool and its client where they are not there; a second run changes nothing.

    `site` is the host name that passkeys are for.
    """
    name = f"prism-{creator_id}-people"
    pool = _id_named(name, cognito.list_user_pools(MaxResults=_PAGE)["UserPools"], "Id")
    if pool is None:
        pool = cognito.create_user_pool(
            PoolName=name,
            UserPoolTier="ESSENTIALS",
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            MfaConfiguration="OFF",
            UsernameConfiguration={"CaseSensitive": True},
            Policies={
                "PasswordPolicy": {
                    "MinimumLength": 10,
                    "RequireLowercase": False,
                    "RequireUppercase": False,
                    "RequireNumbers": False,
                    "RequireSymbols": False,
                },
                "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
            },
        )["UserPool"]["Id"]
        cognito.set_user_pool_mfa_config(
            UserPoolId=pool,
            MfaConfiguration="OFF",
            WebAuthnConfiguration={"RelyingPartyId": site, "UserVerification": "required"},
        )
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=_PAGE)["UserPoolClients"]
    client = _id_named(CLIENT_NAME, clients, "ClientId", called="ClientName")
    if client is None:
        client = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName=CLIENT_NAME,
            GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"],
            PreventUserExistenceErrors="ENABLED",
            EnableTokenRevocation=True,
            AccessTokenValidity=5,
            IdTokenValidity=5,
            RefreshTokenValidity=60,
            TokenValidityUnits={"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "minutes"},
        )["UserPoolClient"]["ClientId"]
    return UserPool(id=pool, client=client)


def _id_named(name: str, there: Any, key: str, *, called: str = "Name") -> str | None:
    found: list[Mapping[str, Any]] = [one for one in there if one[called] == name]
    return str(found[0][key]) if found else None
