"""The bucket ends up as what is stored says, whoever publishes, in whatever order, and whatever fails in between."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.errors import NotFound, Unavailable
from lambdas.core.feature import EVERY_PAGE
from lambdas.platform import aws
from lambdas.platform.publishing import (
    BRAND_FOLDER,
    CloudFront,
    NotPublished,
    Publisher,
    SiteFile,
    addresses_of,
)
from lambdas.platform.storage import PRECOMPRESSED_SUFFIXES
from tests.platform_under_test import MovingClock


class Killed(BaseException):
    """The function ended here: nothing catches it."""


class Bucket:
    """A bucket in memory that does `before` ahead of every operation and remembers what was done."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.done: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda what, key: None

    def read(self, key: str) -> bytes | None:
        return self.objects[key][0] if key in self.objects else None

    def fingerprint(self, key: str) -> str | None:
        self.before("look", key)
        return self.objects[key][1] if key in self.objects else None

    def put(self, key: str, content: bytes, *, fingerprint: str = "", **headers: str) -> None:
        self.before("put", key)
        assert headers.keys() <= {"content_type", "cache_control", "content_encoding"}
        self.objects[key] = content, fingerprint
        self.done.append(("put", key))

    def delete(self, key: str) -> None:
        self.before("delete", key)
        self.objects.pop(key, None)
        self.done.append(("delete", key))

    def keys_below(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def written(self) -> list[str]:
        return [key for what, key in self.done if what == "put"]


@dataclass
class World:
    """What is stored: the pages there are with their texts, and the brand."""

    pages: dict[str, str] = field(default_factory=lambda: {"/": "home", "/a/": "a", "/b/": "b"})
    brand: str = "purple"
    broken: set[str] = field(default_factory=set)
    looks: int = 0


class WorldSite:
    """The world as it was when this was made."""

    def __init__(self, world: World, bucket: Bucket, *, anew: bool) -> None:
        self._pages, self._brand, self._broken = dict(world.pages), world.brand, set(world.broken)
        manifest = json.loads(bucket.read("assets/manifest.json") or b"{}")
        self._known = not anew and manifest.get("brand") == world.brand

    def brand(self) -> Mapping[str, SiteFile]:
        if self._known:
            return {}
        return {key: a_file(self._brand) for key in (f"{BRAND_FOLDER}/{self._brand}.css", "favicon.ico")}

    def brand_keys(self) -> frozenset[str]:
        return frozenset({f"{BRAND_FOLDER}/{self._brand}.css"})

    def paths(self) -> tuple[str, ...]:
        return tuple(self._pages)

    def keys(self, path: str) -> tuple[str, ...]:
        return tuple(f"{language}{path}index.html".removeprefix("/") for language in ("", "/de"))

    def page(self, path: str) -> Mapping[str, SiteFile]:
        text = self._pages[path]
        if path in self._broken:
            raise RuntimeError("a template failed")
        if text == "gone meanwhile":
            raise NotFound()
        return {key: a_file(f"{text} in {self._brand}") for key in self.keys(path)}

    def around(self) -> Mapping[str, SiteFile]:
        return {
            "sitemap.xml": a_file(" ".join(sorted(self._pages))),
            "assets/manifest.json": a_file(json.dumps({"brand": self._brand})),
        }


def a_file(text: str) -> SiteFile:
    return SiteFile(content=text.encode(), content_type="text/html", cache_control="no-cache")


class Edge:
    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.away = False

    def forget(self, addresses: tuple[str, ...]) -> None:
        if self.away:
            raise ConnectionError("the edge is away")
        self.forgotten += addresses


@dataclass
class Place:
    """A world and its bucket."""

    world: World = field(default_factory=World)
    bucket: Bucket = field(default_factory=Bucket)
    edge: Edge = field(default_factory=Edge)
    clock: MovingClock = field(default_factory=MovingClock)

    def publisher(self) -> Publisher:
        bucket: Any = self.bucket

        def look(*, anew: bool) -> WorldSite:
            self.world.looks += 1
            return WorldSite(self.world, self.bucket, anew=anew)

        return Publisher(bucket=bucket, sites=look, edge=self.edge, clock=self.clock)

    def live(self) -> dict[str, bytes]:
        """All objects but the files of brands that were."""
        old = {key for key in self.bucket.keys_below(BRAND_FOLDER) if f"/{self.world.brand}." not in key}
        return {key: content for key, (content, _) in self.bucket.objects.items() if key not in old}

    def rebuilt(self) -> dict[str, bytes]:
        """What the same world is published as into an empty bucket."""
        fresh = Place(world=self.world)
        fresh.publisher().publish_all()
        return fresh.live()


@pytest.fixture
def place() -> Place:
    made = Place()
    made.publisher().publish_all()
    made.bucket.done.clear()
    made.edge.forgotten.clear()
    return made


def test_only_what_was_touched_is_written_and_the_edge_asks_for_exactly_that(place: Place) -> None:
    place.world.pages["/a/"] = "another"
    place.world.pages["/b/"] = "not told of"
    done = place.publisher().publish(["/a/"])
    assert sorted(place.bucket.written()) == [
        "a/index.html", "a/index.html.br", "de/a/index.html", "de/a/index.html.br"
    ]  # fmt: skip
    assert done.written == set(place.bucket.written())
    assert place.edge.forgotten == ["/a/", "/a/index.html*", "/de/a/", "/de/a/index.html*"]


def test_a_second_time_writes_nothing(place: Place) -> None:
    place.world.pages["/a/"] = "another"
    place.publisher().publish(["/a/"])
    place.bucket.done.clear()
    place.edge.forgotten.clear()
    place.publisher().publish(["/a/"])
    place.publisher().publish_all()
    assert (place.bucket.done, place.edge.forgotten) == ([], [])


def test_what_a_page_names_is_there_before_it_and_what_lists_it_after(place: Place) -> None:
    place.world.brand = "green"
    place.publisher().publish([EVERY_PAGE])
    written = [key for key in place.bucket.written() if not key.endswith("retired.json")]
    last_of = {part: max(n for n, key in enumerate(written) if part in key) for part in ("brand/", "index.html")}
    first_of = {part: min(n for n, key in enumerate(written) if part in key) for part in ("index.html", "manifest")}
    assert last_of["brand/"] < first_of["index.html"] <= last_of["index.html"] < first_of["manifest"]


def test_a_page_and_its_twin_say_the_same(place: Place) -> None:
    place.world.pages["/a/"] = "another"
    place.publisher().publish(["/a/"])
    for key, (content, fingerprint) in place.bucket.objects.items():
        if key.endswith(PRECOMPRESSED_SUFFIXES) and not key.endswith("retired.json"):
            twin, same = place.bucket.objects[f"{key}.br"]
            assert (brotli.decompress(twin), same) == (content, fingerprint)


def test_a_page_that_is_gone_is_removed_in_every_language_and_from_what_lists_it(place: Place) -> None:
    del place.world.pages["/a/"]
    done = place.publisher().publish(["/a/", "/never-there/"])
    assert done.removed == {"a/index.html", "a/index.html.br", "de/a/index.html", "de/a/index.html.br"}
    assert place.bucket.read("sitemap.xml") == b"/ /b/"
    assert "/de/a/" in place.edge.forgotten
    assert place.live() == place.rebuilt()


def test_a_page_whose_subject_goes_while_it_is_made_is_removed(place: Place) -> None:
    place.world.pages["/a/"] = "gone meanwhile"
    place.publisher().publish(["/a/"])
    assert place.bucket.read("a/index.html") is None


def test_a_page_that_fails_stays_as_it_was_and_all_others_are_published(place: Place) -> None:
    place.world.pages |= {"/a/": "another a", "/b/": "another b"}
    place.world.broken = {"/a/"}
    with pytest.raises(NotPublished, match=r"^/a/: RuntimeError$") as failed:
        place.publisher().publish(["/a/", "/b/"])
    assert set(failed.value.causes) == {"/a/"}
    assert place.bucket.read("a/index.html") == b"a in purple"
    assert place.bucket.read("b/index.html") == b"another b in purple"
    with pytest.raises(NotPublished):
        place.publisher().publish_all()
    assert place.bucket.read("de/a/index.html") == b"a in purple"
    place.world.broken = set()
    place.publisher().publish(["/a/"])
    assert place.live() == place.rebuilt()


def test_a_rebuild_removes_what_no_page_is_and_leaves_what_the_build_sent(place: Place) -> None:
    for key in ("old/index.html", "old/index.html.br", "assets/css/site.css", "site.json"):
        place.bucket.objects[key] = b"", ""
    place.publisher().publish([EVERY_PAGE])
    assert place.bucket.read("old/index.html") == b""
    done = place.publisher().publish_all()
    assert done.removed == {"old/index.html", "old/index.html.br"}
    assert {"assets/css/site.css", "site.json"} <= place.bucket.objects.keys()


def test_a_rebuild_heals_what_somebody_else_changed(place: Place) -> None:
    before = dict(place.bucket.objects)
    place.bucket.objects["index.html"] = b"defaced", ""
    del place.bucket.objects["de/a/index.html.br"]
    del place.bucket.objects["favicon.ico"]
    place.publisher().publish_all()
    assert place.bucket.objects == before


def test_the_files_of_a_brand_stay_a_day_longer_than_the_pages_that_named_them(place: Place) -> None:
    old = f"{BRAND_FOLDER}/purple.css"
    place.world.brand = "green"
    place.publisher().publish([EVERY_PAGE])
    assert place.bucket.read(old) == b"purple"
    place.clock.forward(hours=23)
    place.publisher().publish_all()
    assert place.bucket.read(old) == b"purple"
    place.clock.forward(hours=2)
    place.publisher().publish_all()
    assert place.bucket.read(old) is None
    assert place.bucket.read(f"{BRAND_FOLDER}/green.css") == b"green"


def test_a_brand_that_comes_back_stays(place: Place) -> None:
    for brand in ("green", "purple"):
        place.world.brand = brand
        place.publisher().publish([EVERY_PAGE])
        place.clock.forward(hours=13)
    place.publisher().publish_all()
    assert place.bucket.read(f"{BRAND_FOLDER}/purple.css") == b"purple"
    place.clock.forward(hours=13)
    place.publisher().publish_all()
    assert place.bucket.read(f"{BRAND_FOLDER}/purple.css") == b"purple"
    assert place.bucket.read(f"{BRAND_FOLDER}/green.css") is None


def test_an_edge_that_is_away_is_told_of_and_changes_nothing(place: Place) -> None:
    place.edge.away = True
    place.world.pages["/a/"] = "another"
    done = place.publisher().publish(["/a/"])
    assert isinstance(done.unforgotten, ConnectionError)
    assert place.bucket.read("a/index.html") == b"another in purple"


def test_a_state_that_never_rests_is_tried_again_later(place: Place) -> None:
    def changing(what: str, key: str) -> None:
        if (what, key) == ("put", "a/index.html"):
            place.world.pages["/a/"] += "!"

    place.world.pages["/a/"] = "another"
    place.bucket.before = changing
    with pytest.raises(Unavailable):
        place.publisher().publish(["/a/"])


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.sampled_from(["/", "/a/", "/b/", "/c/"]), st.sampled_from(["x", "y", None])),
        st.tuples(st.just("brand"), st.just(EVERY_PAGE), st.sampled_from(["purple", "green", "red"])),
    ),
    min_size=1,
    max_size=6,
)


