"""A function's code as a zip of a few kB: one module of ours and what it imports from us, nothing but the standard library beside.

For a function that must answer before any package could be imported. What its modules import is read off their sources, so
nothing has to be listed twice, and a package that creeps in is refused when it is bundled and not when it is called.
"""

import ast
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from stacks.bundles import CACHE, LAMBDA, ROOT, BundleFailed, workshop, write_tree
from stacks.bytecode import compile_tree, matching_interpreter

_OURS = "lambdas"


def small_bundle(module: str, *, cache: Path = CACHE) -> Path:
    """The zip of a module ("lambdas.handlers.chat_review"), from the cache where nothing has changed; BundleFailed says what is wrong."""
    sources = {file: (ROOT / file).read_bytes() for file in sorted(files_of(module))}
    interpreter = matching_interpreter(LAMBDA.python)
    digest = hashlib.sha256(f"{Path(__file__).read_text()}\0{interpreter is not None}".encode())
    for file, content in sources.items():
        digest.update(f"{file}\0".encode() + hashlib.sha256(content).digest())
    path = cache / f"{module.rpartition('.')[2]}-{digest.hexdigest()[:24]}.zip"
    if path.exists():
        return path
    try:
        with workshop(cache) as work:
            for file, content in sources.items():
                copy = work / "tree" / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
            if interpreter is not None:
                compile_tree(work / "tree", interpreter=interpreter)
            with zipfile.ZipFile(work / "bundle.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                write_tree(archive, work / "tree")
            (work / "bundle.zip").replace(path)
    except OSError as error:
        raise BundleFailed(
            f"The bundle of {module} could not be written: {error.strerror or error}.",
            fix="Is there space left on the disk, and may you write below .prism/?",
        ) from error
    return path


def files_of(module: str) -> set[str]:
    """Our files that importing the module would read, below the checkout; BundleFailed names a package that it would need."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        for file in _own_files(name):
            if file in found:
                continue
            found.add(file)
            for imported in _imports(ROOT / file):
                top = imported.partition(".")[0]
                if top == _OURS:
                    waiting.append(imported)
                elif top not in sys.stdlib_module_names:
                    raise BundleFailed(
                        f"{file} imports {top}, and {module} may import nothing but the standard library.",
                        fix="Do without it, or leave the import to code that this function does not load.",
                    )
    return found


def _own_files(name: str) -> Iterator[str]:
    """A module's file and those of the packages around it. `name` may end with something of the module's."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        folder = Path(*parts[:end])
        if (ROOT / folder / "__init__.py").is_file():
            yield (folder / "__init__.py").as_posix()
        elif (ROOT / folder.with_suffix(".py")).is_file():
            yield folder.with_suffix(".py").as_posix()


def _imports(file: Path) -> Iterator[str]:
    """Every name that a file imports, but for types only; `from a import b` may mean the module a.b."""
    for node in _running(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise BundleFailed(f"{file.relative_to(ROOT)} has a relative import.", fix="Write out the whole name.")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a tree that run: without what stands below `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from _running(child)
