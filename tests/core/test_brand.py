"""Every colour of a site comes from two, and everyone can read what is written in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.brand import (
    INK,
    LARGEST_SHIFT,
    SMALLEST_DIFFERENCE,
    TEXT_CONTRAST,
    UI_CONTRAST,
    WHITE,
    ContrastCannotBeMended,
    Palette,
    Theme,
    contrast,
    difference,
    lightness,
    palette,
)
from lambdas.core.creator import Brand

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")
themes = st.sampled_from(["auto", "dark", "light"])


def assert_readable(theme: Theme) -> None:
    texts = ("text", "muted", "tint", "accent_tint", "focus", "success", "warning", "danger")
    for surface in theme.surfaces:
        for name in texts:
            assert contrast(getattr(theme, name), surface) >= TEXT_CONTRAST, (name, surface)
        for name in ("edge", "accent"):
            assert contrast(getattr(theme, name), surface) >= UI_CONTRAST, (name, surface)
    for fill in (theme.primary, theme.primary_hover):
        assert contrast(theme.on_primary, fill) >= TEXT_CONTRAST
    for fill in (theme.accent, theme.accent_hover):
        assert contrast(theme.on_accent, fill) >= TEXT_CONTRAST
    assert {theme.on_primary, theme.on_accent, theme.on_prism_deep} <= {WHITE, INK}


def palette_or_refusal(brand: Brand) -> Palette | ContrastCannotBeMended:
    try:
        return palette(brand)
    except ContrastCannotBeMended as refusal:
        return refusal


def stops(gradient: str) -> list[tuple[int, ...]]:
    return [
        tuple(int(stop[i : i + 2], 16) for i in (1, 3, 5))
        for stop in gradient.removeprefix("linear-gradient(120deg, ").removesuffix(")").split(", ")
    ]


@settings(max_examples=250, deadline=None)
@given(colours, colours, themes)
def test_every_brand_is_readable_in_both_themes_or_refused(primary: str, accent: str, theme: str) -> None:
    brand = Brand(primary=primary, accent=accent, theme=theme)  # type: ignore[arg-type]
    made = palette_or_refusal(brand)
    if isinstance(made, ContrastCannotBeMended):
        assert made.fix
        assert made.fields[0].path in {"brand.primary", "brand.accent"}
        assert made.colour in {brand.primary, brand.accent}
        return
    assert_readable(made.dark)
    assert_readable(made.light)


@settings(max_examples=100, deadline=None)
@given(colours, colours)
def test_text_is_readable_all_along_the_deep_gradient(primary: str, accent: str) -> None:
    try:
        made = palette(Brand(primary=primary, accent=accent))
    except ContrastCannotBeMended:
        return
    for theme in (made.dark, made.light):
        start, end = stops(theme.prism_deep)
        for step in range(17):
            between = "#" + "".join(f"{round(a + (b - a) * step / 16):02X}" for a, b in zip(start, end, strict=True))
            assert contrast(theme.on_prism_deep, between) >= TEXT_CONTRAST


@settings(max_examples=150, deadline=None)
@given(colours, colours)
def test_what_is_shown_is_still_the_creators_colour(primary: str, accent: str) -> None:
    try:
        made = palette(Brand(primary=primary, accent=accent))
    except ContrastCannotBeMended:
        return
    for theme in (made.dark, made.light):
        assert abs(lightness(theme.primary) - lightness(primary)) <= LARGEST_SHIFT
        assert abs(lightness(theme.accent) - lightness(accent)) <= LARGEST_SHIFT
        assert difference(theme.primary, theme.accent) >= SMALLEST_DIFFERENCE


def test_the_default_brand_is_what_the_designer_chose() -> None:
    made = palette(Brand())
    assert made.notes == ()
    dark = made.dark
    assert (dark.page, dark.raised, dark.overlay) == ("#121212", "#1B1B1F", "#242429")
    assert (dark.primary, dark.on_primary) == ("#6A0DAD", "#FFFFFF")
    assert (dark.accent, dark.on_accent) == ("#FF1493", "#121212")
    assert dark.prism == "linear-gradient(120deg, #6A0DAD, #FF1493)"
    # The designer's own tint was picked by eye; the derived one is beside it.
    assert difference(dark.tint, "#C77DFF") < 0.04
    assert (made.light.page, made.light.text, made.light.tint) == ("#FBFAFD", "#17131D", "#6A0DAD")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#6A0DAD", "#121212", 2.03),
        ("#FFFFFF", "#FF1493", 3.64),
        ("#777777", "#777777", 1.0),
    ],
)
def test_contrast_is_wcags(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(one, other) == contrast(other, one)


def test_a_colour_is_mended_no_further_than_needed_and_said_in_plain_words() -> None:
    made = palette(Brand(primary="#0B3D2E", accent="#FFD400"))
    assert made.dark.accent == "#FFD400"
    shown = made.light.accent
    assert shown != "#FFD400"
    assert made.notes == (
        f"brand.accent #FFD400 is shown as {shown} in the light theme: "
        "a button needs 3:1 against the page and 4.5:1 for its text.",
    )
    nearest = min(contrast(shown, surface) for surface in made.light.surfaces)
    assert UI_CONTRAST <= nearest < UI_CONTRAST * 1.02


def test_the_same_mend_in_both_themes_is_said_once() -> None:
    made = palette(Brand(primary="#1877F2", accent="#E10600"))
    assert len(made.notes) == 1
    assert "in the dark theme and the light theme" in made.notes[0]


@pytest.mark.parametrize(
    ("accent", "theme", "blamed"),
    [
        ("#000000", "auto", "dark"),
        ("#0B1E5B", "dark", "dark"),
        ("#FFFFFF", "auto", "light"),
        ("#FFFF00", "light", "light"),
    ],
)
def test_a_colour_that_would_become_another_is_refused_with_one_that_works(
    accent: str, theme: str, blamed: str
) -> None:
    with pytest.raises(ContrastCannotBeMended) as refused:
        palette(Brand(primary="#8A2BE2", accent=accent, theme=theme))  # type: ignore[arg-type]
    assert refused.value.fields[0].path == "brand.accent"
    assert refused.value.fields[0].code == "contrast"
    assert accent in refused.value.message
    assert f"the {blamed} theme" in refused.value.message
    proposed = refused.value.fix.split('"')[1]
    palette(Brand(primary="#8A2BE2", accent=proposed, theme=theme))  # type: ignore[arg-type]


def test_a_theme_that_nobody_sees_refuses_nothing() -> None:
    made = palette(Brand(primary="#6A0DAD", accent="#FFFF00", theme="dark"))
    assert made.dark.accent == "#FFFF00"
    assert made.notes == ()
    assert_readable(made.light)


@pytest.mark.parametrize(
    ("primary", "accent"), [("#6A0DAD", "#6A0DAD"), ("#808080", "#7A7A7A"), ("#0A2540", "#0B1E5B")]
)
def test_primary_and_accent_that_look_the_same_are_refused(primary: str, accent: str) -> None:
    with pytest.raises(ContrastCannotBeMended, match="cannot be told apart"):
        palette(Brand(primary=primary, accent=accent))


def test_tokens_are_css_custom_properties() -> None:
    tokens = palette(Brand()).dark.tokens()
    assert tokens["--on-accent"] == "#121212"
    assert all(name.startswith("--") and "_" not in name for name in tokens)


def test_two_colours_that_no_text_suits_give_a_gradient_of_the_first() -> None:
    theme = palette(Brand(primary="#0B3D2E", accent="#FFD400")).dark
    assert theme.prism == "linear-gradient(120deg, #0B3D2E, #FFD400)"
    assert theme.prism_deep.startswith("linear-gradient(120deg, #0B3D2E, #0")
    assert theme.on_prism_deep == WHITE
