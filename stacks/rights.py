"""What each function may touch, and nothing else, derived from the features that it serves. Without the CDK: tests ask it too."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.core.references import load
from lambdas.features.registry import tables_of
from lambdas.platform.audit import AuditEntry
from lambdas.platform.aws import CALLS
from lambdas.platform.broadcast import Broadcast
from lambdas.platform.entitlements import Entitlement
from lambdas.platform.keys import parameter
from lambdas.platform.limits import Hits
from lambdas.platform.mail import Mailer
from lambdas.platform.people import Address, Person
from lambdas.platform.sessions import SessionRow
from lambdas.platform.storage import (
    INCOMING,
    PUBLISHED,
    READ_BY_RENDERERS,
    SITE_REGION,
    distribution_parameter,
    media_key_parameter,
)
from lambdas.platform.tables import Table, definition, table_name
from lambdas.platform.team import CustomRole, Member
from lambdas.web.edge import FunctionName, served
from stacks.right import Place, Right
from stacks.rights_live import channel_rights, has, recording_rights, room_rights, sleeper_rights

# Nothing ever scans a table, and no function describes, makes or deletes one.
READ = frozenset({"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"})
ROWS = READ | {"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
UPDATE = frozenset({"dynamodb:UpdateItem"})
APPEND = frozenset({"dynamodb:PutItem", "dynamodb:Query"})
"""All that anybody may do to a table that is append-only."""

_ADMITTING: frozenset[FunctionName] = frozenset({"api", "account", "studio"})
_RENDERING = _ADMITTING | {"worker"}
# Who makes or checks a session, a form's token or a mailed code.
_HOLDS_SESSION_KEY = _ADMITTING | {"worker"}

# To admit somebody is to know their session, who they are and what they may do.
_TO_ADMIT: Mapping[type[Table], frozenset[str]] = {
    Hits: ROWS,
    SessionRow: READ | {"dynamodb:UpdateItem"},
    Person: READ,
    Member: READ,
    CustomRole: READ,
    AuditEntry: APPEND,
}
_BEYOND: Mapping[FunctionName, Mapping[type[Table], frozenset[str]]] = {
    # Whoever gives access to anything asks what a person holds, and what is on air.
    "api": {Entitlement: READ, Broadcast: READ},
    # Sessions begin and end here, people come, change and go, and who proves the creator's address becomes owner.
    # A custom role says who holds it: that is written by who accepts an invitation to it, and by who is forgotten.
    "account": {
        SessionRow: ROWS,
        Person: ROWS,
        Address: ROWS,
        Member: ROWS,
        CustomRole: READ | UPDATE,
        Entitlement: READ,
    },
    # The team is changed here, and who leaves it is signed out. It gives membership by hand, and says what comes next on air.
    "studio": {
        SessionRow: ROWS,
        Address: READ,
        Member: ROWS,
        CustomRole: ROWS,
        Entitlement: ROWS,
        Broadcast: ROWS,
    },
    # Accounts whose grace is over end here, with all that was theirs.
    "worker": {
        SessionRow: ROWS,
        Person: ROWS,
        Address: ROWS,
        Member: ROWS,
        CustomRole: READ | UPDATE,
        AuditEntry: APPEND,
        Entitlement: ROWS,
        Broadcast: ROWS,
    },
}


def rights(
    function: FunctionName, *, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> tuple[Right, ...]:
    """All that one function may do to a creator's tables, keys, buckets, identities, mail, channel and chat."""
    return tuple(
        right
        for of_kind in (_tables, _keys, _site, _media, _identities, _mail, _edge, *_LIVE)
        for right in of_kind(function, creator, features, place)
    )


_LIVE = (recording_rights, channel_rights, room_rights, sleeper_rights)


def table_rights(function: FunctionName, features: tuple[Feature[Any], ...]) -> dict[type[Table], frozenset[str]]:
    """The actions that a function may do, by table."""
    granted: dict[type[Table], frozenset[str]] = {}

    def grant(model: type[Table], actions: frozenset[str]) -> None:
        allowed = APPEND if definition(model).append_only else actions
        granted[model] = granted.get(model, frozenset()) | allowed

    if function in _ADMITTING:
        for model, actions in _TO_ADMIT.items():
            grant(model, actions)
    for model, actions in _BEYOND.get(function, {}).items():
        grant(model, actions)
    for feature in features:
        for model in map(load, feature.tables):
            if feature in served(function, features) or (function == "worker" and feature.forgets):
                grant(model, ROWS)
            if function in {"account", "worker"} and feature.exports:
                grant(model, READ)
            if function in _RENDERING and definition(model).read_by_all:
                grant(model, READ)
    return granted


