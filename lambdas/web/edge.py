"""What stands between the visitor and the functions: CloudFront, as data.

The site stack makes the distribution from this, the local gateway behaves by it, so a fault of the
content security policy or of a path shows on a laptop too.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from lambdas.core.creator import LOCALES, Creator
from lambdas.core.feature import Feature
from lambdas.platform.storage import GUARDED, PRECOMPRESSED_SUFFIXES, PUBLISHED

FunctionName = Literal["api", "account", "studio", "webhooks", "worker"]

FUNCTION_SECONDS: Mapping[FunctionName, int] = {"api": 10, "account": 20, "studio": 20, "webhooks": 10, "worker": 60}
"""How long each function may take. API Gateway itself waits 30 seconds."""

ORIGIN_SECRET_HEADER = "x-prism-origin"
VIEWER_ADDRESS_HEADER = "cloudfront-viewer-address"
# The name the visitor asked for, set by the viewer-request function over whatever the client sent:
# the HTTP API sees its own host only, and a site answers on its domain and on its cloudfront.net name.
VIEWER_HOST_HEADER = "x-prism-host"
MAX_BODY_BYTES = 256 * 1024


class MediaOrigins(NamedTuple):
    """What a page reaches beside the site itself: where live video comes from, and the chat.

    `player` says that there is something to play at all, live or recorded; `wasm` that the player is made so.
    """

    player: bool = False
    playback: tuple[str, ...] = ()
    chat: tuple[str, ...] = ()
    wasm: bool = False


NO_MEDIA = MediaOrigins()


def media_origins(creator: Creator, features: tuple[Feature[Any], ...]) -> MediaOrigins:
    """Those of Amazon IVS and IVS Chat in the creator's region, as far as the active features need them.

    A playback URL's first name is known when the channel has been made, and the segments come from others of the same domain.
    """
    by_name = {feature.name: feature for feature in features}
    live = by_name.get("live")
    return MediaOrigins(
        player=live is not None or "videos" in by_name,
        playback=("https://*.live-video.net",) if live else (),
        chat=(f"wss://edge.ivschat.{creator.region}.amazonaws.com",) if "chat" in by_name else (),
        wasm=live is not None and getattr(live.config_in(creator.features), "player", "") == "ivs",
    )


def content_security_policy(media: MediaOrigins) -> str:
    """What the site's pages may load, and from where: itself, and what live needs where it is on.

    A player takes playlists and segments by script (connect-src), and Safari by itself (media-src); hls.js puts a stream
    together in a worker that it makes from a blob, and begins each track of captions with the empty file "data:,WEBVTT".
    """
    worker = (" blob:",) if media.player else ()
    captions = (" data:",) if media.player else ()
    wasm = (" 'wasm-unsafe-eval'",) if media.wasm else ()
    directives = (
        ("default-src 'none'",),
        ("base-uri 'none'",),
        ("connect-src 'self'", *(f" {origin}" for origin in (*media.playback, *media.chat))),
        ("font-src 'self'",),
        ("form-action 'self'",),
        ("frame-ancestors 'none'",),
        ("img-src 'self'",),
        ("manifest-src 'self'",),
        ("media-src 'self' blob:", *captions, *(f" {origin}" for origin in media.playback)),
        ("script-src 'self'", *wasm),
        ("style-src 'self'",),
        ("worker-src 'self'", *worker),
        ("require-trusted-types-for 'script'",),
        ("trusted-types default",),
    )
    return "; ".join("".join(parts) for parts in directives)


def security_headers(media: MediaOrigins) -> Mapping[str, str]:
    """What every answer carries, whoever gives it."""
    return {"content-security-policy": content_security_policy(media), **FIXED_HEADERS}


# HSTS for the site's own name only: the domain is the creator's, and what else runs below it is not ours to decide.
FIXED_HEADERS: Mapping[str, str] = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "strict-origin-when-cross-origin",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Route(NamedTuple):
    """Requests for `path` (API Gateway's syntax: /api/{proxy+}) go to `function`. The longest path wins."""

    path: str
    function: FunctionName


def served(function: FunctionName, features: tuple[Feature[Any], ...]) -> tuple[Feature[Any], ...]:
    """The features whose code runs in a function."""
    if function == "worker":
        return tuple(f for f in features if f.changes or f.events or f.schedules or f.aws_events)
    return tuple(f for f in features if getattr(f, function))


def routes(features: tuple[Feature[Any], ...]) -> tuple[Route, ...]:
    """The HTTP API's route table: only functions that serve an active feature."""
    table = []
    if served("api", features):
        table.append(Route(path="/api/{proxy+}", function="api"))
    if served("account", features):
        # A function of its own: it alone may ask who proves what, and what it needs burdens no other's start.
        # The pages are in every language; what a site does not speak is answered "not found".
        table.append(Route(path="/api/auth/{proxy+}", function="account"))
        table.append(Route(path="/account/{proxy+}", function="account"))
        table += [Route(path=f"/{locale}/account/{{proxy+}}", function="account") for locale in LOCALES]
    if served("webhooks", features):
        table.append(Route(path="/api/webhooks/{proxy+}", function="webhooks"))
    if served("studio", features):
        # /studio/ itself too: a greedy variable may be empty, and no route may end with a slash (storacha/w3infra#166).
        table.append(Route(path="/studio/{proxy+}", function="studio"))
    # What the bucket does not have comes here, to be answered in the right language (an origin group
    # in CloudFront: its custom error pages would also replace the API's own errors).
    table.append(Route(path="$default", function="api"))
    return tuple(table)


def functions(features: tuple[Feature[Any], ...]) -> tuple[FunctionName, ...]:
    """The functions these features need: those with a route, and the worker where there is anything to work on."""
    routed = dict.fromkeys(route.function for route in routes(features))
    return (*routed, *(("worker",) if served("worker", features) else ()))


def uncached_paths(features: tuple[Feature[Any], ...]) -> tuple[str, ...]:
    """CloudFront's path patterns that go to the HTTP API, never cached: /api/*, /account/*, /de/account/*, /studio/*."""
    patterns = [route.path.replace("{proxy+}", "*") for route in routes(features) if route.path[0] == "/"]
    wider = {pattern[:-1] for pattern in patterns}
    return tuple(p for p in patterns if not any(p.startswith(other) and p != f"{other}*" for other in wider))


MEDIA_PATHS = f"/{PUBLISHED}*"
"""CloudFront's path pattern of what the media bucket answers: an object's key is its path without the first slash."""

GUARDED_PATHS = f"/{GUARDED}*"
"""That of what it answers to who has the cookies of its path (`lambdas.platform.signed_media`)."""


class Redirect(NamedTuple):
    """The address asked for is another's: answer 308 with this path, and the query as it came."""

    location: str


class Key(NamedTuple):
    """The object that answers: its key in the site bucket, percent-encoded where the address was."""

    key: str


# What a browser would take for a slash, or drop: //elsewhere.example/ is the address of another site.
_SLASHES = re.compile(r"[\x00-\x20/\\\x7f]+")
_TAKES_BROTLI = re.compile(r"(^|[, \t])br[ \t]*(,|\Z|;[ \t]*q=(1|0\.[0-9]*[1-9]))", re.IGNORECASE)


def site_key(uri: str, accept_encoding: str) -> Redirect | Key:
    """What the site bucket answers to a path: the reference for the CloudFront function in `stacks/viewer_request.js`.

    A page has its slash (`/contact` is sent to `/contact/`) and is the `index.html` below it; a file
    has a dot in its name. Texts are also stored compressed, one `.br` beside each, for those who
    take Brotli. Nothing is ever redirected to another site.
    """
    path = _SLASHES.sub("/", f"/{uri}")
    name = path.rpartition("/")[2]
    if name and "." not in name and not path.startswith("/.well-known/"):
        path += "/"
    if path != uri:
        return Redirect(location=path)
    key = path[1:] + ("" if name else "index.html")
    if key.endswith(PRECOMPRESSED_SUFFIXES) and _TAKES_BROTLI.search(accept_encoding):
        key += ".br"
    return Key(key=key)
