"""Every language says the same things, with the same values."""

from pathlib import Path

import pytest

from frontend_template.render import ROOT
from frontend_template.texts import Texts, placeholders
from lambdas.core.creator import LOCALES
from lambdas.features.registry import FEATURES

AREAS = sorted(path.name for path in (ROOT / "locales").iterdir() if path.is_dir())
TEXTS = Texts((ROOT,))


@pytest.mark.parametrize("area", AREAS)
def test_every_language_has_the_same_keys_and_placeholders(area: str) -> None:
    first, *others = ({key: placeholders(text) for key, text in TEXTS.keys(area, locale).items()} for locale in LOCALES)
    assert first
    for other in others:
        assert other == first


def test_texts_belong_to_a_feature_or_to_all() -> None:
    assert set(AREAS) <= {"common", *(feature.name for feature in FEATURES)}


@pytest.mark.parametrize("area", AREAS)
def test_no_text_is_empty_or_has_markup_of_its_own(area: str) -> None:
    for locale in LOCALES:
        for key, text in TEXTS.keys(area, locale).items():
            assert text.strip(), (locale, key)
            assert "<" not in text, (locale, key)


def test_every_page_in_the_navigation_has_its_name() -> None:
    for feature in FEATURES:
        for page in feature.pages:
            if page.nav:
                for locale in LOCALES:
                    assert f"{feature.name}.nav.{page.nav}" in TEXTS.keys(feature.name, locale)


def test_nothing_but_the_known_languages_is_there() -> None:
    found: set[Path] = set((ROOT / "locales").glob("*/*"))
    assert {path.name for path in found} == {f"{locale}.toml" for locale in LOCALES}
