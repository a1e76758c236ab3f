"""A form with files (multipart/form-data, RFC 7578), as browsers send it."""

from lambdas.core.errors import Malformed
from lambdas.platform.visit import File
from lambdas.web.admission import fields_of

_MAX_PARTS = 100


def parts_of(raw: bytes, content_type: str) -> tuple[dict[str, str], dict[str, File]]:
    """The fields, and the files by their field's name; a file field left empty is not there. Malformed."""
    # Here: only few routes take files.
    from email.message import Message

    def parameter(header: str, name: str) -> str | None:
        message = Message()
        message["content-disposition"] = header
        value = message.get_param(name, header="content-disposition")
        return value if isinstance(value, str) else None

    boundary = parameter(f"x; {content_type.partition(';')[2]}", "boundary")
    if not boundary or not boundary.isascii():
        raise Malformed("The form does not say where its parts end.")
    pairs: list[tuple[str, str]] = []
    files: dict[str, File] = {}
    parts = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode())
    if len(parts) < 2 or len(parts) > _MAX_PARTS + 2 or not parts[-1].startswith(b"--"):
        raise Malformed("The form cannot be read.", fix=f"Send at most {_MAX_PARTS} fields, whole.")
    for part in parts[1:-1]:
        head, found, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.partition(":")[::2] for line in head.decode("utf-8", "replace").lower().split("\r\n"))
        disposition = next(
            (
                line.partition(":")[2]
                for line in head.decode("utf-8", "replace").split("\r\n")
                if line.lower().startswith("content-disposition:")
            ),
            "",
        )
        name = parameter(disposition.strip(), "name")
        if not found or name is None or "content-disposition" not in headers:
            raise Malformed("The form cannot be read.", fix="Send each field with its name.")
        file_name = parameter(disposition.strip(), "filename")
        if file_name is None:
            try:
                pairs.append((name, content.decode("utf-8")))
            except UnicodeDecodeError:
                raise Malformed("The form is no UTF-8 text.", fix="Encode it as UTF-8.") from None
        elif file_name or content:
            files[name] = File(name=file_name, content=content)
    return fields_of(pairs), files
