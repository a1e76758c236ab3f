"""A creator's two colours become every colour of their site, checked for contrast and mended where needed.

Lightness is changed in OKLCH, where a step looks the same in every hue and the hue stays. Matrices
and cube roots: Björn Ottosson, "A perceptual color space for image processing" (2020). Contrast and
relative luminance: WCAG 2.2.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from lambdas.core.creator import Brand
from lambdas.core.errors import FieldError, Invalid

TEXT_CONTRAST = 4.5
"""WCAG 1.4.3, text of any size."""

UI_CONTRAST = 3.0
"""WCAG 1.4.11, what is needed to see a control."""

LARGEST_SHIFT = 0.25
"""A colour moved further than this in OKLab lightness (0 black, 1 white) is no longer the creator's:
navy would have become sky blue. Measured on named colours; yellow to mustard (0.22) is just inside."""

SMALLEST_DIFFERENCE = 0.10
"""Primary and accent nearer than this in OKLab read as one colour; side by side, 0.02 is just noticeable."""

LARGEST_GRADIENT_SHIFT = 0.15
"""Where the gradient's ends would have to move further for one text colour to suit both, it is made of the primary alone."""

WHITE, INK = "#FFFFFF", "#121212"
_STEP = 1 / 400
_TINT_ON_DARK = 0.72

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Every colour of one theme. A field is the CSS custom property of its name, `_` written `-`.

    Text colours keep 4.5:1 on `page`, `raised`, `overlay` and `wash`; `edge` and `accent` 3:1.
    """

    page: str
    raised: str
    overlay: str
    wash: str
    line: str
    edge: str
    text: str
    muted: str
    primary: str
    primary_hover: str
    on_primary: str
    accent: str
    accent_hover: str
    on_accent: str
    tint: str
    accent_tint: str
    focus: str
    success: str
    warning: str
    danger: str
    prism: str
    prism_deep: str
    on_prism_deep: str

    @property
    def surfaces(self) -> tuple[str, ...]:
        """What text may stand on."""
        return (self.page, self.raised, self.overlay, self.wash)

    def tokens(self) -> dict[str, str]:
        """The CSS custom properties: {"--on-accent": "#121212", …}."""
        return {"--" + name.replace("_", "-"): value for name, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Both themes, and in plain words what was changed so that everyone can read them."""

    dark: Theme
    light: Theme
    notes: tuple[str, ...]


class ContrastCannotBeMended(Invalid):
    """A colour that readable text or a visible button would take too far from the creator's own.

    `colour` is the one at fault, `fields[0].path` where it stands, `fix` names one that works. `reason` is
    what is wrong with it in the `theme`, and `suggestion` the nearest colour that is not; both are empty
    where it is "alike": it cannot be told apart from the other one.
    """

    code = "contrast"
    title = "A colour of the brand cannot be made readable"

    def __init__(
        self,
        message: str,
        *,
        path: str,
        colour: str,
        fix: str,
        reason: Literal["too_light", "too_dark", "alike"] = "alike",
        theme: "ThemeName | Literal['']" = "",
        suggestion: str = "",
    ) -> None:
        super().__init__(message, fix=fix, fields=(FieldError(path=path, code=self.code, message=message),))
        self.colour = colour
        self.reason = reason
        self.theme = theme
        self.suggestion = suggestion


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What the brand does not change in a theme: PRISM's own neutrals and status colours."""

    name: ThemeName
    page: str
    raised: str
    overlay: str
    line: str
    edge: str
    text: str
    muted: str
    success: str
    warning: str
    danger: str
    wash_lightness: float
    wash_chroma: float


_DARK = _Ground(
    name="dark",
    page="#121212",
    raised="#1B1B1F",
    overlay="#242429",
    line="rgb(255 255 255 / .09)",
    edge="#817B8C",
    text="#F6F4F9",
    muted="#B8B2C2",
    success="#3DD68C",
    warning="#FFC24B",
    danger="#FF6B6B",
    wash_lightness=0.24,
    wash_chroma=0.05,
)
_LIGHT = _Ground(
    name="light",
    page="#FBFAFD",
    raised="#FFFFFF",
    overlay="#FFFFFF",
    line="rgb(23 19 29 / .10)",
    edge="#7B7487",
    text="#17131D",
    muted="#5A5366",
    success="#0A6B3D",
    warning="#7A4F00",
    danger="#B3261E",
    wash_lightness=0.95,
    wash_chroma=0.03,
)


