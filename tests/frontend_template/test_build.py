"""A site is every page of what is switched on, whole, the same for the same input, and ready to be served."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import brotli  # type: ignore[import-untyped]
import pytest

from frontend_template.assets import StaticFileMissing
from frontend_template.build import ROOT
from frontend_template.images import PictureUnusable
from frontend_template.objects import IMMUTABLE
from frontend_template.render import NotRendered
from frontend_template.styles import StyleSheetBroken
from lambdas.core.brand import ContrastCannotBeMended
from lambdas.platform.storage import PRECOMPRESSED_SUFFIXES
from tests.creators import a_creator
from tests.frontend_template.small_site import SMALL_ROOT, Build
from tests.frontend_template.test_images import opened, photograph

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def own_root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    shutil.copytree(SMALL_ROOT, root)
    return root


def test_every_page_is_there_in_every_language(build: Build) -> None:
    site = everything(build().folder)
    for page in ("", "imprint/", "privacy/", "404/", "offline/", "contact/", "contact/sent/"):
        for language in ("", "de/"):
            assert f"{language}{page}index.html" in site
    assert "en/index.html" not in site
    assert b'<html lang="de"' in site["de/404/index.html"]


def test_a_site_of_one_language_has_no_other(build: Build) -> None:
    site = everything(build(a_creator(locale="de", languages=["de"])).folder)
    assert b'<html lang="de"' in site["index.html"]
    assert not [key for key in site if key.startswith(("de/", "en/"))]


def test_two_builds_from_nothing_are_the_same_to_the_byte(build: Build, tmp_path: Path) -> None:
    first = build(out=tmp_path / "one", cache=tmp_path / "cache-one").folder
    second = build(out=tmp_path / "two", cache=tmp_path / "cache-two").folder
    assert everything(first) == everything(second)


def test_what_did_not_change_is_not_written_again(build: Build) -> None:
    first = build()
    before = (first.folder / "index.html").stat().st_mtime_ns
    second = build()
    assert (first.changed, second.changed) == (True, False)
    assert (second.folder / "index.html").stat().st_mtime_ns == before
    assert second.objects == first.objects


def test_a_feature_that_is_switched_off_leaves_nothing(build: Build) -> None:
    build()
    site = build(a_creator(switches={"contact": {"enabled": False}})).folder
    kept = everything(site)
    assert not [key for key in kept if "contact" in key]
    for key, content in kept.items():
        if key.endswith((".html", ".xml", ".webmanifest", "sw.js", "site.json", "manifest.json")):
            assert b"contact" not in content, key


def test_the_index_describes_every_object_as_the_bucket_will_have_it(build: Build) -> None:
    folder = build().folder
    site = everything(folder)
    index = json.loads(site.pop("site.json"))
    assert index.keys() == site.keys()
    for key, entry in index.items():
        assert entry.keys() == {"content_type", "cache_control", "content_encoding", "sha256"}
        assert entry["sha256"] == hashlib.sha256(site[key]).hexdigest()
        assert entry["content_encoding"] == ("br" if key.endswith(".br") else "")
        fingerprinted = re.search(r"^assets/.+\.[0-9a-f]{12}\.\w+(\.br)?$", key)
        assert (entry["cache_control"] == IMMUTABLE) == bool(fingerprinted), key
    assert index["index.html"]["content_type"] == "text/html; charset=utf-8"
    assert index["index.html"]["cache_control"].startswith("public, max-age=0, s-maxage=")
    assert index["index.html.br"]["content_type"] == "text/html; charset=utf-8"


def test_every_text_has_its_brotli_twin(build: Build) -> None:
    site = everything(build().folder)
    del site["site.json"]
    plain = {key for key in site if not key.endswith(".br")}
    assert {key + ".br" for key in plain if key.endswith(PRECOMPRESSED_SUFFIXES)} == site.keys() - plain
    for key in site.keys() - plain:
        assert brotli.decompress(site[key]) == site[key.removesuffix(".br")]


def test_everything_a_page_or_an_asset_names_is_there(build: Build) -> None:
    site = everything(build().folder)
    named = re.compile(rb"""(?:href|src)="(/[^"#]*)|url\("?(/[^")]+)|(?:from|import\(?)["'](/[^"']+)""")
    found = 0
    for key, content in site.items():
        if key.endswith((".html", ".css", ".js")):
            for match in named.finditer(content):
                address = next(group for group in match.groups() if group).decode().removeprefix("/")
                assert (address if not address or address[-1] != "/" else address + "index.html") in site or not address
                found += 1
    assert found > 100
    for entry in json.loads(site["manifest.webmanifest"])["icons"]:
        assert entry["src"].removeprefix("/") in site