def change(world: World, what: str, path: str, to: str | None) -> None:
    if what == "brand":
        assert to
        world.brand = to
    elif to is None:
        world.pages.pop(path, None)
    else:
        world.pages[path] = to


@given(changes=CHANGES, seen=st.randoms())
@settings(max_examples=60, deadline=None)
def test_whatever_order_events_come_in_the_site_is_the_one_that_would_be_built(changes: Any, seen: Any) -> None:
    place = Place()
    place.publisher().publish_all()
    for one in changes:
        change(place.world, *one)
    events = [path for _, path, _ in changes] * 2
    seen.shuffle(events)
    for path in events:
        place.publisher().publish([path])
    assert place.live() == place.rebuilt()
    before = dict(place.bucket.objects)
    place.publisher().publish_all()
    assert place.bucket.objects == before


@given(changes=CHANGES, at=st.integers(min_value=0, max_value=40))
@settings(max_examples=60, deadline=None)
def test_a_slower_publisher_with_an_older_state_is_not_the_last_word(changes: Any, at: int) -> None:
    """While one is writing, the world changes and another publishes it whole; then the first goes on."""
    place = Place()
    place.publisher().publish_all()
    place.world.pages |= {"/": "first", "/a/": "first", "/b/": "first"}
    left, once = iter(range(1000)), threading.Lock()

    def another(what: str, key: str) -> None:
        del what, key
        with once:
            now = next(left) == at
        if now:
            for one in changes:
                change(place.world, *one)
            other = Place(world=place.world, bucket=place.bucket)
            other.publisher().publish(path for _, path, _ in changes)

    place.bucket.before = another
    place.publisher().publish([EVERY_PAGE])
    if next(left) <= at:  # it was done before the other one began
        another("", "")
        for one in changes:
            change(place.world, *one)
        place.publisher().publish(path for _, path, _ in changes)
    assert place.live() == place.rebuilt()


