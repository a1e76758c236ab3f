"""What the asset pipeline made, as the templates need to know it: `assets/manifest.json` of the site."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

OPEN_GRAPH = "open-graph.jpg"
"""The picture other sites show beside a link; made by the build, like the icons."""

FAVICON, TOUCH_ICON = "icons/favicon.svg", "icons/touch.png"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetFile(_Value):
    """One published file: where it is and, where a browser checks it, its `sha384-…`."""

    url: str
    integrity: str = ""


class Source(_Value):
    """One format of a picture: its media type and an address by width in pixels."""

    type: str
    widths: Mapping[int, str]


class PictureFiles(_Value):
    """A creator's picture in all its sizes; the last source is the one every browser shows."""

    width: int
    height: int
    sources: tuple[Source, ...]


class AssetManifest(_Value):
    """Static files by name below `static/` ("css/site.css"), and a creator's own pictures by file name.

    `imports` has, by module, all it imports and they import in turn. `fonts` are those every page
    needs. `symbols` are the sprite's ids.
    """

    files: Mapping[str, AssetFile]
    imports: Mapping[str, tuple[str, ...]] = {}
    fonts: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    pictures: Mapping[str, PictureFiles] = {}

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The manifest as the build wrote it; pydantic's ValidationError for anything else."""
        return cls.model_validate_json(text)

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
