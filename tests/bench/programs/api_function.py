"""The `api` function, started and asked once. Arguments: the origin secret, and a file for the modules that were loaded."""

import json
import sys

from lambdas.handlers.api import handler

loaded_at_import = sorted(sys.modules)
PATH = "/api/contact/token"
answer = handler(
    {
        "version": "2.0",
        "routeKey": "ANY /api/{proxy+}",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": {
            "x-prism-origin": sys.argv[1],
            "x-prism-host": "tester.example",
            "cloudfront-viewer-address": "203.0.113.7:40000",
        },
        "requestContext": {
            "requestId": "benchmark-1",
            "stage": "$default",
            "http": {"method": "GET", "path": PATH, "sourceIp": "130.176.0.1", "userAgent": "bench"},
        },
        "isBase64Encoded": False,
    },
    None,
)
assert answer["statusCode"] == 200, answer
assert json.loads(answer["body"])["token"], answer
if len(sys.argv) > 2:
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump({"import": loaded_at_import, "request": sorted(sys.modules)}, file)
