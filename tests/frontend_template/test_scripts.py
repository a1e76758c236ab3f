"""Modules are published after what they import, and find it."""

import pytest

from frontend_template.cache import Cache
from frontend_template.scripts import ModuleBroken, in_order, minified, needed, with_addresses

MODULES = {
    "js/site.js": 'import{a}from"./parts/a.js";import("./parts/later.js");',
    "js/parts/a.js": "import'./b.js';export const a=1;",
    "js/parts/b.js": "export*from'../parts/c.js';",
    "js/parts/c.js": "export const c=1;",
    "js/parts/later.js": "export{c}from'./c.js';",
}


def test_every_module_comes_after_all_it_imports() -> None:
    order = in_order(MODULES)
    assert sorted(order) == sorted(MODULES)
    for earlier, later in (("c", "b"), ("b", "a"), ("c", "later")):
        assert order.index(f"js/parts/{earlier}.js") < order.index(f"js/parts/{later}.js")
    assert order[-1] == "js/site.js"


def test_only_what_a_module_cannot_start_without_is_preloaded() -> None:
    assert needed("js/site.js", MODULES) == ("js/parts/a.js", "js/parts/b.js", "js/parts/c.js")


def test_imports_are_rewritten_whatever_their_form() -> None:
    def address(name: str) -> str:
        return "/assets/" + name.replace(".js", ".1.js")

    assert with_addresses("js/site.js", MODULES["js/site.js"], address) == (
        'import{a}from"/assets/js/parts/a.1.js";import("/assets/js/parts/later.1.js");'
    )
    assert with_addresses("js/parts/b.js", MODULES["js/parts/b.js"], address) == "export*from'/assets/js/parts/c.1.js';"


def test_modules_in_a_circle_are_refused_with_the_circle() -> None:
    with pytest.raises(ModuleBroken, match=r"js/x\.js -> js/y\.js -> js/x\.js"):
        in_order({"js/x.js": 'import"./y.js"', "js/y.js": 'import"./x.js"'})


def test_an_import_of_nothing_is_refused_with_both_names() -> None:
    with pytest.raises(ModuleBroken, match=r"js/x\.js imports js/y\.js"):
        in_order({"js/x.js": 'import"./y.js"'})


def test_minifying_keeps_texts_and_templates_as_they_are(cache: Cache) -> None:
    source = "// gone\nconst a = `two  spaces ${ 1 + 1 }\n  line`; /* gone */ const b = 'it // stays';\n"
    small = minified(source, cache)
    assert "gone" not in small
    assert "two  spaces" in small
    assert "\n  line`" in small
    assert "'it // stays'" in small
