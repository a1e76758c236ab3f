"""How colours look on the site, before they are saved: both themes, the contrasts, what was mended and what cannot be."""

from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from lambdas.core.brand import (
    TEXT_CONTRAST,
    UI_CONTRAST,
    ContrastCannotBeMended,
    Palette,
    Theme,
    ThemeName,
    contrast,
    palette,
)
from lambdas.core.creator import Brand

Reason = Literal["too_light", "too_dark", "alike"]

_OTHER_ACCENTS = ("#FF1493", "#E8590C", "#0CA678", "#1C7ED6", "#9C36B5", "#F59F00", "#C2255C")


class Contrast(NamedTuple):
    """Two colours that meet: what they are, how far apart, and how far they must be."""

    what: str
    one: str
    other: str
    ratio: float
    needed: float


class Mended(NamedTuple):
    """A colour that the site shows a little lighter or darker in a theme, so that it can be read."""

    field: str
    theme: ThemeName
    given: str
    shown: str


class Refused(NamedTuple):
    """A colour that would have to change too much; `suggestion` is one that works, if there is a near one."""

    field: str
    reason: Reason
    theme: str
    suggestion: str


class Shown(NamedTuple):
    name: ThemeName
    theme: Theme
    seen: bool
    contrasts: tuple[Contrast, ...]


class Look(NamedTuple):
    """`themes` is empty where the colours cannot be shown: they are none, or `refused`."""

    themes: tuple[Shown, ...] = ()
    mended: tuple[Mended, ...] = ()
    refused: Refused | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "themes": [
                {
                    "name": shown.name,
                    "seen": shown.seen,
                    "colours": {
                        name: getattr(shown.theme, name)
                        for name in Theme.__dataclass_fields__
                        if not name.startswith("prism") and name != "line"
                    }
                    | dict(zip(("deep_start", "deep_end"), deep_ends(shown.theme), strict=True))
                    | {"on_deep": shown.theme.on_prism_deep},
                    "contrasts": [one._asdict() for one in shown.contrasts],
                }
                for shown in self.themes
            ],
            "mended": [one._asdict() for one in self.mended],
            "refused": self.refused._asdict() if self.refused else None,
        }


def look(primary: str, accent: str, theme: str) -> Look:
    """How these would look; nothing to show for what is no colour or no theme."""
    try:
        brand = Brand.model_validate({"primary": primary, "accent": accent, "theme": theme})
    except ValidationError:
        return Look()
    try:
        made = palette(brand)
    except ContrastCannotBeMended as error:
        field = error.fields[0].path.removeprefix("brand.")
        return Look(refused=Refused(field, error.reason, error.theme, error.suggestion or _another(brand)))
    return Look(
        themes=(
            Shown("dark", made.dark, brand.theme != "light", _contrasts(made.dark)),
            Shown("light", made.light, brand.theme != "dark", _contrasts(made.light)),
        ),
        mended=tuple(_mended(brand, made)),
    )


def deep_ends(theme: Theme) -> tuple[str, str]:
    """The two colours of the gradient that text stands on."""
    _, start, end = theme.prism_deep.removesuffix(")").split(", ")
    return start, end


def _contrasts(theme: Theme) -> tuple[Contrast, ...]:
    pairs = (
        ("primary", theme.on_primary, theme.primary, TEXT_CONTRAST),
        ("accent", theme.on_accent, theme.accent, TEXT_CONTRAST),
        ("button", theme.accent, theme.page, UI_CONTRAST),
        ("links", theme.tint, theme.page, TEXT_CONTRAST),
    )
    # Cut, not rounded: 4.49 is not enough.
    return tuple(
        Contrast(what, one, other, int(contrast(one, other) * 10) / 10, need) for what, one, other, need in pairs
    )


def _mended(brand: Brand, made: Palette) -> list[Mended]:
    seen: list[tuple[ThemeName, Theme]] = []
    if brand.theme != "light":
        seen.append(("dark", made.dark))
    if brand.theme != "dark":
        seen.append(("light", made.light))
    return [
        Mended(field, name, given, shown)
        for name, theme in seen
        for field, given, shown in (("primary", brand.primary, theme.primary), ("accent", brand.accent, theme.accent))
        if given != shown
    ]


def _another(brand: Brand) -> str:
    """An accent that goes with the primary; empty where none of ours does."""
    for colour in _OTHER_ACCENTS:
        try:
            palette(brand.model_copy(update={"accent": colour}))
        except ContrastCannotBeMended:
            continue
        return colour
    return ""
