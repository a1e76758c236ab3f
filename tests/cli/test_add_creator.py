"""Adding a creator: a whole file, or one clear line and nothing written."""

from pathlib import Path

import pytest

from lambdas.features.creator_files import read_creator
from tests.cli.conftest import Prism


def test_three_words_make_a_creator_and_the_next_step_is_named(prism: Prism, home: Path) -> None:
    ran = prism("add-creator", "kasper", "Kasper", "kasper.example")
    assert (ran.status, ran.out) == (0, "creators/kasper.yaml is written: Kasper, kasper.example, eu-central-1.\n")
    assert "prism dev kasper" in ran.err
    creator = read_creator(home / "creators" / "kasper.yaml")
    assert (creator.name, creator.email) == ("Kasper", "hello@kasper.example")


def test_every_option_is_in_the_file(prism: Prism, home: Path) -> None:
    options = {
        "email": "k@kasper.example",
        "region": "us-west-2",
        "locale": "de",
        "currency": "CHF",
        "timezone": "Europe/Zurich",
        "brand-primary": "#004466",
        "brand-accent": "#FFB000",
        "theme": "dark",
        "features": "contact",
    }
    words = [word for option, value in options.items() for word in (f"--{option}", value)]
    assert prism("add-creator", "kasper", "Kasper", "kasper.example", *words).status == 0
    creator = read_creator(home / "creators" / "kasper.yaml")
    assert (creator.region, creator.locale, creator.currency, creator.timezone) == (
        "us-west-2",
        "de",
        "CHF",
        "Europe/Zurich",
    )
    assert creator.brand.model_dump(include={"primary", "accent", "theme"}) == {
        "primary": "#004466",
        "accent": "#FFB000",
        "theme": "dark",
    }


@pytest.mark.parametrize(("features", "enabled"), [("contact", True), ("", False), ("contact,", True)])
def test_features_switches_on_those_named_and_no_others(prism: Prism, features: str, enabled: bool) -> None:
    ran = prism("add-creator", "kasper", "Kasper", "kasper.example", "--features", features, "--json")
    assert ran.json["creator"]["features"]["contact"]["enabled"] is enabled


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("K!", "Kasper", "kasper.example"), "id cannot be 'K!'"),
        (("../etc", "Kasper", "kasper.example"), "id cannot be '../etc'"),
        (("kasper", "K" * 161, "kasper.example"), "shorten it to 160 characters"),
        (("kasper", "not UTF-8: \udcff", "kasper.example"), "Remove control characters"),
        (("prism", "Kasper", "kasper.example"), "'prism' is reserved"),
        (("nova", "Kasper", "kasper.example"), "the id 'nova' is taken: creators/nova.yaml exists"),
        (("kasper", "Kasper", "nova.example"), "the domain nova.example is taken: creators/nova.yaml has it"),
        (("kasper", "Kasper", "https://kasper.example"), "give the bare name without scheme or path"),
        (("kasper", "Kasper", "kasper"), "this is no domain name"),
        (("kasper", "Kasper", "kasper.localhost"), "cannot be registered"),
        (("kasper", "Kas\x1b[31mper", "kasper.example"), "name cannot be"),
        (("kasper", "", "kasper.example"), "name cannot be ''"),
        (("kasper", "Kasper", "kasper.example", "--region", "eu-north-1"), "write one of us-east-1, us-west-2"),
        (("kasper", "Kasper", "kasper.example", "--region", "eu-west-3"), "did you mean eu-west-1?"),
        (("kasper", "Kasper", "kasper.example", "--currency", "EURO"), "did you mean EUR?"),
        (("kasper", "Kasper", "kasper.example", "--brand-primary", "red"), "six hexadecimal digits"),
        (("kasper", "Kasper", "kasper.example", "--theme", "light", "--brand-accent", "#FFFF66"), "too light"),
        (("kasper", "Kasper", "kasper.example", "--brand-accent", "#6A0DAD"), "cannot be told apart"),
        (("kasper", "Kasper", "kasper.example", "--features", "kontact"), "did you mean contact?"),
        (("kasper", "Kasper", "kasper.example", "--email", "nobody"), "email cannot be 'nobody'"),
        (("kasper", "Kasper", "kasper.example", "--regoin", "x"), "No such option"),
        (("kasper", "Kasper"), "Missing argument 'DOMAIN'"),
    ],
)
def test_what_makes_no_creator_is_refused_in_one_line_with_the_fix(
    prism: Prism, nova: Path, words: tuple[str, ...], says: str
) -> None:
    before = nova.read_bytes()
    ran = prism("add-creator", *words)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert says in ran.err
    assert " fix: " in ran.err
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err
    assert [path.name for path in nova.parent.iterdir()] == ["nova.yaml"]
    assert nova.read_bytes() == before


def test_everything_wrong_is_said_at_once_a_line_each(prism: Prism) -> None:
    ran = prism("add-creator", "X", "Kasper", "kasper", "--region", "mars")
    assert ran.status == 2
    assert [line.split()[1] for line in ran.err.splitlines()] == ["id", "domain", "region"]


def test_a_program_gets_refusals_as_json(prism: Prism) -> None:
    ran = prism("add-creator", "X", "Kasper", "kasper.example", "--json")
    assert ran.status == 2
    assert ran.json["ok"] is False
    assert [error["path"] for error in ran.json["errors"]] == ["id"]
    assert all(error["code"] and error["fix"] for error in ran.json["errors"])


def test_a_folder_that_cannot_be_written_is_a_failure_not_misuse(prism: Prism, home: Path) -> None:
    (home / "creators").write_text("a file is in the way")
    ran = prism("add-creator", "kasper", "Kasper", "kasper.example")
    assert ran.status == 1
    assert "creators/kasper.yaml cannot be written" in ran.err