def test_scripts_and_styles_are_as_the_page_promises(build: Build) -> None:
    site = everything(build().folder)
    html = site["index.html"].decode()
    promised = dict(re.findall(r'(?:href|src)="/(assets/[^"]+\.(?:js|css))" integrity="sha384-([^"]+)"', html))
    assert {key.split(".")[0] for key in promised} == {
        "assets/brand/css/brand", "assets/css/site", "assets/js/site", "assets/js/parts/greet", "assets/js/parts/name"
    }  # fmt: skip
    for key, digest in promised.items():
        assert base64.b64encode(hashlib.sha384(site[key]).digest()).decode() == digest


def test_a_change_in_an_import_changes_the_address_of_what_imports_it(build: Build, tmp_path: Path) -> None:
    root = own_root(tmp_path)
    before = {key for key in everything(build().folder) if key.startswith("assets/js")}
    (root / "static/js/parts/name.js").write_text('export const name = "someone else";')
    after = {key for key in everything(build(roots=(root,)).folder) if key.startswith("assets/js")}
    assert {key.split(".")[0] for key in before - after} == {
        "assets/js/parts/name",
        "assets/js/parts/greet",
        "assets/js/site",
    }


def test_no_page_has_a_script_or_a_style_of_its_own(build: Build) -> None:
    for key, content in everything(build().folder).items():
        if key.endswith(".html"):
            assert not re.search(rb"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", content), key


def test_the_sitemap_has_every_listed_page_with_its_languages(build: Build) -> None:
    tree = ElementTree.fromstring((build().folder / "sitemap.xml").read_bytes())  # noqa: S314  (our own)
    found = {url.findtext("s:loc", namespaces=SITEMAP): url for url in tree.findall("s:url", SITEMAP)}
    origin = "https://tester.example"
    assert sorted(filter(None, found)) == sorted(
        origin + path for page in ("/", "/contact/", "/imprint/", "/privacy/") for path in (page, "/de" + page)
    )
    links = found[f"{origin}/de/contact/"].findall("x:link", SITEMAP)
    assert {link.get("hreflang"): link.get("href") for link in links} == {
        "en": f"{origin}/contact/", "de": f"{origin}/de/contact/", "x-default": f"{origin}/contact/"
    }  # fmt: skip
    assert f"Sitemap: {origin}/sitemap.xml" in (build().folder / "robots.txt").read_text()


def test_the_app_is_installable_in_each_language(build: Build) -> None:
    folder = build(a_creator(site={"tagline": {"en": "Hello", "de": "Hallo"}})).folder
    english, german = (json.loads((folder / f"{path}manifest.webmanifest").read_text()) for path in ("", "de/"))
    assert (english["start_url"], english["lang"], english["description"]) == ("/", "en", "Hello")
    assert (german["start_url"], german["lang"], german["description"]) == ("/de/", "de", "Hallo")
    assert english["id"] == german["id"]
    assert {(icon["sizes"], icon["purpose"]) for icon in english["icons"]} == {
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")
    }  # fmt: skip


