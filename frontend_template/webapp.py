"""What makes the site installable and findable: web app manifest, service worker, sitemap, robots.txt."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from frontend_template.manifest import BRAND_STYLE, AssetManifest
from lambdas.core.brand import Palette
from lambdas.core.creator import Creator, Locale

OFFLINE = "/offline/"
_STYLE, _MODULE = "css/site.css", "js/site.js"


def web_app_manifest(creator: Creator, palette: Palette, assets: AssetManifest, locale: Locale) -> bytes:
    """The site as an app in one language."""
    theme = palette.light if creator.brand.theme == "light" else palette.dark
    icons = [
        {"src": assets.files[f"icons/{name}"].url, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in (
            ("app-192.png", 192, "any"),
            ("app-512.png", 512, "any"),
            ("maskable-512.png", 512, "maskable"),
        )
    ]
    app: dict[str, Any] = {
        "id": "/",
        "name": creator.name,
        "short_name": creator.name if len(creator.name) <= 12 else creator.name.split()[0][:12],
        "lang": locale,
        "start_url": creator.path("/", locale),
        "scope": "/",
        "display": "standalone",
        "background_color": theme.page,
        "theme_color": theme.page,
        "icons": icons,
    }
    if tagline := creator.site.tagline.in_(locale, fallback=creator.locale):
        app["description"] = tagline
    return _json(app)


def service_worker(creator: Creator, assets: AssetManifest, script: str, pages: Mapping[str, bytes]) -> bytes:
    """The script, after the constant `SITE`: what to keep for a moment without network, and a version that says when it changed.

    `pages` are the site's pages by address: the offline pages are kept, so their content is in the version.
    """
    offline = {
        "" if locale == creator.locale else f"/{locale}/": creator.path(OFFLINE, locale)
        for locale in creator.languages
        if creator.path(OFFLINE, locale) in pages
    }
    kept = [
        name
        for name in (BRAND_STYLE, _STYLE, _MODULE, *assets.imports.get(_MODULE, ()), *assets.fonts)
        if name in assets.files
    ]
    kept += [name for name in ("icons.svg", "icons/favicon.svg") if name in assets.files]
    precache = [*(assets.files[name].url for name in kept), *offline.values()]
    digest = hashlib.sha256(script.encode())
    for part in (*precache, *offline):
        digest.update(part.encode() + b"\n")
    for url in offline.values():
        digest.update(pages[url])
    site = {"version": digest.hexdigest()[:12], "precache": precache, "offline": offline}
    return b"const SITE=" + _json(site) + b";\n" + script.encode()


def sitemap(creator: Creator, paths: Iterable[str]) -> bytes:
    """These pages in every language, each with its alternates; no dates, so that nothing changed means the same bytes."""
    entries = []
    for path in paths:
        links: list[tuple[str, str]] = [
            (locale, creator.origin + creator.path(path, locale)) for locale in creator.languages
        ]
        links.append(("x-default", creator.origin + creator.path(path, creator.locale)))
        alternates = "".join(
            f'<xhtml:link rel="alternate" hreflang={quoteattr(language)} href={quoteattr(url)}/>'
            for language, url in links
        )
        entries += [f"<url><loc>{escape(url)}</loc>{alternates}</url>" for _, url in links[:-1]]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n' + "\n".join(entries) + "\n</urlset>\n"
    ).encode()


def robots(creator: Creator) -> bytes:
    """Also a site that no search engine should show may be read: its pages say so themselves."""
    if not creator.seo.indexing:
        return b"User-agent: *\nDisallow: /api/\n"
    return f"User-agent: *\nDisallow: /api/\n\nSitemap: {creator.origin}/sitemap.xml\n".encode()


def _json(value: Any) -> bytes:
    # U+2028 and U+2029 end a line in old scripts; escaped like every other character beyond ASCII.
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
