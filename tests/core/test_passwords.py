import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.passwords import LEAST, fault, normalised


def code(password: str, email: str = "mira@example.com") -> str | None:
    found = fault(password, email=email)
    return found.code if found else None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "missing"),
        ("short", "too_short"),
        ("x" * 300, "too_long"),
        (" blank before", "surrounding_space"),
        ("blank after ", "surrounding_space"),
        ("tab\tinside it", "control_characters"),
        ("null\0inside it", "control_characters"),
        ("1234567890", "password_common"),
        ("Passwort123", "password_common"),
        ("QWERTZUIOP", "password_common"),
        ("aaaaaaaaaaaaaaaa", "password_common"),
        ("ababababababab", "password_common"),
        ("hellohello", "password_common"),
        ("mira@example.com", "password_is_email"),
        ("MIRA@example.COM", "password_is_email"),
        ("four words of mine", None),
        ("Straße über Grün", None),
        ("kf83-Lq_2z", None),
    ],
)
def test_a_password_is_refused_for_what_makes_it_easy_to_guess_and_for_nothing_else(
    password: str, expected: str | None
) -> None:
    assert code(password) == expected


def test_a_mailbox_with_some_digits_is_the_address_too() -> None:
    assert code("mira.lichtblau1999", "mira.lichtblau@example.com") == "password_is_email"
    assert code("mira.lichtblau1999", "someone.else@example.com") is None
    assert code("an ordinary one", "") is None


def test_the_fault_is_about_the_field_that_was_asked_for_and_never_says_the_password() -> None:
    found = fault("qwertyuiop", email="", field="new_password")
    assert found is not None
    assert found.path == "new_password"
    assert "qwerty" not in f"{found}"


def test_two_keyboards_write_the_same_password() -> None:
    assert normalised("Caf\u00e9 am Abend") == normalised("Cafe\u0301 am Abend")


@given(st.text(max_size=300))
def test_whatever_is_typed_is_judged_alike_however_it_was_composed(text: str) -> None:
    assert code(text) == code(normalised(text))
    if code(text) is None:
        assert len(normalised(text)) >= LEAST


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=5), st.integers(2, 20))
def test_something_short_over_and_over_is_no_password(part: str, times: int) -> None:
    assert code(part * times) is not None