def test_the_service_worker_changes_when_what_it_keeps_does(build: Build, tmp_path: Path) -> None:
    def worker(build_root: Path) -> dict[str, object]:
        text = (build(roots=(build_root,)).folder / "sw.js").read_text()
        site: dict[str, object] = json.loads(text.removeprefix("const SITE=").partition(";\n")[0])
        return site

    first = worker(SMALL_ROOT)
    assert first["offline"] == {"": "/offline/", "/de/": "/de/offline/"}
    assert worker(SMALL_ROOT) == first
    root = own_root(tmp_path)
    texts = root / "locales/site/de.toml"
    texts.write_text(texts.read_text().replace("Kein Netz", "Gerade kein Netz"))
    assert worker(root)["version"] != first["version"]


def test_the_brands_colours_are_a_sheet_of_their_own_in_front_of_the_others(build: Build) -> None:
    creator = a_creator(brand={"primary": "#0B3D2E", "accent": "#FFD400"})
    made = build(creator)
    brand = next(made.folder.glob("assets/brand/css/brand.*.css")).read_text()
    assert "--accent:#FFD400" in brand
    assert "[data-theme=light]" in brand
    css = next(made.folder.glob("assets/css/site.*.css")).read_text()
    assert "--accent:" not in css
    assert css.index('font-family:"Poppins"') < css.index(".button:hover")
    html = (made.folder / "index.html").read_text()
    assert html.index("css/brand.") < html.index("css/site.")
    assert any("#FFD400" in note for note in made.notes)


def test_another_colour_changes_the_brands_own_files_and_no_other_asset(build: Build) -> None:
    def assets(**brand: str) -> set[str]:
        return {
            key for key in everything(build(a_creator(brand=brand)).folder) if re.match(r"assets/.+\.\w{12}\.", key)
        }

    before, after = assets(), assets(primary="#0B3D2E", accent="#FFD400")
    assert {key.split(".")[0] for key in before - after} == {
        f"assets/brand/{name}"
        for name in (
            "css/brand",
            "icons/app-192",
            "icons/app-512",
            "icons/favicon",
            "icons/maskable-512",
            "icons/touch",
            "open-graph",
        )
    }
    assert not [key for key in before & after if key.startswith("assets/brand/")]


def test_a_site_that_is_not_to_be_indexed_says_so_on_every_page(build: Build) -> None:
    folder = build(a_creator(seo={"indexing": False}), roots=(ROOT,)).folder
    for page in folder.rglob("*.html"):
        assert '<meta name="robots" content="noindex">' in page.read_text()
    assert "<url>" not in (folder / "sitemap.xml").read_text()
    # What may not be read cannot say that it is not to be shown.
    assert (folder / "robots.txt").read_text() == "User-agent: *\nDisallow: /api/\n"


def test_what_search_engines_and_other_sites_show_is_the_creators_to_say(build: Build) -> None:
    creator = a_creator(
        site={"tagline": {"en": "A tagline."}},
        seo={
            "title": {"en": "Songs by Testa", "de": "Lieder von Testa"},
            "description": {"en": "Says it."},
            "share": {"de": "Schau!"},
        },
    )
    folder = build(creator, roots=(ROOT,)).folder
    english, german = (folder / "index.html").read_text(), (folder / "de/index.html").read_text()
    assert "<title>Songs by Testa</title>" in english
    assert "<title>Lieder von Testa</title>" in german
    assert '<meta name="description" content="Says it.">' in english
    assert '<meta property="og:description" content="Schau!">' in german
    assert '<meta name="description" content="A tagline.">' in (folder / "404/index.html").read_text()


def test_without_pages_a_build_is_what_a_platform_publishes_from(build: Build) -> None:
    site = everything(build(pages=False).folder)
    assert all(key.startswith("assets/") or key == "site.json" for key in site)
    assert not [key for key in site if key.startswith("assets/brand/")]
    assert "assets/build.json" in site


