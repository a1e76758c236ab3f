"""What is published anew whenever a setting or some content changes: the brand's own files, every page, and what lists them.

The build and the worker both make it here, from the same `Build`; so a site that was changed page by page is the site
that would be built now. Pillow is needed where the brand has changed, and nothing of the asset pipeline ever.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

from frontend_template import icons, webapp
from frontend_template.manifest import BRAND_STYLE, AssetFile, AssetManifest, Build
from frontend_template.objects import DAILY, IMMUTABLE, REVALIDATED, content_type, fingerprinted, integrity
from frontend_template.render import NotRendered, Renderer
from frontend_template.tokens import brand_css
from lambdas.core.brand import deep_gradient, palette
from lambdas.core.creator import Creator
from lambdas.core.errors import NotFound
from lambdas.core.feature import Feature, Page
from lambdas.platform.publishing import BRAND_FOLDER, SiteFile
from lambdas.platform.storage import ASSET_MANIFEST

Make = Callable[[], Mapping[str, bytes]]

_ROOT_ICON = "favicon.ico"
_OFFLINE = (webapp.OFFLINE,)


def _at_once(digest: str, make: Make) -> Mapping[str, bytes]:
    del digest
    return make()


class Site:
    """A creator's site as it should be at one moment (`lambdas.platform.publishing.Site`)."""

    def __init__(
        self,
        renderer: Renderer,
        creator: Creator,
        features: tuple[Feature[Any], ...],
        build: Build,
        *,
        read: Callable[[str], bytes],
        published: AssetManifest | None = None,
        kept: Callable[[str, Make], Mapping[str, bytes]] = _at_once,
    ) -> None:
        """`renderer` lends its templates and texts, whatever settings it had. `read` gives what the build drew, by its key.

        The brand's files of `published` are taken as they are where they were made from the same. `kept`
        gives what was made before from what this digest names, else makes it.
        """
        self._creator = creator
        self._features = features
        self._build = build
        self._palette = palette(creator.brand)
        self._brand: dict[str, SiteFile] = {}
        digest = self._digest()
        if published is not None and published.brand == digest:
            named = {name: published.files[name] for name in published.files.keys() - build.assets.files.keys()}
        else:
            named = self._made(kept(digest, lambda: self._make(read)))
        self.manifest = build.assets.model_copy(
            update={"files": dict(sorted({**build.assets.files, **named}.items())), "brand": digest}
        )
        self._renderer = renderer.renewed(creator, self.manifest)
        self._paths: dict[str, Page] | None = None
        self._rendered: dict[str, dict[str, SiteFile]] = {}

    def brand(self) -> Mapping[str, SiteFile]:
        """What the brand's colours changed, by key; empty where it is published already."""
        return self._brand

    def brand_keys(self) -> frozenset[str]:
        """The files of the brand that the pages name, published already or not."""
        urls = (file.url.removeprefix("/") for file in self.manifest.files.values())
        return frozenset(key for key in urls if key.startswith(f"{BRAND_FOLDER}/"))

    def paths(self) -> tuple[str, ...]:
        """Every published page there is, without a language."""
        return tuple(self._all())

    def keys(self, path: str) -> tuple[str, ...]:
        """The keys of a page, in every language; also of one that is not there (any more)."""
        return tuple(_key(self._creator.path(path, locale)) for locale in self._creator.languages)

    def page(self, path: str) -> Mapping[str, SiteFile]:
        """A page in every language, by key. NotFound where what it is about is gone, NotRendered where its template fails."""
        if path not in self._rendered:
            page = self._all()[path]
            try:
                self._rendered[path] = {
                    key: _file(key, self._renderer.page(path, locale).encode(), REVALIDATED)
                    for key, locale in zip(self.keys(path), self._creator.languages, strict=True)
                }
            except NotFound as fault:
                if page.instances:
                    raise
                raise NotRendered(f"{path} says of itself that it is not there: {fault}") from fault
        return self._rendered[path]

    def around(self) -> Mapping[str, SiteFile]:
        """What lists the pages and the assets, by key: sitemap, robots.txt, web app manifests, service worker, asset manifest."""
        creator = self._creator
        around = {
            "robots.txt": webapp.robots(creator),
            "sitemap.xml": webapp.sitemap(creator, self._listed()),
            ASSET_MANIFEST: self.manifest.to_json(),
        }
        for locale in creator.languages:
            key = creator.path("/manifest.webmanifest", locale).removeprefix("/")
            around[key] = webapp.web_app_manifest(creator, self._palette, self.manifest, locale)
        if self._build.worker:
            kept = {path: self.page(path) for path in _OFFLINE if path in self._all()}
            contents = {_address(key): file.content for files in kept.values() for key, file in files.items()}
            around["sw.js"] = webapp.service_worker(creator, self.manifest, self._build.worker, contents)
        return {key: _file(key, content, REVALIDATED) for key, content in around.items()}

    def _all(self) -> Mapping[str, Page]:
        if self._paths is None:
            pages = (page for feature in self._features for page in feature.pages if not page.personal)
            self._paths = {path: page for page in pages for path in self._renderer.instances(page)}
        return self._paths

    def _listed(self) -> Iterable[str]:
        if not self._creator.seo.indexing:
            return ()
        return [path for path, page in self._all().items() if page.listed and path.endswith("/")]

    def _digest(self) -> str:
        """Names all that the brand's files are made from."""
        theme = self._theme()
        digest = hashlib.sha256()
        colours = (*deep_gradient(theme.primary, theme.accent), theme.page)
        drawn = self._build.drawn.model_dump_json()
        for part in (icons.RECIPE, version("pillow"), brand_css(self._palette), *colours, drawn):
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()[:24]

    def _theme(self) -> Any:
        return self._palette.light if self._creator.brand.theme == "light" else self._palette.dark

    def _make(self, read: Callable[[str], bytes]) -> Mapping[str, bytes]:
        made = icons.pictures(self._build.drawn, self._theme(), read)
        return {BRAND_STYLE: brand_css(self._palette).encode(), **made}

    def _made(self, contents: Mapping[str, bytes]) -> dict[str, AssetFile]:
        named = {}
        for name, content in contents.items():
            if name == _ROOT_ICON:
                # Browsers and feed readers ask for it at the root without being told to.
                self._brand[name] = _file(name, content, DAILY)
                continue
            key = fingerprinted(name, content, folder=BRAND_FOLDER)
            self._brand[key] = _file(key, content, IMMUTABLE)
            named[name] = AssetFile(url=f"/{key}", integrity=integrity(name, content))
        return named


def _file(key: str, content: bytes, cache_control: str) -> SiteFile:
    return SiteFile(content=content, content_type=content_type(key), cache_control=cache_control)


def _key(address: str) -> str:
    """The key of the object that answers at an address of the site."""
    return address.removeprefix("/") + ("index.html" if address.endswith("/") else "")


def _address(key: str) -> str:
    return "/" + key.removesuffix("index.html")
