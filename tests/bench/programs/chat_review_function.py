"""The `chat_review` function, started and asked once."""

from lambdas.handlers.chat_review import handler

answer = handler(
    {
        "Content": "hello",
        "MessageId": "a1b2c3d4e5f6",
        "RoomArn": "arn:aws:ivschat:eu-central-1:123456789012:room/a1b2c3d4e5f6",
        "Attributes": {},
        "Sender": {"UserId": "per_1", "Attributes": {"role": "fan"}, "Ip": "203.0.113.7"},
    },
    None,
)
assert answer["ReviewResult"] == "ALLOW", answer