def _tables(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    by_actions: dict[frozenset[str], list[type[Table]]] = {}
    granted = table_rights(function, features)
    # In the registry's order, so that the template is the same each time.
    for model in tables_of(features).values():
        if model in granted:
            by_actions.setdefault(granted[model], []).append(model)
    for actions, models in by_actions.items():
        yield Right(actions=tuple(sorted(actions)), resources=tuple(_table_arns(models, creator.id, place)))


def _table_arns(models: Iterable[type[Table]], creator_id: str, place: Place) -> Iterator[str]:
    for model in models:
        table = definition(model)
        arn = place.arn("dynamodb", f"table/{table_name(creator_id, table.short_name)}")
        yield arn
        yield from (f"{arn}/index/{index.name}" for index in table.indexes)


def _keys(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    # Decrypting needs no right of its own: the key that AWS manages for SSM allows whoever SSM allows.
    names = []
    if function in _HOLDS_SESSION_KEY:
        names.append("session")
    if function == "account":
        names.append("second-factor")
    if function == "api" and place.channel:
        names.append("playback")
    # Who is let in to a video; the studio shows pictures of those that nobody else may see yet.
    if function in {"api", "studio"} and has(features, "videos"):
        names.append("media-signing")
    parameters = [parameter(creator.id, which) for name in names for which in (name, f"{name}-previous")]
    if parameters:
        yield Right(
            actions=("ssm:GetParameters",),
            resources=tuple(place.arn("ssm", f"parameter{name}") for name in parameters),
        )
    if function in {"api", "studio"} and has(features, "videos"):
        name = media_key_parameter(creator.id)
        yield Right(
            actions=("ssm:GetParameters",), resources=(place.arn("ssm", f"parameter{name}", region=SITE_REGION),)
        )


def _site(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """What pages and letters are rendered by and some published pages, all of it public; the worker publishes them."""
    if function not in _RENDERING:
        return
    arn = place.bucket(place.site_bucket)
    if function == "worker":
        yield Right(
            actions=("s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
            resources=(f"{arn}/*",),
            wide="Any page may be published anew or removed by the worker, and all that lies in this bucket is published.",
        )
    else:
        # And the page that says that there is nothing: whichever function an address leads to answers with it.
        missing = [f"{creator.path('/404/', locale)[1:]}index.html" for locale in creator.languages]
        keys = [*READ_BY_RENDERERS, *missing]
        yield Right(actions=("s3:GetObject",), resources=tuple(f"{arn}/{key}" for key in keys))
    # Without it S3 answers "forbidden" for what is not there, and a missing page could not be told from a fault.
    yield Right(actions=("s3:ListBucket",), resources=(arn,))


def _media(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    arn = place.bucket(place.media_bucket)
    # A person's picture, or the cover of a show, a video's thumbnail, an emote.
    if function == "account" or (function == "studio" and has(features, "live", "chat", "videos")):
        yield Right(
            actions=("s3:PutObject",),
            resources=(f"{arn}/{INCOMING}*",),
            wide="An upload gets a name of its own, made up when it comes. Nothing can be read by this right.",
        )
    if function == "worker":
        yield Right(
            actions=("s3:GetObject",),
            resources=(f"{arn}/{INCOMING}*",),
            wide="Uploads have names of their own, made up when they come, and each is read to make a picture of it.",
        )
        yield Right(
            actions=("s3:DeleteObject", "s3:PutObject"),
            resources=(f"{arn}/{PUBLISHED}*",),
            wide="Pictures have names of their own, made up when they are made, and everything at these names is public.",
        )
        yield Right(actions=("s3:ListBucket",), resources=(arn,))


def _identities(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """Who may ask Cognito. The other calls show a token or the client's secret; IAM is not asked about them."""
    calls = [call for call in CALLS["cognito-idp"] if call.startswith(("Admin", "Describe"))]
    allowed = {"account": calls, "worker": ["AdminDeleteUser"]}.get(function, [])
    if allowed:
        yield Right(actions=tuple(f"cognito-idp:{call}" for call in allowed), resources=(place.user_pool,))


def _mail(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    if not any(feature.mails for feature in features):
        return
    if function == "studio":
        # How far mail goes is shown to the team.
        yield Right(actions=("ses:GetEmailIdentity",), resources=(place.arn("ses", f"identity/{creator.domain}"),))
        yield Right(
            actions=("ses:GetAccount",),
            resources=("*",),
            wide="ses:GetAccount knows no resources. It says whether the account is still in the sandbox, and how much it may send.",
        )
    if function != "worker":
        return
    # While SES is in its sandbox the recipient must be an identity too, and is then asked about as well.
    identities = dict.fromkeys((creator.domain, str(creator.email)))
    yield Right(
        actions=("ses:SendEmail", "ses:SendRawEmail"),
        resources=tuple(place.arn("ses", f"identity/{name}") for name in identities),
        conditions={"StringEquals": {"ses:FromAddress": Mailer(creator=creator).sender}},
    )


def _edge(
    function: FunctionName, creator: Creator, features: tuple[Feature[Any], ...], place: Place
) -> Iterator[Right]:
    """What the worker needs to have the edge forget a page."""
    if function != "worker":
        return
    yield Right(
        actions=("ssm:GetParameters",),
        resources=(place.arn("ssm", f"parameter{distribution_parameter(creator.id)}", region=SITE_REGION),),
    )
    yield Right(
        actions=("cloudfront:CreateInvalidation",),
        resources=(place.arn("cloudfront", "distribution/*", region=""),),
        wide="AWS names the distribution, after this stack and in another region. An account has the one distribution of its "
        "creator, and what an invalidation costs at worst is that the edge asks again.",
    )
