"""Texts are found, filled in and escaped; what is missing is an error that names it."""

from pathlib import Path

import pytest
from markupsafe import Markup

from frontend_template.texts import TextMissing, Texts, placeholders
from tests.frontend_template.small_site import SMALL_ROOT

TEXTS = Texts((SMALL_ROOT,))


def test_a_text_is_in_the_language_asked_for() -> None:
    assert TEXTS.say("contact.title", "en", {"name": "Mara"}) == "Write to Mara"
    assert TEXTS.say("contact.title", "de", {"name": "Mara"}) == "Schreib Mara"
    assert TEXTS.say("contact.nav.contact", "de", {}) == "Kontakt"


@pytest.mark.parametrize(("count", "said"), [(0, "0 Felder"), (1, "Ein Feld"), (2, "2 Felder")])
def test_the_plural_form_is_the_languages(count: int, said: str) -> None:
    assert TEXTS.say("contact.waiting", "de", {"count": count}) == said


def test_doubled_braces_are_braces() -> None:
    assert TEXTS.say("contact.braces", "en", {}) == "Write {name} for your name"
    assert placeholders("{a} and {{b}}, {c}") == {"a", "c"}


@pytest.mark.parametrize(
    ("key", "names"),
    [("contact.nothing", "contact.nothing"), ("nowhere.title", "locales/nowhere/en.toml"), ("contact.title", "{name}")],
)
def test_what_is_missing_is_named(key: str, names: str) -> None:
    with pytest.raises(TextMissing, match=names.replace("{", r"\{")):
        TEXTS.say(key, "en", {})


def test_markup_as_a_value_is_kept_and_all_else_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "locales" / "rich"
    folder.mkdir(parents=True)
    (folder / "en.toml").write_text('agree = "I & {who} read {link}."')
    said = Texts((tmp_path,)).say("rich.agree", "en", {"who": "<b>", "link": Markup('<a href="/">it</a>')})
    assert said == Markup('I &amp; &lt;b&gt; read <a href="/">it</a>.')
    assert isinstance(said, Markup)


def test_a_value_cannot_name_another_value() -> None:
    assert TEXTS.say("contact.title", "en", {"name": "{count} {0.__class__}"}) == "Write to {count} {0.__class__}"


def test_the_first_root_that_has_an_area_wins(tmp_path: Path) -> None:
    folder = tmp_path / "locales" / "contact"
    folder.mkdir(parents=True)
    (folder / "en.toml").write_text('sent = "Off it went"')
    texts = Texts((tmp_path, SMALL_ROOT))
    assert texts.say("contact.sent", "en", {}) == "Off it went"
    assert texts.say("contact.sent", "de", {}) == "Gesendet"


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "locales" / "broken"
    folder.mkdir(parents=True)
    (folder / "en.toml").write_text("title = ")
    with pytest.raises(TextMissing, match=r"locales/broken/en\.toml cannot be read"):
        Texts((tmp_path,)).say("broken.title", "en", {})
