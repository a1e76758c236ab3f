"""The measure of cold starts: what anyone's first Lambda function does. Argument: the table, with a key `subject`."""

import json
import sys
from typing import Any

import boto3

dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: None) -> dict[str, Any]:
    found = dynamodb.get_item(TableName=event["table"], Key={"subject": {"S": "nobody"}})
    return {"statusCode": 200, "body": json.dumps({"item": found.get("Item")})}


assert handler({"table": sys.argv[1]}, None)["statusCode"] == 200
