"""list, show, validate, features: what people and programs read."""

from pathlib import Path

from tests.cli.conftest import Prism


def _break(file: Path) -> None:
    file.write_text(file.read_text().replace("primary:", "primry:"))


def test_list_shows_every_creator(prism: Prism, nova: Path) -> None:
    prism("add-creator", "alpha", "Alpha Example", "alpha.example", "--features", "")
    ran = prism("list")
    assert ran.status == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["id", "alpha", "nova"]
    assert [creator["id"] for creator in prism("list", "--json").json["creators"]] == ["alpha", "nova"]


def test_list_of_none_says_how_to_add_one(prism: Prism) -> None:
    ran = prism("list")
    assert (ran.status, ran.out) == (0, "")
    assert "prism add-creator" in ran.err


def test_a_broken_file_is_named_and_the_others_are_listed(prism: Prism, nova: Path) -> None:
    prism("add-creator", "alpha", "Alpha Example", "alpha.example")
    _break(nova)
    ran = prism("list")
    assert ran.status == 1
    assert "alpha.example" in ran.out
    assert "error: creators/nova.yaml:" in ran.err


def test_show_names_what_is_derived(prism: Prism, nova: Path) -> None:
    ran = prism("show", "nova")
    assert ran.status == 0
    assert "https://nova.example" in ran.out
    assert "prism-nova-contact-messages" in ran.out
    derived = prism("show", "nova", "--json").json["derived"]
    assert "/de/contact/" in derived["pages"]


def test_what_is_switched_off_is_not_derived(prism: Prism) -> None:
    prism("add-creator", "quiet", "Quiet Example", "quiet.example", "--features", "")
    derived = prism("show", "quiet", "--json").json["derived"]
    assert "contact" not in derived["features"]
    assert {"site", "accounts", "studio"} <= set(derived["features"]), "what every site has takes no switch"
    assert not any("contact" in item for values in derived.values() for item in values)


def test_an_unknown_creator_is_misuse_and_the_nearest_is_named(prism: Prism, nova: Path) -> None:
    ran = prism("show", "novva")
    assert (ran.status, ran.out) == (2, "")
    assert "did you mean nova?" in ran.err


def test_validate_passes_what_add_creator_writes(prism: Prism, nova: Path) -> None:
    ran = prism("validate")
    assert (ran.status, ran.out) == (0, "creators/nova.yaml is valid\n")


def test_validate_names_file_line_and_fix(prism: Prism, nova: Path) -> None:
    _break(nova)
    line = next(n for n, text in enumerate(nova.read_text().splitlines(), 1) if "primry" in text)
    ran = prism("validate")
    assert ran.status == 1
    assert f"error: creators/nova.yaml:{line}:3: unknown key 'primry' in brand. fix: did you mean primary?\n" == ran.err
    (error,) = prism("validate", "--json").json["errors"]
    assert (error["file"], error["line"], error["column"]) == ("creators/nova.yaml", line, 3)


def test_validate_of_one_looks_at_one_but_knows_of_the_others(prism: Prism, nova: Path) -> None:
    _break(nova)
    alpha = nova.with_name("alpha.yaml")
    prism("add-creator", "zeta", "Zeta Example", "zeta.example")
    assert prism("validate", "zeta").status == 0
    alpha.write_text(nova.with_name("zeta.yaml").read_text().replace("id: zeta", "id: alpha"))
    ran = prism("validate", "zeta")
    assert ran.status == 1
    assert "the domain zeta.example is taken: creators/alpha.yaml has it" in ran.err


def test_features_lists_what_can_be_switched_with_its_settings(prism: Prism) -> None:
    assert "contact" in prism("features").out
    names = {feature["name"]: feature for feature in prism("features", "--json").json["features"]}
    assert "site" not in names
    assert names["contact"]["settings"]["keep_days"]["default"] == 365
