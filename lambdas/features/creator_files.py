"""Creators' files: `creators/<id>.yaml`, read with every fault at its line, written once and never over another.

People edit these by hand; so an error names file, line and fix, and all errors of a file come at once.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from lambdas.core.brand import ContrastCannotBeMended, palette
from lambdas.core.creator import Creator
from lambdas.core.errors import Conflict, FieldError, Invalid, NotFound, PrismError
from lambdas.features import creator_yaml
from lambdas.features.creator_faults import FileFault, dotted, explain, faults_of, nearest
from lambdas.features.creator_template import render
from lambdas.features.registry import creator_model

FOLDER = Path("creators")


class CreatorFileInvalid(PrismError):
    """One or more creators' files cannot be used; `faults` has every fault of every file."""

    status = 422
    code = "creator_file_invalid"
    title = "A creator's file cannot be used"

    def __init__(self, faults: tuple[FileFault, ...]) -> None:
        super().__init__(str(faults[0]), fix=faults[0].fix, fields=faults)
        self.faults = faults


class CreatorRefused(Invalid):
    """What was asked for makes no creator; `fields` has every fault, each with its fix in `params`."""

    code = "creator_refused"
    title = "This makes no creator"

    def __init__(self, fields: tuple[FieldError, ...]) -> None:
        super().__init__(
            "; ".join(field.message for field in fields),
            fix="; ".join(str(field.params["fix"]) for field in fields),
            fields=fields,
        )


class CreatorFileUnreadable(PrismError):
    code = "creator_file_unreadable"
    title = "A creator's file cannot be read"


class CreatorFileUnwritable(PrismError):
    code = "creator_file_unwritable"
    title = "The creator's file cannot be written"


class CreatorUnknown(NotFound):
    code = "creator_unknown"
    title = "There is no such creator"


class IdTaken(Conflict):
    code = "id_taken"
    title = "This id is taken"


class DomainTaken(Conflict):
    code = "domain_taken"
    title = "This domain is taken"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A folder of creators' files: the sound ones by id, and the faults of the others."""

    creators: dict[str, Creator]
    faults: tuple[FileFault, ...]


def creator_path(creator_id: str, *, folder: Path = FOLDER) -> Path:
    """Where this creator's file is. CreatorUnknown, naming the nearest one, where there is none."""
    # Looked for among the files there are: what was typed never becomes a path.
    paths = {path.stem: path for path in _files(folder)}
    if creator_id in paths:
        return paths[creator_id]
    meant = nearest(creator_id, list(paths))
    raise CreatorUnknown(
        f"there is no creator {creator_id!r} in {folder}/",
        fix=f"did you mean {meant}?" if meant else "`prism list` shows them, `prism add-creator` adds one",
    )


def read_creator(path: Path) -> Creator:
    """The creator of one file; CreatorFileInvalid with all its faults, CreatorFileUnreadable."""
    creator, faults, _ = _read(path)
    if creator is None:
        raise CreatorFileInvalid(faults)
    return creator


def read_all(folder: Path = FOLDER) -> tuple[Creator, ...]:
    """Every creator, sorted by id; CreatorFileInvalid with the faults of all files."""
    found = survey(folder)
    if found.faults:
        raise CreatorFileInvalid(found.faults)
    return tuple(found.creators.values())


def survey(folder: Path = FOLDER) -> Survey:
    """All files of a folder, sound or not, and what does not fit between them; CreatorFileUnreadable."""
    creators: dict[str, Creator] = {}
    faults: list[FileFault] = []
    domains: dict[str, Path] = {}
    for path in _files(folder):
        creator, own_faults, root = _read(path)
        faults += own_faults
        domain = _domain(creator, root)
        first = domains.setdefault(domain, path) if domain else path
        if first != path:
            message = f"the domain {domain} is taken: {_shown(first)} has it"
            faults.append(
                _fault(path, root, ("domain",), DomainTaken.code, message, "give each creator a domain of its own")
            )
        elif creator is not None:
            creators[creator.id] = creator
    return Survey(creators=creators, faults=tuple(faults))


def new_creator(settings: Mapping[str, object]) -> Creator:
    """A creator of these settings, the rest by default; CreatorRefused with everything that is wrong with them."""
    try:
        creator = model().model_validate(settings)
        palette(creator.brand)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False):
            message, fix = explain(detail, model())
            path = dotted(detail["loc"])
            faults.append(FieldError(path=path, code=detail["type"], message=message, params={"fix": fix}))
        raise CreatorRefused(tuple(faults)) from None
    except ContrastCannotBeMended as error:
        path = error.fields[0].path
        fault = FieldError(path=path, code=error.code, message=error.message, params={"fix": error.fix})
        raise CreatorRefused((fault,)) from None
    return creator


def write_new(creator: Creator, *, folder: Path = FOLDER) -> Path:
    """Write a new creator's file, every default visible, and return its path.

    IdTaken or DomainTaken where another creator has it, CreatorFileUnwritable (full disk, read-only
    folder); then nothing is left behind. An existing file is never changed.
    """
    text = render(creator)
    path = folder / f"{creator.id}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _refuse_taken(creator, folder)
            _put_in_place(text.encode(), path)
    except OSError as error:
        raise CreatorFileUnwritable(
            f"{_shown(path)} cannot be written: {error.strerror or error}",
            fix="make room on the disk or the folder writable, then run the command again",
        ) from error
    return path