@given(changes=CHANGES, at=st.integers(min_value=0, max_value=40))
@settings(max_examples=60, deadline=None)
def test_a_publisher_killed_anywhere_is_made_good_by_the_event_that_comes_again(changes: Any, at: int) -> None:
    place = Place()
    place.publisher().publish_all()
    for one in changes:
        change(place.world, *one)
    touched = [path for _, path, _ in changes]
    left = iter(range(1000))

    def kill(what: str, key: str) -> None:
        del what, key
        if next(left) >= at:
            raise Killed

    place.bucket.before = kill
    with pytest.raises(Killed) if at == 0 else _perhaps_killed():
        place.publisher().publish(touched)
    place.bucket.before = lambda what, key: None
    place.publisher().publish(touched)
    assert place.live() == place.rebuilt()


class _perhaps_killed:  # noqa: N801  (reads as a sentence)
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is Killed


def test_many_at_once_leave_the_newest_state(place: Place) -> None:
    lock = threading.Lock()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(number: int) -> None:
        with lock:
            place.world.pages["/a/"] += f" {number}"
            if number % 3 == 0:
                place.world.brand = f"brand{number}"
        for _ in range(20):  # as often as the event comes again
            try:
                place.publisher().publish([EVERY_PAGE] if number % 3 == 0 else ["/a/"])
                return
            except Unavailable:
                continue
        raise AssertionError("the state never rested")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert place.live() == place.rebuilt()