def palette(brand: Brand) -> Palette:
    """All colours of a creator's site, in both themes.

    ContrastCannotBeMended where a theme that visitors see (`brand.theme`) would need a colour too
    far from the creator's, or where primary and accent look the same.
    """
    _tell_apart(brand, brand.primary, brand.accent)
    changes: dict[tuple[str, str, str, str], list[str]] = {}
    dark = _theme(brand, _DARK, changes, seen=brand.theme != "light")
    light = _theme(brand, _LIGHT, changes, seen=brand.theme != "dark")
    notes = tuple(
        f"{path} {given} is shown as {shown} in {' and '.join(f'the {theme} theme' for theme in themes)}: {reason}."
        for (path, given, shown, reason), themes in changes.items()
    )
    return Palette(dark=dark, light=light, notes=notes)


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours: 1 (the same) to 21 (black and white)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def difference(one: str, other: str) -> float:
    """Delta E OK: the distance of two colours in OKLab."""
    return math.dist(_oklab(one), _oklab(other))


def lightness(colour: str) -> float:
    """OKLab lightness: 0 black, 1 white."""
    return _oklab(colour)[0]


def _theme(brand: Brand, ground: _Ground, changes: dict[tuple[str, str, str, str], list[str]], *, seen: bool) -> Theme:
    """One theme; `changes` is told what was mended in it. Only a theme that is `seen` may refuse a colour."""
    _, primary_chroma, hue = _oklch(brand.primary)
    wash = _from_oklch(ground.wash_lightness, min(ground.wash_chroma, primary_chroma), hue)
    surfaces = (ground.page, ground.raised, ground.overlay, wash)

    def readable(colour: str) -> bool:
        return all(contrast(colour, surface) >= TEXT_CONTRAST for surface in surfaces)

    def visible(colour: str) -> bool:
        return all(contrast(colour, surface) >= UI_CONTRAST for surface in surfaces)

    primary = _mended(brand.primary, lambda colour: _text_on(colour) is not None)
    accent = _mended(brand.accent, lambda colour: _text_on(colour) is not None and visible(colour))
    for path, given, shown, reason in (
        ("brand.primary", brand.primary, primary, "text on it needs a contrast of 4.5:1"),
        ("brand.accent", brand.accent, accent, "a button needs 3:1 against the page and 4.5:1 for its text"),
    ):
        if seen and shown != given:
            _keep_near(path, given, shown, ground.name, reason)
            changes.setdefault((path, given, shown, reason), []).append(ground.name)
    if seen:
        _tell_apart(brand, primary, accent)

    tint = _mended(_lifted(brand.primary) if ground is _DARK else brand.primary, readable)
    on_primary, on_accent = _text_on(primary) or WHITE, _text_on(accent) or WHITE
    deep_from, deep_to, on_deep = deep_gradient(primary, accent)
    return Theme(
        page=ground.page,
        raised=ground.raised,
        overlay=ground.overlay,
        wash=wash,
        line=ground.line,
        edge=ground.edge,
        text=ground.text,
        muted=ground.muted,
        primary=primary,
        primary_hover=_hover(primary, on_primary),
        on_primary=on_primary,
        accent=accent,
        accent_hover=_hover(accent, on_accent),
        on_accent=on_accent,
        tint=tint,
        accent_tint=_mended(brand.accent, readable),
        focus=tint,
        success=ground.success,
        warning=ground.warning,
        danger=ground.danger,
        prism=f"linear-gradient(120deg, {primary}, {accent})",
        prism_deep=f"linear-gradient(120deg, {deep_from}, {deep_to})",
        on_prism_deep=on_deep,
    )


def _keep_near(path: str, given: str, shown: str, theme: ThemeName, reason: str) -> None:
    shift = abs(lightness(shown) - lightness(given))
    if shift <= LARGEST_SHIFT:
        return
    darker = lightness(shown) < lightness(given)
    other: ThemeName = "light" if theme == "dark" else "dark"
    raise ContrastCannotBeMended(
        f"{path} {given} is too {'light' if darker else 'dark'} for the {theme} theme: {reason}",
        path=path,
        colour=given,
        fix=f'choose a {"darker" if darker else "lighter"} colour such as "{shown}", or set brand.theme to {other}',
        reason="too_light" if darker else "too_dark",
        theme=theme,
        suggestion=shown,
    )


