"""Where someone goes on after signing in: what they were interrupted in, and never another site."""

HOME = "/account/"
LONGEST = 500

_FORBIDDEN = frozenset(map(chr, (*range(0x21), 0x5C, 0x7F)))
"""Blanks, controls and the backslash: browsers drop the first two from an address and read the last as a slash."""


def safe(asked: str) -> str:
    """The address asked for, where it is a path on this site by every browser's reading; else the account's home.

    One slash at the start and none beside another, at most 500 characters of ASCII, no dot segments.
    """
    path = asked.partition("?")[0].partition("#")[0]
    if (
        not asked.startswith("/")
        or len(asked) > LONGEST
        or "//" in path
        or not asked.isascii()
        or not _FORBIDDEN.isdisjoint(asked)
        or not {".", ".."}.isdisjoint(_segments(path))
    ):
        return HOME
    return asked


def without_language(path: str, *, locale: str) -> str:
    """The address without the language that will be put in front of it again: /de/account/ is /account/ in German."""
    prefix = f"/{locale}/"
    return path.removeprefix(prefix[:-1]) if path.startswith(prefix) else path


def _segments(path: str) -> list[str]:
    """The path's parts, with dots as browsers read them: %2e is one too."""
    return path.lower().replace("%2e", ".").split("/")
