"""The words of the site, by feature and language: `locales/<feature>/<locale>.toml`."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from lambdas.core.creator import Locale

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)\}")


class TextMissing(LookupError):
    """A key without a text, or a placeholder without a value."""


class Texts:
    """All texts of the roots; an area's file is read when its first text is asked for."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._area = cache(self._read_area)

    def say(self, key: str, locale: Locale, values: Mapping[str, Any]) -> str:
        """The text of `key` ("contact.errors.too_long") with its placeholders filled in.

        Markup where a value is markup: the text and the other values are escaped then. A table of
        plural forms is chosen from by `count`. TextMissing for an unknown key or a value not given.
        """
        area, _, _ = key.partition(".")
        texts = self._area(area, locale)
        if key not in texts and "count" in values:
            key = f"{key}.{_plural_form(locale, values['count'])}"
        if key not in texts:
            raise TextMissing(f"no text {key!r} in locales/{area}/{locale}.toml")
        return _filled(texts[key], values, key=key)

    def keys(self, area: str, locale: Locale) -> Mapping[str, str]:
        """Every text of an area in a language, by its full key."""
        return self._area(area, locale)

    def _read_area(self, area: str, locale: Locale) -> Mapping[str, str]:
        path = next((p for root in self._roots if (p := root / "locales" / area / f"{locale}.toml").is_file()), None)
        if path is None:
            raise TextMissing(f"there is no locales/{area}/{locale}.toml")
        try:
            return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), area))
        except tomllib.TOMLDecodeError as fault:
            raise TextMissing(f"locales/{area}/{locale}.toml cannot be read: {fault}") from None


def placeholders(text: str) -> frozenset[str]:
    """The names in braces: what a text must be given."""
    return frozenset(match[1] for match in _PLACEHOLDER.finditer(text) if match[1])


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{prefix}.{name}"
        found += _flat(value, key) if isinstance(value, dict) else [(key, str(value))]
    return found


def _filled(text: str, values: Mapping[str, Any], *, key: str) -> str:
    rich = any(isinstance(value, Markup) for value in values.values())

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        if name not in values:
            raise TextMissing(f"the text {key!r} needs a value for {{{name}}}")
        return str(escape(values[name])) if rich else str(values[name])

    # Braces and names survive escaping, so the text may be escaped first.
    filled = _PLACEHOLDER.sub(fill, str(escape(text)) if rich else text)
    return Markup(filled) if rich else filled  # noqa: S704  (all of it escaped above)


def _plural_form(locale: Locale, count: int) -> str:
    from babel import Locale as BabelLocale

    return BabelLocale(locale).plural_form(count)
