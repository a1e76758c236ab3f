"""A creator's whole public site: every page of every active feature in every language, and all they need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontend_template.assets import publish_assets
from frontend_template.cache import Cache
from frontend_template.manifest import Build
from frontend_template.objects import REVALIDATED, Shelf, SiteObject
from frontend_template.publish import not_written, write_site
from frontend_template.render import ROOT, Renderer
from frontend_template.site import Make, Site
from lambdas.core.brand import palette
from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.platform.storage import BUILD

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
    pages: bool = True,
) -> SiteBuild:
    """Write the site to `out`, whole or not at all; two runs on the same input give the same bytes.

    `features` are the active ones, `source` is the creator's folder of pictures, `cache` may be
    shared by all creators. `progress` is told in a few words what is being made. `pages` false leaves
    out all that a platform publishes by itself. PrismErrors name the page, picture, colour or style
    sheet at fault; SiteNotWritten a full disk. The site that was there stays after any error.
    """
    say = progress or (lambda _: None)
    try:
        kept = Cache(cache)
        shelf = Shelf(kept)
        notes = palette(creator.brand).notes
        say("assets")
        build = publish_assets(creator, source=source, roots=roots, shelf=shelf, cache=kept)
        shelf.put(BUILD, build.to_json(), cache_control=REVALIDATED)
        count = 0
        if pages:
            say("pages")
            count = _publish(creator, features, build, roots=roots, shelf=shelf, cache=kept)
        say("files")
        changed = write_site(out, shelf.contents, shelf.index())
        if changed:
            kept.prune()
    except OSError as fault:
        raise not_written(fault) from fault
    return SiteBuild(folder=out, objects=dict(sorted(shelf.objects.items())), pages=count, notes=notes, changed=changed)


def _publish(
    creator: Creator,
    features: tuple[Feature[Any], ...],
    build: Build,
    *,
    roots: Sequence[Path],
    shelf: Shelf,
    cache: Cache,
) -> int:
    """Put on the shelf what a platform that stores nothing yet would publish; how many pages that is."""

    def keep(digest: str, make: Make) -> Mapping[str, bytes]:
        # The cache's names are plain.
        made = cache.files("brand", (digest,), lambda: {name.replace("/", "|"): c for name, c in make().items()})
        return {name.replace("|", "/"): content for name, content in made.items()}

    renderer = Renderer(creator, features, build.assets, roots=roots, stored=False)
    site = Site(renderer, creator, features, build, read=shelf.contents.__getitem__, kept=keep)
    pages = {key: file for path in site.paths() for key, file in site.page(path).items()}
    for key, file in {**site.brand(), **pages, **site.around()}.items():
        shelf.put(key, file.content, cache_control=file.cache_control)
    return len(pages)
