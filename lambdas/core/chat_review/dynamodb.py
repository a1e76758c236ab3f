"""DynamoDB by the standard library: two calls, signed (Signature Version 4), over one connection that is kept.

botocore would take longer to start than IVS Chat waits.
"""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 1.0
"""Nobody waits for an answer for longer than a fifth of that; a laptop's room does, and says so."""

_JSON = "application/x-amz-json-1.0"
_SIGNED = "content-type;host;x-amz-date;x-amz-target"


class ConditionFailed(Exception):
    """The condition of an update did not hold; `item` is the row as it is, as plain values, {} where there is none.

    `repeated` says that the update was sent a second time as the first one's answer was lost: the row may be its own work.
    """

    def __init__(self, item: Mapping[str, Any], *, repeated: bool) -> None:
        super().__init__("the condition did not hold")
        self.item = item
        self.repeated = repeated


class DynamoDBFailed(Exception):
    """DynamoDB answered with an error, of which this is the name."""


class DynamoDB:
    """One region's tables, with the credentials of the environment that it is made from.

    `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL` name another place, `PRISM_REVIEW_SECONDS` another time to wait for an
    answer. Threads may share it: a connection is one thread's
    at a time.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._region = environ["AWS_REGION"]
        self._key_id = environ["AWS_ACCESS_KEY_ID"]
        self._secret = environ["AWS_SECRET_ACCESS_KEY"]
        self._token = environ.get("AWS_SESSION_TOKEN", "")
        named = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
        endpoint = urlsplit(named or f"https://dynamodb.{self._region}.amazonaws.com")
        self._host = endpoint.netloc
        self._path = endpoint.path.rstrip("/") + "/"
        self._tls = _tls() if endpoint.scheme == "https" else None
        self._seconds = float(environ.get("PRISM_REVIEW_SECONDS", TIMEOUT_SECONDS))
        self._idle: list[http.client.HTTPConnection] = []
        self._signing: tuple[str, bytes] = ("", b"")

    def close(self) -> None:
        """Let go of the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def get(self, table: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row as it is now, as plain values; {} where there is none."""
        answer = self._call("GetItem", {"TableName": table, "Key": _typed(key), "ConsistentRead": True})
        return _plain(answer.get("Item", {}))

    def update(
        self, table: str, key: Mapping[str, Any], *, update: str, condition: str, values: Mapping[str, Any]
    ) -> None:
        """Change one row, or make it, where the condition holds; ConditionFailed has the row where it does not."""
        request = {
            "TableName": table,
            "Key": _typed(key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": _typed(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        self._call("UpdateItem", request)

    def _call(self, operation: str, request: Mapping[str, Any]) -> Any:
        body = json.dumps(request).encode()
        status, answer, repeated = self._send(self._headers(operation, body), body)
        told = json.loads(answer)
        if status == 200:
            return told
        name = str(told.get("__type", status)).rpartition("#")[2]
        if name == "ConditionalCheckFailedException":
            raise ConditionFailed(_plain(told.get("Item", {})), repeated=repeated)
        raise DynamoDBFailed(name)

    def _send(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, bool]:
        """The answer; a kept connection that the other side has closed meanwhile is made anew, once, which the third says."""
        connection = self._idle.pop() if self._idle else self._connection()
        kept = connection.sock is not None
        try:
            status, answer = _exchange(connection, self._path, headers, body)
            repeated = False
        except ConnectionError:
            if not kept:
                raise
            status, answer = _exchange(connection, self._path, headers, body)
            repeated = True
        self._idle.append(connection)
        return status, answer, repeated

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls:
            return http.client.HTTPSConnection(self._host, timeout=self._seconds, context=self._tls)
        return http.client.HTTPConnection(self._host, timeout=self._seconds)

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        """The request's headers with its signature, as "Create a signed AWS API request" of the IAM User Guide has it."""
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {
            "content-type": _JSON,
            "host": self._host,
            "x-amz-date": moment,
            "x-amz-target": f"DynamoDB_20120810.{operation}",
        }
        signed = _SIGNED
        if self._token:
            headers["x-amz-security-token"] = self._token
            signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
        lines = "".join(f"{name}:{headers[name]}\n" for name in signed.split(";"))
        canonical = f"POST\n{self._path}\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{moment[:8]}/{self._region}/dynamodb/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.new(
            self._key_of(moment[:8]), f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), "sha256"
        ).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._key_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        return headers

    def _key_of(self, day: str) -> bytes:
        """The signing key of a day."""
        if self._signing[0] != day:
            key = f"AWS4{self._secret}".encode()
            for part in (day, self._region, "dynamodb", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._signing = (day, key)
        return self._signing[1]


def _tls() -> Any:
    import ssl

    return ssl.create_default_context()


def _exchange(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """One request and its answer, after which the connection is kept; it is closed where anything goes wrong."""
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except BaseException:
        connection.close()
        raise


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Strings and whole numbers in DynamoDB's JSON."""
    return {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in values.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row's strings, numbers, truths and lists; what has another type is left out."""
    plain = {name: _value(*next(iter(typed.items()))) for name, typed in item.items()}
    return {name: value for name, value in plain.items() if value is not None}


def _value(kind: str, value: Any) -> Any:
    match kind:
        case "S" | "BOOL" | "SS":
            return value
        case "N":
            return float(value)
        case "L":
            return [_value(*next(iter(each.items()))) for each in value]
    return None
