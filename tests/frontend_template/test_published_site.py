"""What is published anew: pages with and without instances, feeds, and the brand's own files, from a build and the settings."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frontend_template.manifest import AssetManifest, Build
from frontend_template.render import NotRendered, Renderer
from frontend_template.site import Site
from lambdas.core.creator import Creator
from lambdas.core.errors import NotFound
from lambdas.core.feature import Page, PageContext
from lambdas.features.registry import active_features
from tests.creators import a_creator
from tests.frontend_template.small_site import SMALL_ROOT, spoken_of
from tests.frontend_template.small_site import Build as BuildSite
from tests.frontend_template.test_build import own_root

POSTS = {"hello": "Hello & welcome", "second": "Second"}
GONE: set[str] = set()


def all_posts(context: PageContext) -> Iterable[dict[str, str]]:
    assert context.stored
    return ({"slug": slug} for slug in POSTS)


def one_post(context: PageContext) -> dict[str, Any]:
    slug = context.parameters["slug"]
    if slug in GONE:
        raise NotFound()
    return {"title": POSTS[slug]}


def feed(context: PageContext) -> dict[str, Any]:
    return {"posts": POSTS}


def never(context: PageContext) -> dict[str, Any]:
    raise NotFound("nothing")


HERE = "tests.frontend_template.test_published_site"
MORE = (
    Page(
        path="/posts/{slug}/", template="posts/post.html.j2", context=f"{HERE}:one_post", instances=f"{HERE}:all_posts"
    ),
    Page(path="/feed.xml", template="posts/feed.xml.j2", context=f"{HERE}:feed"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = own_root(tmp_path)
    folder = root / "pages/posts"
    folder.mkdir()
    (folder / "post.html.j2").write_text(
        '{% extends "layouts/base.html.j2" %}{% block main %}<h1>{{ title }}</h1>'
        '<a href="{{ url("/posts/second/") }}">{{ has_page("/posts/x/y/") }}</a>{% endblock %}'
    )
    (folder / "feed.xml.j2").write_text(
        "<feed>{% for slug, title in posts.items() %}<t>{{ title }}</t>{% endfor %}</feed>"
    )
    return root


class Place:
    """A site of the small root with posts; `changed` is the same build under other settings."""

    def __init__(self, build: BuildSite, root: Path, *, more: tuple[Page, ...] = MORE) -> None:
        self.creator = a_creator()
        self.features = tuple(
            replace(feature, pages=(*feature.pages, *more)) if feature.name == "contact" else feature
            for feature in spoken_of(active_features(self.creator), (SMALL_ROOT,))
        )
        self.folder = build(self.creator, features=self.features, roots=(root,), pages=False).folder
        self.build = Build.from_json((self.folder / "assets/build.json").read_bytes())
        self.renderer = Renderer(self.creator, self.features, self.build.assets, roots=(root,))

    def site(self, published: AssetManifest | None = None, **fields: Any) -> Site:
        creator: Creator = self.creator.model_copy(update=fields)
        return Site(self.renderer, creator, self.features, self.build, read=self.read, published=published)

    def read(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()


@pytest.fixture
def place(build: BuildSite, root: Path) -> Place:
    return Place(build, root)


def test_a_page_of_many_is_one_for_each_in_every_language(place: Place) -> None:
    site = place.site()
    assert {"/posts/hello/", "/posts/second/", "/feed.xml"} <= set(site.paths())
    assert "/posts/{slug}/" not in site.paths()
    pages = site.page("/posts/hello/")
    assert list(pages) == ["posts/hello/index.html", "de/posts/hello/index.html"]
    english, german = (page.content.decode() for page in pages.values())
    assert "<h1>Hello &amp; welcome</h1>" in english
    assert '<link rel="canonical" href="https://tester.example/posts/hello/">' in english
    assert '<a href="/de/posts/second/">False</a>' in german


def test_a_feed_is_a_file_with_its_own_type_and_no_entry_of_the_sitemap(place: Place) -> None:
    site = place.site()
    feeds = site.page("/feed.xml")
    assert list(feeds) == ["feed.xml", "de/feed.xml"]
    assert feeds["feed.xml"].content == b"<feed><t>Hello &amp; welcome</t><t>Second</t></feed>"
    assert feeds["feed.xml"].content_type == "application/xml"
    sitemap = site.around()["sitemap.xml"].content.decode()
    assert "https://tester.example/de/posts/second/" in sitemap
    assert "feed.xml" not in sitemap


def test_one_of_many_whose_subject_is_gone_is_not_found_and_any_other_page_is_at_fault(
    build: BuildSite, root: Path, place: Place
) -> None:
    GONE.add("hello")
    try:
        with pytest.raises(NotFound):
            place.site().page("/posts/hello/")
    finally:
        GONE.clear()
    odd = Place(build, root, more=(Page(path="/odd/", template="posts/feed.xml.j2", context=f"{HERE}:never"),))
    with pytest.raises(NotRendered, match="/odd/ says of itself"):
        odd.site().page("/odd/")


@pytest.mark.parametrize("slug", ["", "a/b", "..", ".", "a b", "ä", "a%2F", "x?y"])
def test_what_no_address_can_hold_makes_no_page(place: Place, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POSTS, slug, "title")
    with pytest.raises(ValueError, match="no address can hold"):
        place.site().paths()


def test_without_tables_there_are_no_pages_of_many(build: BuildSite, root: Path, place: Place) -> None:
    folder = build(place.creator, features=place.features, roots=(root,)).folder
    assert (folder / "feed.xml").is_file()
    assert not (folder / "posts").exists()


def test_other_colours_need_no_font_and_change_only_what_is_the_brands(place: Place) -> None:
    before = place.site()
    brand = place.creator.brand.model_copy(update={"primary": "#0B3D2E", "accent": "#FFD400"})
    after = place.site(published=before.manifest, brand=brand)
    changed = {key.split(".")[0] for key in after.brand()}
    assert changed == {
        "favicon", "assets/brand/css/brand", "assets/brand/open-graph",
        *(f"assets/brand/icons/{name}" for name in ("favicon", "touch", "app-192", "app-512", "maskable-512")),
    }  # fmt: skip
    assert after.brand_keys() == set(after.brand()) - {"favicon.ico"}
    assert before.brand_keys().isdisjoint(after.brand_keys())
    same = {name for name, file in after.manifest.files.items() if before.manifest.files[name] == file}
    assert "css/site.css" in same
    assert json.loads(after.around()["assets/manifest.json"].content)["brand"] == after.manifest.brand


def test_a_brand_that_is_published_already_is_not_drawn_again(place: Place) -> None:
    first = place.site()
    again = place.site(published=first.manifest)
    assert (dict(again.brand()), again.manifest, again.brand_keys()) == ({}, first.manifest, first.brand_keys())
    assert again.page("/") == first.page("/")
