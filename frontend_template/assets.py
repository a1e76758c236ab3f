"""The asset pipeline: everything below `static/`, the fonts and the creator's pictures, fingerprinted.

The order is that of dependence: what a file names is published before it, so that its fingerprint
covers theirs. What depends on the brand's colours is made afterwards, in `site.py`, and again whenever they change.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from frontend_template import drawings, fonts, ivs_player, scripts, styles
from frontend_template.cache import Cache
from frontend_template.images import LOGO_WIDTHS, WIDTHS, read_picture, variants
from frontend_template.manifest import OPEN_GRAPH, AssetFile, AssetManifest, Build, Drawn, PictureFiles, Source
from frontend_template.markup import SPRITE
from frontend_template.objects import Shelf, content_type, integrity
from lambdas.core.creator import Creator
from lambdas.core.errors import PrismError

SERVICE_WORKER = "sw.js"
VENDOR = "vendor"
"""The folder of a root, beside `static/`, with what others wrote: published to the byte, each with its licence."""

MORE_STYLES = "css/more/"
"""Style sheets in here are linked after another one, so they say nothing of fonts again."""

_LICENCE = "LICENSE"
_SYMBOL = re.compile(r"""<symbol\b[^>]*\bid=["']([^"']+)["']""")


class StaticFileMissing(PrismError):
    """A style sheet or a template names a static file that is not there."""

    code = "static_file_missing"
    title = "A static file is missing"


def publish_assets(creator: Creator, *, source: Path, roots: Sequence[Path], shelf: Shelf, cache: Cache) -> Build:
    """Put every asset of a creator's site on the shelf and say where each is, and what the others are made from.

    `source` is the creator's folder of pictures. Errors are PrismErrors that name the file.
    """
    return _Pipeline(creator, source=source, statics=static_files(roots), shelf=shelf, cache=cache).run()


def static_files(roots: Sequence[Path]) -> dict[str, Path]:
    """Every file below `static/` of the roots by its name there, and below `vendor/` by `vendor/…`; the first root that has a name wins."""
    found: dict[str, Path] = {}
    for root in roots:
        for folder, begin in ((root / "static", ""), (root / VENDOR, f"{VENDOR}/")):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
                    found.setdefault(begin + _published_name(path.relative_to(folder).as_posix()), path)
    return dict(sorted(found.items()))


def _published_name(name: str) -> str:
    """The name itself; a licence, which has no ending, is published as a text."""
    return f"{name}.txt" if name.endswith(f"/{_LICENCE}") else name


class _Pipeline:
    def __init__(
        self,
        creator: Creator,
        *,
        source: Path,
        statics: Mapping[str, Path],
        shelf: Shelf,
        cache: Cache,
    ) -> None:
        self._creator = creator
        self._source = source
        self._statics = statics
        self._shelf = shelf
        self._cache = cache
        self._files: dict[str, AssetFile] = {}

    def run(self) -> Build:
        symbols: tuple[str, ...] = ()
        for name, path in self._statics.items():
            if name != SERVICE_WORKER and not name.startswith(("css/", "js/")):
                self._publish(name, path.read_bytes())
        if ivs_player.wanted(self._creator):
            for name, content in ivs_player.player_files(self._cache).items():
                self._publish(name, content)
        if SPRITE in self._statics:
            symbols = tuple(_SYMBOL.findall(self._statics[SPRITE].read_text(encoding="utf-8")))
        font_css = self._fonts()
        self._styles(font_css)
        imports = self._scripts()
        pictures, drawn = self._pictures()
        return Build(
            assets=AssetManifest(
                files=dict(sorted(self._files.items())),
                imports=imports,
                fonts=tuple(face.published for face in fonts.FIRST),
                symbols=symbols,
                pictures=pictures,
            ),
            drawn=drawn,
            worker=self._service_worker(),
        )

    def _publish(self, name: str, content: bytes) -> None:
        self._files[name] = AssetFile(
            url=self._shelf.put_fingerprinted(name, content), integrity=integrity(name, content)
        )

    def _address(self, name: str, *, of: str) -> str:
        if name not in self._files:
            raise StaticFileMissing(f"{of} names {name}, which is not among the static files")
        return self._files[name].url

    def _fonts(self) -> str:
        css = []
        for face in fonts.FACES:
            made = fonts.subset(face, self._cache)
            self._publish(face.published, made["font"])
            css.append(fonts.face_css(face, self._files[face.published].url, made["metrics"]))
        return "".join(css)

    def _styles(self, font_css: str) -> None:
        sheets = {name: path for name, path in self._statics.items() if name.startswith("css/")}
        for name, path in sheets.items():
            more = name.startswith(MORE_STYLES)
            if (name.count("/") > 1 and not more) or not name.endswith(".css"):
                continue  # what an entry imports is inside it
            bundle = styles.bundled(path, sheets, self._cache)

            def address(url: str, name: str = name) -> str:
                return self._address(scripts.resolved(name, url), of=name)

            self._publish(name, (("" if more else font_css) + styles.with_addresses(bundle, address)).encode())

    def _scripts(self) -> dict[str, tuple[str, ...]]:
        modules = {
            name: scripts.minified(path.read_text(encoding="utf-8"), self._cache)
            for name, path in self._statics.items()
            if name.startswith("js/") and name.endswith(".js")
        }
        for name in scripts.in_order(modules):
            done = scripts.with_addresses(name, modules[name], lambda imported: self._files[imported].url)
            self._publish(name, done.encode())
        return {name: found for name in sorted(modules) if (found := scripts.needed(name, modules))}

    def _service_worker(self) -> str:
        script = self._statics.get(SERVICE_WORKER)
        return scripts.minified(script.read_text(encoding="utf-8"), self._cache) if script else ""

    def _pictures(self) -> tuple[dict[str, PictureFiles], Drawn]:
        brand = self._creator.brand
        published: dict[str, PictureFiles] = {}
        contents: dict[str, bytes] = {}
        for name, widths in ((brand.picture, WIDTHS), (brand.logo, LOGO_WIDTHS)):
            if name is not None and name not in contents:
                contents[name] = read_picture(self._source, name)
                published[name] = self._picture(name, contents[name], widths)
        return published, self._drawn(
            logo=contents[brand.logo] if brand.logo else None,
            picture=contents[brand.picture] if brand.picture else None,
        )

    def _drawn(self, *, logo: bytes | None, picture: bytes | None) -> Drawn:
        name, domain, cache = self._creator.name, self._creator.domain, self._cache
        letter, icon = ("", drawings.icon_of_logo(logo, cache)) if logo else drawings.icon_of_letter(name, cache)
        card = ""
        if picture:
            self._publish(OPEN_GRAPH, drawings.card_of_picture(picture, cache))
        else:
            card = self._shelf.put_fingerprinted("drawn/card.png", drawings.card_of_name(name, domain, cache))
        return Drawn(letter=letter, icon=self._shelf.put_fingerprinted("drawn/icon.png", icon)[1:], card=card[1:])

    def _picture(self, name: str, content: bytes, widths: tuple[int, ...]) -> PictureFiles:
        made = variants(content, name, widths, self._cache)
        size = json.loads(made["size"])
        stem = re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-") or "picture"
        addresses: dict[str, dict[int, str]] = {}
        for variant, pixels in made.items():
            if variant == "size":
                continue
            width, _, kind = variant.partition(".")
            address = self._shelf.put_fingerprinted(f"pictures/{stem}-{width}.{kind}", pixels)
            addresses.setdefault(kind, {})[int(width)] = address
        return PictureFiles(
            width=size["width"],
            height=size["height"],
            sources=tuple(
                Source(type=content_type(f"x.{kind}"), widths=dict(sorted(addresses[kind].items())))
                for kind in ("avif", "webp", "png", "jpg")
                if kind in addresses
            ),
        )
