"""A room's rules, and what they say to a message. The moment somebody last wrote, mutes and bans are the store's."""

from collections.abc import Mapping
from typing import Any

from lambdas.core.chat_review.content import LONGEST, is_visible
from lambdas.core.chat_review.links import has_link
from lambdas.core.chat_review.words import WordList

TEAM = "team"
MEMBER = "member"


class Rules:
    """A room's rules, as its row of the table says them; nothing said is no rule."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.slow_seconds = max(0, int(row.get("slow_seconds", 0)))
        self.members_only = bool(row.get("members_only", False))
        self.links = str(row.get("links", "everyone"))
        self.words = WordList(row.get("words", ()))


def denial(text: str, *, role: str, rules: Rules) -> str:
    """Why the room does not take a message that was cleaned: "empty", "long", "members", "links", "words"; "" where it does."""
    if not is_visible(text):
        return "empty"
    if len(text) > LONGEST:
        return "long"
    if role == TEAM:
        return ""
    if rules.members_only and role != MEMBER:
        return "members"
    if not (rules.links == "everyone" or (rules.links == "members" and role == MEMBER)) and has_link(text):
        return "links"
    return "words" if rules.words.finds(text) else ""
