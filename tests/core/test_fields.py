import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import validator_for
from pydantic import BaseModel, ValidationError

from lambdas.features.contact.message import ContactMessage

GOOD = {"name": "A Fan", "email": "fan@fans.example", "message": "Ten letters at least."}
_schema = validator_for(ContactMessage.model_json_schema())


def _accepted(model: type[BaseModel], data: object) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


@given(
    field=st.sampled_from(["name", "email", "subject", "message"]),
    text=st.text(max_size=140) | st.text(alphabet="ab@.-\n\t \u202e\x00", max_size=40) | st.emails(),
)
def test_what_the_schema_says_is_what_is_accepted(field: str, text: str) -> None:
    data = GOOD | {field: text}
    assert _accepted(ContactMessage, data) is _schema.is_valid(data)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "missing"),
        ("name", "   ", "missing"),
        ("name", "x" * 81, "too_long"),
        ("name", "two\nlines", "control_characters"),
        ("name", "turned \u202e round", "control_characters"),
        ("name", " padded", "surrounding_space"),
        ("email", "", "missing"),
        ("email", "nobody", "invalid_email"),
        ("email", "a@b", "invalid_email"),
        ("email", "a@b.example\nBcc: c@d.example", "invalid_email"),
        ("email", "a..b@c.example", "invalid_email"),
        ("email", "=?utf-8?q?=0D=0ABcc=3Aall=40fans.example?=@c.example", "invalid_email"),
        ("message", "short", "too_short"),
        ("name", "half \ud800 a character", "control_characters"),
        ("message", "half a character \udfff", "control_characters"),
        ("message", "null \x00 in the middle", "control_characters"),
    ],
)
def test_each_fault_has_its_code(field: str, value: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ContactMessage.model_validate(GOOD | {field: value})
    assert [(e["loc"], e["type"]) for e in refused.value.errors()] == [((field,), code)]
