"""What a function renders with: the templates once, the settings and the assets of the moment."""

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdas.core.clock import Clock
from lambdas.core.errors import Unavailable
from lambdas.core.feature import Feature
from lambdas.platform.publishing import Site
from lambdas.platform.services import Renderer
from lambdas.platform.settings import FRESH, Settings
from lambdas.platform.storage import ASSET_MANIFEST, BRAND_FOLDER, BUILD, SiteBucket

if TYPE_CHECKING:
    from frontend_template.manifest import AssetManifest
    from frontend_template.render import Renderer as SiteRenderer


class NotBuilt(Unavailable):
    code = "not_built"
    title = "The site has not been published yet"


class Rendering:
    """`renderer` for pages and letters, at most a minute old (never in the worker); `site` for publishing.

    Jinja stays out of a cold start that renders nothing: it is imported with the first page.
    """

    def __init__(
        self, *, settings: Settings, features: tuple[Feature[Any], ...], bucket: SiteBucket, clock: Clock
    ) -> None:
        self._settings = settings
        self._features = features
        self._bucket = bucket
        self._clock = clock
        self._lock = threading.Lock()
        self._made: SiteRenderer | None = None
        self._from: tuple[Any, bytes] | None = None
        self._looked: datetime | None = None

    def renderer(self) -> Renderer:
        """Renders with the settings and assets of the moment. NotBuilt where no site has been published."""
        with self._lock:
            now = self._clock()
            if self._made is None or self._looked is None or self._settings.always or now - self._looked >= FRESH:
                self._look(now)
            assert self._made is not None
            return self._made

    def _look(self, now: datetime) -> None:
        try:
            self._made = self._renewed()
        except Exception:
            # Pages in the colours of a minute ago are better than none; who must know the present does not go on.
            if self._made is None or self._settings.always:
                raise
        self._looked = now

    def site(self, *, anew: bool) -> Site:
        """The site as it should be now; the settings are read anew. NotBuilt where the build has not been sent."""
        from frontend_template.manifest import AssetManifest, Build
        from frontend_template.render import Renderer as SiteRenderer
        from frontend_template.site import Site as SiteNow

        found = self._bucket.read(BUILD)
        if found is None:
            raise NotBuilt(fix="Send the build's assets first.")
        build = Build.from_json(found)
        creator = self._settings.creator()
        with self._lock:
            self._made = self._made or SiteRenderer(creator, self._features, build.assets)
            renderer = self._made
        manifest = None if anew else self._bucket.read(ASSET_MANIFEST)
        published = AssetManifest.from_json(manifest) if manifest else None
        return SiteNow(
            renderer,
            creator,
            self._features,
            build,
            read=self._drawn,
            published=published if published and self._is_there(published) else None,
        )

    def _renewed(self) -> "SiteRenderer":
        from frontend_template.manifest import AssetManifest
        from frontend_template.render import Renderer as SiteRenderer

        creator, manifest = self._settings.creator(), self._bucket.read(ASSET_MANIFEST)
        if manifest is None:
            raise NotBuilt(fix="Publish the site, then try again.")
        if self._made is not None and self._from == (creator, manifest):
            return self._made
        assets = AssetManifest.from_json(manifest)
        made = self._made.renewed(creator, assets) if self._made else SiteRenderer(creator, self._features, assets)
        self._from = creator, manifest
        return made

    def _is_there(self, manifest: "AssetManifest") -> bool:
        """Whether every file of the brand that it names is in the bucket."""
        ours = f"/{BRAND_FOLDER}/"
        named = {file.url[1:] for file in manifest.files.values() if file.url.startswith(ours)}
        return named <= set(self._bucket.keys_below(ours[1:]))

    def _drawn(self, key: str) -> bytes:
        content = self._bucket.read(key)
        if content is None:
            raise NotBuilt(f"{key} is not in the bucket.", fix="Send the build's assets again.")
        return content