def test_addresses_are_those_the_edge_keeps_a_page_under() -> None:
    keys = ("index.html", "index.html.br", "de/feed.xml", "assets/brand/css/brand.1.css")
    assert addresses_of(keys) == ("/", "/de/feed.xml*", "/index.html*")


@pytest.fixture
def cloudfront(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Amazon, as far as an invalidation goes."""
    asked: dict[str, Any] = {"parameters": [], "regions": []}

    class Client:
        def get_parameters(self, *, Names: list[str]) -> dict[str, Any]:  # noqa: N803
            assert Names == ["/prism/tester/distribution"]
            return {"Parameters": asked["parameters"]}

        def create_invalidation(self, **request: Any) -> None:
            asked["request"] = request

    def client(service: str, *, region: str | None = None) -> Client:
        asked["regions"].append((service, region))
        return Client()

    monkeypatch.setattr(aws, "client", client)
    return asked


def test_without_a_distribution_nobody_is_told(cloudfront: dict[str, Any]) -> None:
    CloudFront(creator_id="tester").forget(("/a/",))
    assert "request" not in cloudfront


def test_the_sites_distribution_is_told_by_name(cloudfront: dict[str, Any]) -> None:
    cloudfront["parameters"] = [{"Name": "", "Value": "E123"}]
    CloudFront(creator_id="tester").forget(("/a/", "/b/*"))
    assert cloudfront["request"]["DistributionId"] == "E123"
    assert cloudfront["request"]["InvalidationBatch"]["Paths"] == {"Quantity": 2, "Items": ["/a/", "/b/*"]}
    assert cloudfront["regions"] == [("ssm", "us-east-1"), ("cloudfront", None)]