def test_the_two_fonts_of_every_page_are_light_and_have_german_letters(build: Build) -> None:
    from fontTools.ttLib import TTFont

    folder = build().folder
    html = (folder / "index.html").read_text()
    fonts = [folder / address for address in re.findall(r'as="font" type="font/woff2" href="/([^"]+)"', html)]
    assert len(fonts) == 2
    assert sum(font.stat().st_size for font in fonts) <= 32 * 1024
    for font in fonts:
        assert {ord(letter) for letter in "AzäöüÄÖÜß„“”’–…€0123456789"} <= TTFont(font).getBestCmap().keys()


def test_a_creators_pictures_are_published_in_sizes_with_their_place_reserved(build: Build, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/My Hero.JPG").write_bytes(photograph(900, 600))
    (tmp_path / "source/mark.png").write_bytes(photograph(512, 512, "PNG"))
    folder = build(a_creator(brand={"picture": "My Hero.JPG", "logo": "mark.png"})).folder
    html = (folder / "index.html").read_text()
    tag = html[html.index("<picture") : html.index("</picture>")]
    assert tag.startswith('<picture class="hero"><source type="image/avif" srcset="/assets/pictures/my-hero-480.')
    assert 'width="900" height="600" alt="Testa Fictional" fetchpriority="high"' in tag
    assert {entry.split()[1] for entry in re.findall(r'srcset="([^"]+)"', tag)[0].split(", ")} == {
        "480w",
        "800w",
        "900w",
    }
    for address in re.findall(r"/assets/pictures/[^\s\"]+", tag):
        assert (folder / address.removeprefix("/")).is_file()
    assert b"data:image/png" in next(folder.glob("assets/brand/icons/favicon.*.svg")).read_bytes()


@pytest.mark.parametrize("name", ["Łucja", "中村", "é", "x", "A" * 160, "Wide Words " * 10 + "end"])
def test_every_name_gets_icons_and_a_card(build: Build, name: str) -> None:
    folder = build(a_creator(name=name)).folder
    ElementTree.fromstring(next(folder.glob("assets/brand/icons/favicon.*.svg")).read_bytes())  # noqa: S314  (our own)
    for place, size in (
        ("assets/brand/open-graph.*.jpg", (1200, 630)),
        ("assets/brand/icons/app-192.*.png", (192, 192)),
        ("favicon.ico", (32, 32)),
    ):
        assert opened(next(folder.glob(place)).read_bytes()).size == size


def test_progress_is_told(build: Build) -> None:
    told: list[str] = []
    build(progress=told.append)
    assert told == ["assets", "pages", "files"]


@pytest.mark.parametrize(
    ("file", "text", "fault", "says"),
    [
        ("static/css/site.css", "body { & } }", StyleSheetBroken, "css/site.css"),
        (
            "static/css/site.css",
            '@import "parts/none.css";',
            StyleSheetBroken,
            "css/site.css imports css/parts/none.css, which does not exist",
        ),
        (
            "static/css/site.css",
            "body{background:url(../img/none.svg)}",
            StaticFileMissing,
            "css/site.css names img/none.svg",
        ),
        ("locales/site/de.toml", 'imprint = "Impressum"', NotRendered, "site.privacy"),
        ("pages/site/home.html.j2", "{{ nothing }}", NotRendered, "pages/site/home.html.j2, line 1"),
    ],
)
def test_a_fault_is_named_and_the_old_site_stays(
    build: Build, tmp_path: Path, file: str, text: str, fault: type[Exception], says: str
) -> None:
    before = everything(build().folder)
    root = own_root(tmp_path)
    (root / file).write_text(text)
    with pytest.raises(fault, match=re.escape(says)):
        build(roots=(root,))
    assert everything(tmp_path / "site") == before


def test_colours_and_pictures_that_cannot_be_used_are_refused_and_the_old_site_stays(
    build: Build, tmp_path: Path
) -> None:
    before = everything(build().folder)
    with pytest.raises(ContrastCannotBeMended):
        build(a_creator(brand={"accent": "#000000"}))
    with pytest.raises(PictureUnusable, match=r"source/none\.jpg"):
        build(a_creator(brand={"picture": "none.jpg"}))
    assert everything(tmp_path / "site") == before
