"""What the functions answer, made smaller: CloudFront compresses what it may cache, and nothing of this is that."""

import re
from collections.abc import Mapping
from typing import Any

_WORTH_IT = 1024
"""A smaller text fits into the first packets anyway."""


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether an Accept-Encoding header asks for it."""
    asked = headers.get("accept-encoding", "").lower()
    return "gzip" in asked and re.search(r"gzip *; *q=0(\.0*)? *(,|$)", asked) is None


def compressed(response: dict[str, Any]) -> dict[str, Any]:
    """The Lambda response (payload v2) with a text of some length gzipped, any other as it is.

    So is one that says `no-transform`: how well a secret compresses beside what somebody else chose tells of it (BREACH).
    """
    body = response.get("body") or ""
    told = response["headers"]
    if len(body) < _WORTH_IT or response.get("isBase64Encoded") or "content-encoding" in told:
        return response
    if "no-transform" in told.get("cache-control", ""):
        return response
    import base64
    import gzip  # both here: a program asks for little, and a start should not wait for them

    # No time in it: the same page gives the same bytes.
    packed = gzip.compress(body.encode(), compresslevel=6, mtime=0)
    headers = {**response["headers"], "content-encoding": "gzip", "vary": "accept-encoding"}
    return {**response, "headers": headers, "body": base64.b64encode(packed).decode(), "isBase64Encoded": True}
