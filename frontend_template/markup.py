"""The tags that need to know what the asset pipeline made."""

from markupsafe import Markup

from frontend_template.manifest import FAVICON, TOUCH_ICON, AssetFile, AssetManifest, Source

SPRITE = "icons.svg"

_FIRST, _LATER = Markup('fetchpriority="high"'), Markup('loading="lazy" decoding="async"')


class Tags:
    """Tags by the names of the files they stand for; LookupError names what the build did not make."""

    def __init__(self, assets: AssetManifest) -> None:
        self._assets = assets

    def asset(self, name: str) -> str:
        """Where a static file is: its fingerprinted address."""
        return self._file(name).url

    def stylesheet(self, name: str) -> Markup:
        file = self._file(name)
        return Markup('<link rel="stylesheet" href="{}" integrity="{}">').format(file.url, file.integrity)

    def module(self, name: str) -> Markup:
        """The entry module, and what it imports: `integrity` of an entry does not cover its imports."""
        entry = self._file(name)
        imports = [self._file(imported) for imported in self._assets.imports.get(name, ())]
        preload = Markup('<link rel="modulepreload" href="{}" integrity="{}">')
        script = Markup('<script type="module" src="{}" integrity="{}"></script>')
        return Markup("").join(
            [*(preload.format(f.url, f.integrity) for f in imports), script.format(entry.url, entry.integrity)]
        )

    def font_preloads(self) -> Markup:
        tag = Markup('<link rel="preload" as="font" type="font/woff2" href="{}" crossorigin>')
        return Markup("").join(tag.format(self._file(name).url) for name in self._assets.fonts)

    def app_links(self, web_app_manifest: str) -> Markup:
        return Markup(
            '<link rel="manifest" href="{}"><link rel="icon" href="/favicon.ico" sizes="32x32">'
            '<link rel="icon" href="{}" type="image/svg+xml"><link rel="apple-touch-icon" href="{}">'
        ).format(web_app_manifest, self.asset(FAVICON), self.asset(TOUCH_ICON))

    def icon(self, name: str, label: str = "") -> Markup:
        """A symbol of the sprite; hidden from screen readers unless it has a label."""
        if name not in self._assets.symbols:
            known = ", ".join(sorted(self._assets.symbols))
            raise LookupError(f"the sprite has no icon {name!r}, only: {known}")
        said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon icon-{}" {}><use href="{}#{}"></use></svg>').format(
            name, said, self.asset(SPRITE), name
        )

    def picture(self, name: str, alt: str, sizes: str = "100vw", *, eager: bool = False, **attributes: str) -> Markup:
        """A creator's picture in every format and width; `attributes` are the <picture>'s (`class`)."""
        if name not in self._assets.pictures:
            raise LookupError(f"the build made no picture {name!r}")
        files = self._assets.pictures[name]
        *better, last = files.sources
        source = Markup('<source type="{}" srcset="{}" sizes="{}">')
        return Markup(
            '<picture{}>{}<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" {}></picture>'
        ).format(
            Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in attributes.items()),
            Markup("").join(source.format(one.type, _srcset(one), sizes) for one in better),
            last.widths[max(last.widths)],
            _srcset(last),
            sizes,
            files.width,
            files.height,
            alt,
            _FIRST if eager else _LATER,
        )

    def _file(self, name: str) -> AssetFile:
        if name not in self._assets.files:
            raise LookupError(f"there is no static file {name!r}")
        return self._assets.files[name]


def _srcset(source: Source) -> str:
    return ", ".join(f"{url} {width}w" for width, url in sorted(source.widths.items()))
