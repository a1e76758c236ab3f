"""What a request must pass before a route sees it: the edge, its size, its origin, a body that can be read."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from lambdas.core.errors import Forbidden, Malformed, TooLarge, UnsupportedMedia
from lambdas.platform.limits import address_subject
from lambdas.platform.visit import File
from lambdas.web.edge import MAX_BODY_BYTES, ORIGIN_SECRET_HEADER, VIEWER_ADDRESS_HEADER, VIEWER_HOST_HEADER

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
JSON = "application/json"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MAX_FIELDS = 100
_MAX_DEPTH = 32
_MAX_DIGITS = 40


class Admitted(NamedTuple):
    """A request that may go on to its route; its body has not been read."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    address: str
    content_type: str

    @property
    def as_form(self) -> bool:
        """Whether a browser sent a form, and reads HTML."""
        return self.content_type in {FORM, FILES} and self.method not in SAFE_METHODS


def correlation_id(event: Mapping[str, Any]) -> str:
    """The caller's, where it is one; else the gateway's own for this request."""
    given = str(event.get("headers", {}).get("x-correlation-id", ""))
    return given if _CORRELATION_ID.fullmatch(given) else str(event["requestContext"]["requestId"])


def admit(event: Mapping[str, Any], *, origin_digests: frozenset[str]) -> Admitted:
    """Read an HTTP API event (payload v2); Forbidden where it did not come through the edge and from our own site."""
    headers: Mapping[str, str] = event.get("headers") or {}
    http = event["requestContext"]["http"]
    method = http["method"]
    _came_through_the_edge(headers, origin_digests)
    _is_same_origin(method, headers, has_cookies=bool(event.get("cookies")))
    return Admitted(
        method=method,
        path=event["rawPath"],
        headers=headers,
        query=event.get("queryStringParameters") or {},
        cookies=_cookies(event.get("cookies") or ()),
        address=_viewer_address(headers),
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
    )


class Body(NamedTuple):
    """What a request brought: decoded JSON or a form's fields as an object, None where there is nothing; and files by field."""

    value: Any | None = None
    files: Mapping[str, File] = MappingProxyType({})


def body_of(event: Mapping[str, Any], request: Admitted, *, file_bytes: int = 0) -> Body:
    """The body, read; `file_bytes` is how large one with files may be. TooLarge, Malformed, UnsupportedMedia."""
    if file_bytes and request.content_type == FILES:
        from lambdas.web.multipart import parts_of

        raw = _raw_body(event, at_most=file_bytes)
        value, files = parts_of(raw, request.headers["content-type"])
        return Body(value=value, files=files)
    raw = _raw_body(event, at_most=MAX_BODY_BYTES)
    return Body() if request.method in SAFE_METHODS or not raw else Body(value=_parse(raw, request.content_type))


def _cookies(given: Iterable[str]) -> dict[str, str]:
    """By name; of two with one name the first, as browsers send the more specific one first."""
    cookies: dict[str, str] = {}
    for cookie in given:
        name, _, value = cookie.partition("=")
        cookies.setdefault(name.strip(), value.strip())
    return cookies


def _came_through_the_edge(headers: Mapping[str, str], digests: frozenset[str]) -> None:
    shown = hashlib.sha256(headers.get(ORIGIN_SECRET_HEADER, "").encode()).hexdigest()
    if not any(hmac.compare_digest(shown, digest) for digest in digests):
        raise Forbidden("The API answers through the site only.", fix="Use the site's own address.")


def _viewer_address(headers: Mapping[str, str]) -> str:
    # ip:port, where an IPv6 address has colons of its own.
    try:
        return address_subject(headers[VIEWER_ADDRESS_HEADER].rpartition(":")[0].strip("[]"))
    except (KeyError, ValueError):
        raise Forbidden("The request does not say where it comes from.", fix="Use the site's own address.") from None


def _is_same_origin(method: str, headers: Mapping[str, str], *, has_cookies: bool) -> None:
    """Refuse what another site made a browser send. Browsers always say where an unsafe request comes from."""
    if method in SAFE_METHODS:
        return
    origin, fetch_site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None:
        here = headers.get(VIEWER_HOST_HEADER, "").lower()
        foreign = not here or _host_of(origin) != here
    elif fetch_site is not None:
        foreign = fetch_site not in {"same-origin", "none"}
    else:
        # No browser: a program. It has no business with a person's cookies.
        foreign = has_cookies
    if foreign:
        raise Forbidden("The request comes from another site.", fix="Send it from the site itself.")


def _host_of(origin: str) -> str | None:
    """The host and port of an Origin header, None where it is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _raw_body(event: Mapping[str, Any], *, at_most: int) -> bytes:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise Malformed("The body cannot be decoded.") from None
    else:
        raw = body.encode("utf-8", "surrogatepass")
    if len(raw) > at_most:
        raise TooLarge(f"The body has {len(raw)} bytes.", fix=f"Send at most {at_most} bytes.")
    return raw


def _parse(raw: bytes, content_type: str) -> Any:
    as_json = content_type == JSON or content_type.endswith("+json")
    if content_type != FORM and not as_json:
        raise UnsupportedMedia(f"{content_type or 'No content type'} is not accepted.", fix=f"Send {JSON}.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is no UTF-8 text.", fix="Encode it as UTF-8.") from None
    return _json(text) if as_json else _form(text)


def _form(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise Malformed("The form cannot be read.", fix=f"Send at most {_MAX_FIELDS} fields, UTF-8 encoded.") from None
    return fields_of(pairs)


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A form's fields by name; Malformed where one is there twice."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise Malformed(f"The field {name[:40]!r} is there twice.")
        # A browser sends line ends as CR LF, and what a person typed with the spaces around it.
        fields[name] = value.replace("\r\n", "\n").strip()
    return fields


def _json(text: str) -> Any:
    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            raise ValueError("a key is there twice")
        return value

    def whole(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            raise ValueError(f"a number has more than {_MAX_DIGITS} digits")
        return int(digits)

    try:
        value = json.loads(text, parse_constant=no_constant, parse_int=whole, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Malformed(f"The body is no valid JSON: {reason}.") from None
    if _is_deep(value):
        raise Malformed(f"The body is nested more than {_MAX_DEPTH} levels deep.")
    if "\\u" in text:
        # An escape can stand for half a character, which no table, page or mail can hold.
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Malformed("The body has half a character in it.", fix="Encode it as UTF-8.") from None
    return value


def _is_deep(value: Any) -> bool:
    """Whether it is nested deeper than anything that reads it later could follow."""
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        holders = [one for one in level if isinstance(one, dict | list)]
        level = [part for one in holders for part in (one.values() if isinstance(one, dict) else one)]
        if not holders:
            return False
    return True
