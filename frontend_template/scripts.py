"""Native ES modules: minified, and put in an order in which every import's address is known."""

import posixpath
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version

from frontend_template.cache import Cache
from lambdas.core.errors import PrismError

# Comments are gone when this is looked for, so what remains are imports and, in theory, texts that look like one.
_STATIC = re.compile(r"""(\b(?:from|import)\s*)(["'])(\.{1,2}/[^"']+)\2""")
_DYNAMIC = re.compile(r"""(\bimport\s*\(\s*)(["'])(\.{1,2}/[^"']+)\2""")


class ModuleBroken(PrismError):
    """A module imports what is not there, or two import each other."""

    code = "module_broken"
    title = "A script cannot be used"


def minified(source: str, cache: Cache) -> str:
    """The script without white space and comments."""

    def make() -> bytes:
        from rjsmin import jsmin

        return str(jsmin(source)).encode()

    return cache.one("js", (version("rjsmin"), source), make).decode()


def static_imports(name: str, source: str) -> tuple[str, ...]:
    """The names of the modules this one cannot start without, in their order."""
    return tuple(dict.fromkeys(resolved(name, match[3]) for match in _STATIC.finditer(source)))


def all_imports(name: str, source: str) -> tuple[str, ...]:
    """The same, and those it loads later."""
    later = (resolved(name, match[3]) for match in _DYNAMIC.finditer(source))
    return tuple(dict.fromkeys((*static_imports(name, source), *later)))


def with_addresses(name: str, source: str, address: Callable[[str], str]) -> str:
    """Every relative import replaced by what `address` says of the module it means."""

    def replace(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{address(resolved(name, match[3]))}{match[2]}"

    return _DYNAMIC.sub(replace, _STATIC.sub(replace, source))


def in_order(modules: Mapping[str, str]) -> tuple[str, ...]:
    """The names, every module after all it imports; ModuleBroken for a circle or an import of nothing."""
    done: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ModuleBroken("modules import each other: " + " -> ".join((*path[path.index(name) :], name)))
        if name not in modules:
            raise ModuleBroken(f"{path[-1]} imports {name}, which does not exist")
        if name not in done:
            for imported in all_imports(name, modules[name]):
                visit(imported, (*path, name))
            done[name] = None

    for name in sorted(modules):
        visit(name, ())
    return tuple(done)


def needed(name: str, modules: Mapping[str, str]) -> tuple[str, ...]:
    """All that must be there before this module starts: its static imports, and theirs."""
    found: dict[str, None] = {}

    def visit(one: str) -> None:
        for imported in static_imports(one, modules[one]):
            if imported not in found:
                found[imported] = None
                visit(imported)

    visit(name)
    return tuple(found)


def resolved(name: str, specifier: str) -> str:
    """The static file that a relative address in another one means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))