@cache
def model() -> type[Creator]:
    """The creator with every feature's block, made once a process."""
    return creator_model()


def _read(path: Path) -> tuple[Creator | None, tuple[FileFault, ...], creator_yaml.Mapping]:
    document = creator_yaml.parse(_bytes(path))
    root = document.root
    faults = [
        FileFault(
            file=_shown(path),
            line=fault.place.line,
            column=fault.place.column,
            path="",
            code="invalid_yaml",
            message=fault.message,
            fix=fault.fix,
        )
        for fault in document.faults
    ]
    creator: Creator | None = None
    # Of a file that ends early no key can be called missing; one with an alias or a key given twice is judged.
    if document.whole:
        try:
            creator = model().model_validate(creator_yaml.values(root))
        except ValidationError as error:
            faults += faults_of(error, file=_shown(path), root=root, model=model())
        else:
            faults += _faults_around(creator, path, root)
    faults.sort(key=lambda fault: (fault.line, fault.column))
    return (None if faults else creator), tuple(faults), root


def _faults_around(creator: Creator, path: Path, root: creator_yaml.Mapping) -> Iterator[FileFault]:
    """What the model alone cannot see: the file's name, how the colours look, the pictures beside it."""
    if creator.id != path.stem:
        message = f"the id {creator.id!r} is not the file's name"
        yield _fault(
            path,
            root,
            ("id",),
            "id_mismatch",
            message,
            f"write `id: {path.stem}`, or rename the file to {creator.id}.yaml",
        )
    try:
        palette(creator.brand)
    except ContrastCannotBeMended as error:
        location = tuple(error.fields[0].path.split("."))
        yield _fault(path, root, location, error.code, error.message, error.fix)
    own = path.parent.resolve() / path.stem
    for key in ("picture", "logo"):
        name = getattr(creator.brand, key)
        if name is None:
            continue
        picture = (own / name).resolve()
        where = f"{_shown(path.parent)}/{path.stem}/"
        if not picture.is_relative_to(own):
            message = f"brand.{key} {name!r} leads out of {where}"
            yield _fault(
                path, root, ("brand", key), "picture_outside", message, f"copy the picture itself into {where}"
            )
        elif not picture.is_file():
            message = f"brand.{key}: there is no {name!r} in {where}"
            yield _fault(
                path,
                root,
                ("brand", key),
                "picture_missing",
                message,
                f"put the picture into {where}, or remove the line",
            )


def _fault(
    path: Path, root: creator_yaml.Mapping, location: tuple[str, ...], code: str, message: str, fix: str
) -> FileFault:
    place = creator_yaml.place_of(root, location)
    return FileFault(
        file=_shown(path),
        line=place.line,
        column=place.column,
        path=dotted(location),
        code=code,
        message=message,
        fix=fix,
    )


def _domain(creator: Creator | None, root: creator_yaml.Mapping) -> str | None:
    """Also of a file with faults: its domain is taken all the same."""
    if creator is not None:
        return creator.domain
    node = root.items.get("domain")
    return node.value.lower() if isinstance(node, creator_yaml.Scalar) and isinstance(node.value, str) else None


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml" and not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CreatorFileUnreadable(
            f"{_shown(folder)} cannot be read: {error.strerror}", fix="make it a folder that you may read"
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise CreatorFileUnreadable(f"{_shown(path)} is no file", fix="move it out of the creators' folder")
        with path.open("rb") as file:
            return file.read(creator_yaml.MAX_BYTES + 1)
    except FileNotFoundError:
        raise CreatorUnknown(f"there is no {_shown(path)}", fix="`prism list` shows the creators there are") from None
    except OSError as error:
        raise CreatorFileUnreadable(
            f"{_shown(path)} cannot be read: {error.strerror}", fix="give yourself the right to read it"
        ) from error


def _shown(path: Path) -> str:
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two at once would each find the domain free."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_taken(creator: Creator, folder: Path) -> None:
    path = folder / f"{creator.id}.yaml"
    if os.path.lexists(path):
        raise _id_taken(creator.id, path)
    for other in _files(folder):
        known, _, root = _read(other)
        if _domain(known, root) == creator.domain:
            raise DomainTaken(
                f"the domain {creator.domain} is taken: {_shown(other)} has it",
                fix="give each creator a domain of its own",
            )


def _id_taken(creator_id: str, path: Path) -> IdTaken:
    return IdTaken(
        f"the id {creator_id!r} is taken: {_shown(path)} exists",
        fix="choose another id, or edit that file; it was not changed",
    )


def _put_in_place(content: bytes, path: Path) -> None:
    """All or nothing, also when the power goes: a whole hidden file gets the name by a link, which never replaces."""
    handle, hidden = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(handle, 0o644)
            os.fsync(handle)
        try:
            os.link(hidden, path)
        except FileExistsError:
            raise _id_taken(path.stem, path) from None
    finally:
        os.unlink(hidden)
