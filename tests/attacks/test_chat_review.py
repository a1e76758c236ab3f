"""Disguises by which a word or a link gets past the review of the chat."""

import pytest

from lambdas.core.chat_review.content import clean
from lambdas.core.chat_review.rules import Rules, denial


@pytest.mark.parametrize(
    "text",
    [
        "buy sp\u115fam now",
        "buy sp\u1160am now",
        "buy sp\u3164am now",
        "buy sp\uffa0am now",
        "buy sp\u034f\ufe0f\U000e0061am now",
        "buy sp\u0430m now",
        "buy ѕрам now",
        "buy SΡΑΜ now",
        "buy s p \u0430 m now",
        "buy s\u200dp\u200ca\u00adm now",
    ],
)
def test_a_listed_word_is_seen_through_letters_that_look_alike_or_show_nothing(text: str) -> None:
    assert denial(clean(text), role="fan", rules=Rules({"words": ["spam"]})) == "words"


@pytest.mark.parametrize("text", ["evil.соm", "ехаmple.сom/x", "evil.c\u1160om", "wwԝ.evil.to"])
def test_a_link_is_seen_through_letters_that_look_alike_or_show_nothing(text: str) -> None:
    assert denial(clean(text), role="fan", rules=Rules({"links": "team"})) == "links"


@pytest.mark.parametrize(("listed", "text"), [("спам", "это спам, да"), ("σπαμ", "ΣΠΑΜ"), ("스팸", "이건 스팸 이다")])
def test_words_of_other_scripts_are_found_as_they_are_listed(listed: str, text: str) -> None:
    rules = Rules({"words": [listed]})
    assert denial(text, role="fan", rules=rules) == "words"
    assert denial("это не то", role="fan", rules=rules) == ""
