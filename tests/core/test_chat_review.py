"""What a chat message may not say, however it is disguised, and how long it takes to see that."""

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.chat_review.content import clean, is_visible
from lambdas.core.chat_review.links import has_link
from lambdas.core.chat_review.rules import Rules, denial
from lambdas.core.chat_review.words import WordList

LISTED = WordList(["spam", "ass", "god", "bullshit", "Größe", "*buzz*", "pre*", "*fix", "go away", "as if*"])


@pytest.mark.parametrize(
    "text",
    [
        "spam",
        "this is SPAM!",
        "ＳＰＡＭ",
        "śpäm",
        "sp\u200bam",
        "s p a m",
        "you s p a m mer",
        "s.p.a.m",
        "sp-am",
        "s_p_a_m",
        "spaaaam",
        "ssppaamm",
        "5p4m",
        "$p@m",
        "s p 4 m",
        "spam!!1!",
        "bu11shit",
        "asss",
        "größe",
        "GRÖẞE",
        "abuzzer",
        "prefix",
        "a suffix",
        "please go, away!",
        "g0 aw4y",
        "goaway",
        "g o a w a y",
        "as iffy",
    ],
)
def test_a_listed_word_is_found_in_disguise(text: str) -> None:
    assert LISTED.finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "good",
        "goods",
        "as",
        "a s",
        "glass",
        "class act",
        "spammer",
        "span",
        "fixed",
        "repress",
        "go far away",
        "no ago away",
        "100 5 4",
        "👍👍👍",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert not LISTED.finds(text)


def test_a_list_without_letters_finds_nothing() -> None:
    assert not WordList(["", "*", "**", "  ", "!?"]).finds("anything * at ! all")


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x",
        "see www.example",
        "example.com",
        "EXAMPLE.COM!",
        "(discord.gg/x)",
        "someone@example.de",
        "192.0.2.1:80",
        "192.0.2.1/x",
        "example[.]com",
        "example dot com",
        "exämple。com",
        "look:example.com/x",
        "example.museum/x",
        "xn--a.xn--p1ai",
        "exa\u200bmple.com",
    ],
)
def test_a_link_is_seen(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize(
    "text", ["", "hello.how are you", "z.B. das", "3.14", "1.5/2", "...", "and/or", "a.b.", "10:30", "v1.2.3", ":)"]
)
def test_what_only_has_dots_is_no_link(text: str) -> None:
    assert not has_link(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  hi \n", "hi"),
        ("a\tb\nc", "a b c"),
        ("a\x00\x1b[31mb\x7f", "a[31mb"),
        ("\u202eevil\u202c", "evil"),
        ("\u2066a\u2069", "a"),
        ("a\ud800b", "ab"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("👩‍👩‍👧 مرحبا می‌خواهم", "👩‍👩‍👧 مرحبا می‌خواهم"),
    ],
)
def test_what_turns_text_around_or_controls_it_is_taken_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("text", ["", " ", "\u3164", "\u2800\u2800", "\u200d", "\u0301"])
def test_what_nobody_sees_is_empty(text: str) -> None:
    assert not is_visible(text)


@pytest.mark.parametrize(
    ("row", "role", "text", "reason"),
    [
        ({}, "fan", "hi", ""),
        ({}, "fan", " ", "empty"),
        ({}, "team", "", "empty"),
        ({}, "team", "x" * 501, "long"),
        ({}, "fan", "𝕏" * 500, ""),
        ({"members_only": True}, "fan", "hi", "members"),
        ({"members_only": True}, "", "hi", "members"),
        ({"members_only": True}, "guest", "hi", "members"),
        ({"members_only": True}, "member", "hi", ""),
        ({"links": "everyone"}, "fan", "example.com", ""),
        ({"links": "members"}, "fan", "example.com", "links"),
        ({"links": "members"}, "member", "example.com", ""),
        ({"links": "team"}, "member", "example.com", "links"),
        ({"links": "of another age"}, "member", "example.com", "links"),
        ({"words": ["spam"]}, "member", "s p a m", "words"),
        ({"members_only": True, "links": "team", "words": ["spam"]}, "team", "spam at example.com", ""),
    ],
)
def test_the_rooms_rules(row: dict[str, object], role: str, text: str, reason: str) -> None:
    assert denial(text, role=role, rules=Rules(row)) == reason


any_text = st.text(max_size=500) | st.text(st.sampled_from("ab .\u200b\u0301*!1@5ﷺ"), max_size=500)


@settings(deadline=None)
@given(text=any_text, words=st.lists(st.text(max_size=10), max_size=20))
def test_nothing_that_is_typed_or_listed_makes_it_fail(text: str, words: list[str]) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert denial(cleaned, role="fan", rules=Rules({"words": words, "links": "team"})) in {
        "",
        "empty",
        "links",
        "words",
    }


@settings(deadline=None)
@given(
    word=st.text(st.sampled_from("abcdefghijklmnop"), min_size=3, max_size=8),
    between=st.sampled_from(["", " ", ".", "-", "\u200b", " . "]),
    before=st.sampled_from(["", "well, "]),
)
def test_a_word_is_found_however_its_letters_are_set_apart(word: str, between: str, before: str) -> None:
    assert WordList([word]).finds(before + between.join(word) + " !")


def _steps(work: Callable[[], object]) -> int:
    """How many lines of Python it takes: a number that no other work on the machine changes."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "piece", ["a", "a ", "ab", "a.", "1", "s p ", "\ufdfa", "㌕", "buzz", "x.co", "http://", "@", "aab"]
)
def test_the_work_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    rules = Rules(
        {"words": [*(f"word{n}" for n in range(50)), "*aab*", "*aba", "aaa*", "buz", "a b c", "x co"], "links": "team"}
    )

    def work(repeats: int) -> int:
        text = piece * repeats
        # Beyond the 500 code points that a message has, to see the growth.
        return _steps(lambda: (rules.words.finds(text), has_link(text), clean(text)))

    assert work(1600) <= 2.4 * work(800)


def test_a_long_list_costs_no_more_than_a_short_one() -> None:
    text = "the quick brown fox " * 25
    short, long = (WordList(f"word{n:05}x" for n in range(size)) for size in (10, 2000))
    assert _steps(lambda: long.finds(text)) <= 1.5 * _steps(lambda: short.finds(text))
