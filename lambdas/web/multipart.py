"""A form with files (multipart/form-data, RFC 7578), as browsers send it."""

import re

from lambdas.core.errors import Malformed
from lambdas.platform.visit import File
from lambdas.web.admission import fields_of

_MAX_PARTS = 100
_MAX_HEAD = 4000
"""Bytes of a part's own headers: a file's name has 255 characters at most."""

_PARAMETER = re.compile(r'[ \t]*;[ \t]*(?:(?P<name>[^\s;="]+)=(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s;"]*)))[ \t]*')


def parts_of(raw: bytes, content_type: str) -> tuple[dict[str, str], dict[str, File]]:
    """The fields, and the files by their field's name; a file field left empty is not there. Malformed."""
    boundary = _parameter(content_type, "boundary")
    if not boundary or not boundary.isascii():
        raise Malformed("The form does not say where its parts end.")
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode())
    if not 2 <= len(pieces) <= _MAX_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise Malformed("The form cannot be read.", fix=f"Send at most {_MAX_PARTS} fields, whole.")
    fields: list[tuple[str, str]] = []
    files: dict[str, File] = {}
    for piece in pieces[1:-1]:
        disposition, content = _part(piece)
        name, file_name = _parameter(disposition, "name"), _parameter(disposition, "filename")
        if name is None:
            raise Malformed("The form cannot be read.", fix="Send each field with its name.")
        if file_name is None:
            fields.append((name, _text(content)))
        elif file_name or content:
            files[name] = File(name=file_name, content=content)
    return fields_of(fields), files


def _part(piece: bytes) -> tuple[str, bytes]:
    """A part's Content-Disposition and its content."""
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if len(head) > _MAX_HEAD:
        raise Malformed("The form cannot be read.", fix="Give fields and files shorter names.")
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value.strip(), content
    return "", content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The form is no UTF-8 text.", fix="Encode it as UTF-8.") from None


def _parameter(header: str, name: str) -> str | None:
    """`name` of a header's parameters (`form-data; name="portrait"`), None where it is not there or the header is none.

    As browsers write them: a quote within quotes is %22. One pass, whatever was sent: Python's own parser of mail headers
    takes minutes for some, and raises for others.
    """
    value, at = None, header.find(";")
    while 0 <= at < len(header):
        found = _PARAMETER.match(header, at)
        if found is None:
            return None
        if found["name"].lower() == name:
            value = found["plain"] if found["quoted"] is None else found["quoted"]
        at = found.end()
    return value
