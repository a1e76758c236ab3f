"""The YAML a creator's file may use: mappings, lists and plain values, each with its place in the file.

YAML can do far more than a settings file needs, and most of it hurts: aliases that grow to
gigabytes, tags that name classes, `no` that means false, keys given twice. Here all of that is a
fault with a line. Plain values are those of JSON (YAML 1.2's core): `no` and `12:30` are texts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
_BEYOND_UNICODE = re.compile(r"\\U(?!00(0|10))[0-9A-Fa-f]{8}")
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}

Plain = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something stands; both count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong at a place, and what to do."""

    place: Place
    message: str
    fix: str


@dataclass(kw_only=True)
class Scalar:
    place: Place
    value: Plain


@dataclass(kw_only=True)
class Sequence:
    place: Place
    items: "list[Node]" = field(default_factory=list)


@dataclass(kw_only=True)
class Mapping:
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    items: "dict[str, Node]" = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file's tree and its faults.

    `whole` says that the file was read to its end, so that a key the tree does not have is not in
    the file either. With faults the tree is no basis for more than errors.
    """

    root: Mapping
    faults: tuple[Fault, ...]
    whole: bool


def parse(raw: bytes) -> Document:
    """Read a file's bytes; never raises for what is in them."""
    text, fault = _text(raw)
    if fault:
        return Document(root=_nothing(), faults=(fault,), whole=False)
    builder = _Builder()
    try:
        whole = builder.build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        builder.faults.append(_syntax_fault(error))
        whole = False
    except (ValueError, OverflowError):
        # The scanner makes characters of escapes without asking whether there are such.
        escape = _BEYOND_UNICODE.search(text)
        at = _place(text[: escape.start()]) if escape else _START
        builder.faults.append(
            Fault(place=at, message="this escape stands for no character", fix="write the text itself")
        )
        whole = False
    if isinstance(builder.root, Mapping):
        return Document(root=builder.root, faults=tuple(builder.faults), whole=whole)
    if not builder.faults:
        at = builder.root.place if builder.root else _START
        builder.faults.append(
            Fault(place=at, message="this holds no settings", fix="write lines of the form `key: value`")
        )
    return Document(root=_nothing(), faults=tuple(builder.faults), whole=False)


def values(node: Node) -> object:
    """The tree as JSON-like values. A key without a value is left out: it takes its default."""
    if isinstance(node, Mapping):
        items = ((key, values(item)) for key, item in node.items.items())
        return {key: value for key, value in items if value is not None}
    if isinstance(node, Sequence):
        return [values(item) for item in node.items]
    return node.value


