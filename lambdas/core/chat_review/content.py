"""What of a message is passed on: text that people can see, in one line."""

import unicodedata

LONGEST = 500
"""Code points, as IVS Chat has it."""

_LINE_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
# Overrides and embeddings, isolates: they turn around what stands after them, other people's lines included. The marks U+200E
# and U+200F stay: Hebrew and Arabic need them.
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
# Joiners (U+200C, U+200D) stay: Persian and emoji need them.
_UNSEEN = "\u00ad\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\ufff9\ufffa\ufffb"
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing."""

_TABLE: dict[int, str | None] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))),
    **dict.fromkeys(map(ord, _BIDI + _UNSEEN)),
    **dict.fromkeys(map(ord, _LINE_BREAKS), " "),
}


def clean(text: str) -> str:
    """The text without control characters, bidirectional overrides, unseen characters and halves of characters."""
    return text.translate(_TABLE).encode("utf-8", "ignore").decode("utf-8").strip()


def is_visible(text: str) -> bool:
    """Whether there is anything to see."""
    return any(character not in _BLANK and unicodedata.category(character)[0] in "LNPS" for character in text)
