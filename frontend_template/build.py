"""A creator's whole public site: every page of every active feature in every language, and all they need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontend_template import scripts, webapp
from frontend_template.assets import SERVICE_WORKER, publish_assets, static_files
from frontend_template.cache import Cache
from frontend_template.objects import REVALIDATED, Shelf, SiteObject
from frontend_template.publish import not_written, write_site
from frontend_template.render import ROOT, Renderer
from lambdas.core.brand import palette
from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.platform.storage import ASSET_MANIFEST

__all__ = ["ROOT", "SiteBuild", "build_site"]


@dataclass(frozen=True, kw_only=True)
class SiteBuild:
    """A built site: where it is, its objects by key, how many of them are pages, and what the palette mended.

    `changed` is False where the same site was there already.
    """

    folder: Path
    objects: Mapping[str, SiteObject]
    pages: int
    notes: tuple[str, ...]
    changed: bool


def build_site(
    creator: Creator,
    *,
    features: tuple[Feature[Any], ...],
    source: Path,
    out: Path,
    cache: Path,
    roots: Sequence[Path] = (ROOT,),
    progress: Callable[[str], None] | None = None,
) -> SiteBuild:
    """Write the site to `out`, whole or not at all; two runs on the same input give the same bytes.

    `features` are the active ones, `source` is the creator's folder of pictures, `cache` may be
    shared by all creators. `progress` is told in a few words what is being made. PrismErrors name
    the page, picture, colour or style sheet at fault; SiteNotWritten a full disk. The site that was
    there stays after any error.
    """
    say = progress or (lambda _: None)
    try:
        kept = Cache(cache)
        shelf = Shelf(kept)
        colours = palette(creator.brand)
        say("assets")
        assets = publish_assets(creator, colours, source=source, roots=roots, shelf=shelf, cache=kept)
        say("pages")
        pages = _pages(Renderer(creator, features, assets, roots=roots), creator, features)
        for url, html in pages.items():
            shelf.put(f"{url.removeprefix('/')}index.html", html, cache_control=REVALIDATED)
        around = {
            "robots.txt": webapp.robots(creator),
            "sitemap.xml": webapp.sitemap(creator, features),
            ASSET_MANIFEST: assets.to_json(),
        }
        for locale in creator.languages:
            key = creator.path("/manifest.webmanifest", locale).removeprefix("/")
            around[key] = webapp.web_app_manifest(creator, colours, assets, locale)
        worker = static_files(roots).get(SERVICE_WORKER)
        if worker:
            script = scripts.minified(worker.read_text(encoding="utf-8"), kept)
            around[SERVICE_WORKER] = webapp.service_worker(creator, assets, script, pages)
        for key, content in around.items():
            shelf.put(key, content, cache_control=REVALIDATED)
        say("files")
        changed = write_site(out, shelf.contents, shelf.index())
        if changed:
            kept.prune()
    except OSError as fault:
        raise not_written(fault) from fault
    return SiteBuild(
        folder=out, objects=dict(sorted(shelf.objects.items())), pages=len(pages), notes=colours.notes, changed=changed
    )


def _pages(renderer: Renderer, creator: Creator, features: tuple[Feature[Any], ...]) -> dict[str, bytes]:
    """Every page by its address."""
    return {
        creator.path(page.path, locale): renderer.page(page.path, locale).encode()
        for locale in creator.languages
        for feature in features
        for page in feature.pages
        if not page.personal
    }