def place_of(root: Mapping, location: tuple[str | int, ...]) -> Place:
    """Where the value at `location` stands, its key where the file has one, else the nearest thing around it."""
    place, node = root.place, root  # type: Place, Node
    for step in location:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.items:
            place, node = node.keys[step], node.items[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return place


_START = Place(line=1, column=1)


def _nothing() -> Mapping:
    return Mapping(place=_START)


def _text(raw: bytes) -> tuple[str, Fault | None]:
    if len(raw) > MAX_BYTES:
        return "", Fault(
            place=_START,
            message=f"the file is larger than {MAX_BYTES // 1024} kB",
            fix="a creator's file holds settings only; put pictures into the folder beside it",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _place(raw[: error.start].decode("utf-8-sig", errors="replace"))
        return "", Fault(place=at, message="this is no UTF-8 text", fix="save the file as UTF-8")
    # The printable set is YAML's own; its reader would stop here too, but without a line.
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        return "", Fault(
            place=_place(text[: unprintable.start()]),
            message=f"the control character U+{ord(unprintable.group()):04X} is not allowed",
            fix="remove it",
        )
    return text, None


def _place(before: str) -> Place:
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", before)
    return Place(line=len(lines), column=len(lines[-1]) + 1)


def _mark(mark: Any) -> Place:
    return Place(line=mark.line + 1, column=mark.column + 1) if mark else _START


def _syntax_fault(error: yaml.MarkedYAMLError) -> Fault:
    problem = error.problem or "this cannot be read as YAML"
    open_ended = "end of stream" in problem or "<stream end>" in problem
    if "'\\t'" in problem:
        fix = "indent with spaces, never with tabs"
    elif "mapping values are not allowed" in problem:
        fix = "put a text that has a colon in it into quotes, or mend the indentation"
    elif "expected <block end>" in problem or "could not find expected ':'" in problem:
        fix = "indent the lines of one block alike, and write `key: value`"
    elif open_ended:
        fix = "close the quote or bracket that begins here"
    else:
        fix = "put a text with special characters into quotes, and indent the lines of one block alike"
    # Where a block or quote began is where the hand that mends it must go, if the end was not found.
    at = error.context_mark if open_ended and error.context_mark else error.problem_mark
    return Fault(place=_mark(at), message=f"this is no valid YAML: {problem}", fix=fix)


class _Builder:
    """Makes the tree from the parser's events, without recursion, and keeps going after a fault."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self._open: list[Node] = []
        self._keys: list[tuple[str, Place] | None] = []

    def build(self, events: Iterator[yaml.Event]) -> bool:
        """False when there is no use in reading on."""
        documents = 0
        for event in events:
            at = _mark(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fault(at, "a second document begins here", "keep one document: remove the `---`")
                    return False
            elif isinstance(event, yaml.AliasEvent):
                self._fault(at, f"the alias *{event.anchor} is not allowed", "write the value out")
                self._put(Scalar(place=at, value=None))
            elif isinstance(event, yaml.ScalarEvent):
                self._check(event, at)
                self._scalar(event, at)
            elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                self._check(event, at)
                if len(self._open) >= MAX_DEPTH:
                    self._fault(at, f"more than {MAX_DEPTH} levels deep", "a creator's file needs three or four")
                    return False
                self._start(Mapping(place=at) if isinstance(event, yaml.MappingStartEvent) else Sequence(place=at))
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                self._open.pop()
                self._keys.pop()
        return True

    def _fault(self, place: Place, message: str, fix: str) -> None:
        self.faults.append(Fault(place=place, message=message, fix=fix))

    def _check(self, event: yaml.NodeEvent, at: Place) -> None:
        if event.anchor is not None:
            self._fault(at, f"the anchor &{event.anchor} is not allowed", "write the value out where it is needed")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._fault(at, f"the tag {tag} is not allowed", "write the value alone")

    def _scalar(self, event: yaml.ScalarEvent, at: Place) -> None:
        if _HALF_A_CHARACTER.search(event.value):
            self._fault(at, "an escape stands for half a character", "write the text itself")
            event.value = _HALF_A_CHARACTER.sub("?", event.value)
        if self._expects_key():
            self._key(event.value, at)
        else:
            self._put(Scalar(place=at, value=_plain(event.value) if event.implicit[0] else event.value))

    def _start(self, node: Mapping | Sequence) -> None:
        if self._expects_key():
            self._fault(node.place, "a key cannot be a list or a block", "write keys as plain words")
            self._key(f"?{node.place.line}:{node.place.column}", node.place)
            # The odd key's own content is read into nowhere, so that what follows is still checked.
            self._open.append(node)
            self._keys.append(None)
            return
        self._put(node)
        self._open.append(node)
        self._keys.append(None)

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], Mapping) and self._keys[-1] is None

    def _key(self, key: str, at: Place) -> None:
        parent = self._open[-1]
        assert isinstance(parent, Mapping)
        if key in parent.keys:
            first = parent.keys[key].line
            self._fault(at, f"{key!r} is given a second time", f"keep one of the two; the first is in line {first}")
        self._keys[-1] = (key, at)

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif isinstance(parent, Mapping):
            pending = self._keys[-1]
            if pending is None:  # an alias where a key should be
                self._keys[-1] = (f"*{node.place.line}:{node.place.column}", node.place)
                return
            key, at = pending
            parent.keys.setdefault(key, at)
            parent.items.setdefault(key, node)
            self._keys[-1] = None


def _plain(text: str) -> Plain:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
