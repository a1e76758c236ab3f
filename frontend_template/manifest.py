"""What the asset pipeline made, as the templates need to know it: `assets/manifest.json` of the site."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

OPEN_GRAPH = "open-graph.jpg"
"""The picture other sites show beside a link; made by the build, like the icons."""

FAVICON, TOUCH_ICON = "icons/favicon.svg", "icons/touch.png"

BRAND_STYLE = "css/brand.css"
"""The brand's tokens: the one style sheet that is made anew when a colour changes in the studio."""


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
    needs. `symbols` are the sprite's ids. `brand` names what the brand's own files were made from.
    """

    files: Mapping[str, AssetFile]
    imports: Mapping[str, tuple[str, ...]] = {}
    fonts: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    pictures: Mapping[str, PictureFiles] = {}
    brand: str = ""

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The manifest as the build wrote it; pydantic's ValidationError for anything else."""
        return cls.model_validate_json(text)

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()


class Drawn(_Value):
    """What the brand's pictures are made from, in black and white: colours come later, without a font.

    `letter` is the SVG of the name's first letter, without a colour, empty where there is a logo; `icon` and
    `card` are the keys of PNGs: the letter (or the logo, in its own colours) and the name as a mask; `card`
    is empty where a picture of the creator's takes its place.
    """

    letter: str
    icon: str
    card: str


class Build(_Value):
    """What only the operator's machine can make, and everything that is published afterwards is made from.

    `assets` lacks what depends on the brand. `worker` is the service worker, minified, without its constant.
    """

    assets: AssetManifest
    drawn: Drawn
    worker: str = ""

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """As the build wrote it; pydantic's ValidationError for anything else."""
        return cls.model_validate_json(text)

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