def _tell_apart(brand: Brand, primary: str, accent: str) -> None:
    if difference(primary, accent) >= SMALLEST_DIFFERENCE:
        return
    raise ContrastCannotBeMended(
        f"brand.accent {brand.accent} cannot be told apart from brand.primary {brand.primary}",
        path="brand.accent",
        colour=brand.accent,
        fix="choose an accent of another hue, or one much lighter or darker than the primary",
    )


def _text_on(fill: str) -> str | None:
    """White where it can be read on the fill, else ink, else None (a narrow band of middle greys and hues)."""
    return next((text for text in (WHITE, INK) if contrast(text, fill) >= TEXT_CONTRAST), None)


def _hover(fill: str, text: str) -> str:
    return _away(fill, text, step=0.04)


def _away(fill: str, text: str, *, step: float) -> str:
    """A step away from the text's lightness, so that contrast only grows; at the end of the scale the other way."""
    away = -1 if text == WHITE else 1
    start, chroma, hue = _oklch(fill)
    stepped = _from_oklch(start + away * step, chroma, hue)
    if difference(stepped, fill) < step / 2:
        stepped = _from_oklch(start - away * step * 1.5, chroma, hue)
    return stepped


def _lifted(colour: str) -> str:
    """The colour as a light on dark ground: the hue kept, bright enough to glow, a little less saturated."""
    start, chroma, hue = _oklch(colour)
    return colour if start >= _TINT_ON_DARK else _from_oklch(_TINT_ON_DARK, chroma * 0.88, hue)


def deep_gradient(primary: str, accent: str) -> tuple[str, str, str]:
    """Two ends of a gradient on which one text colour is readable all along, and that colour.

    The brand's own, moved as little as it takes; else shades of the primary.
    """
    flat = _text_on(primary) or WHITE
    choices = [(LARGEST_GRADIENT_SHIFT, primary, _away(primary, flat, step=0.1), flat)]
    for text in (WHITE, INK):

        def readable(colour: str, text: str = text) -> bool:
            return contrast(text, colour) >= TEXT_CONTRAST

        ends = _mended(primary, readable), _mended(accent, readable)
        # Luminance is convex in sRGB, so between two ends that are dark enough nothing is too light,
        # but between two that are light enough there may be something too dark.
        if all(map(readable, _between(*ends))):
            moved = max(abs(lightness(ends[0]) - lightness(primary)), abs(lightness(ends[1]) - lightness(accent)))
            choices.append((moved, *ends, text))
    _, start, end, text = min(choices)
    return start, end, text


def _between(start: str, end: str, steps: int = 16) -> Iterable[str]:
    one, other = _channels(start), _channels(end)
    for step in range(steps + 1):
        part = step / steps
        yield _hex(tuple(a + (b - a) * part for a, b in zip(one, other, strict=True)))


def _mended(colour: str, holds: Callable[[str], bool]) -> str:
    """The colour itself, or the nearest in lightness for which `holds`; hue kept, chroma as the gamut allows."""
    if holds(colour):
        return colour
    start, chroma, hue = _oklch(colour)
    for step in range(1, round(1 / _STEP) + 1):
        for candidate in (start + step * _STEP, start - step * _STEP):
            if 0 <= candidate <= 1 and holds(shade := _from_oklch(candidate, chroma, hue)):
                return shade
    raise AssertionError("black or white always holds")  # every rule here asks for one side of a contrast


def _channels(colour: str) -> tuple[float, float, float]:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def _hex(channels: Iterable[float]) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, c)) * 255):02X}" for c in channels)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _gamma(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else float(1.055 * channel ** (1 / 2.4) - 0.055)


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = map(_linear, _channels(colour))
    l = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)  # noqa: E741  (his names)
    m = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    s = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _oklch(colour: str) -> tuple[float, float, float]:
    light, a, b = _oklab(colour)
    return light, math.hypot(a, b), math.atan2(b, a)


def _linear_rgb(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )


def _from_oklch(light: float, chroma: float, hue: float) -> str:
    """The colour, its chroma reduced to what sRGB can show at this lightness and hue."""
    light = min(1.0, max(0.0, light))

    def shown(amount: float) -> bool:
        return all(-1e-4 <= channel <= 1 + 1e-4 for channel in _linear_rgb(light, amount, hue))

    if not shown(chroma):
        low, high = 0.0, chroma
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (middle, high) if shown(middle) else (low, middle)
        chroma = low
    return _hex(_gamma(max(0.0, channel)) for channel in _linear_rgb(light, chroma, hue))
