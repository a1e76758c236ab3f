"""Settings of any value: a form gives back what it was shown, and a site changed step by step is the one built at once."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.creator import Creator, Legal, Link, Seo, Text
from lambdas.features.registry import active_features
from lambdas.features.settings.inputs import SentBrand, SentLegal, SentLinks, SentSeo, SentTexts, fields_of, flat
from lambdas.handlers.rendering import Rendering
from lambdas.platform.publishing import Publisher
from lambdas.platform.settings import (
    SECTIONS,
    Colours,
    Places,
    Words,
    laid_over,
    section_of,
)
from tests.creators import a_creator
from tests.platform.test_publishing import Bucket, Edge
from tests.platform_under_test import MovingClock
from tests.published import built_assets


def words(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=most)


WORDS = st.builds(Words, tagline=st.builds(Text, en=words(80), de=words(80)), about=st.builds(Text, en=words(200)))
LINKS = st.builds(
    Places,
    links=st.lists(
        st.builds(Link, label=words(20).filter(bool), url=words(5).map(lambda t: f"https://x.example/{len(t)}")),
        max_size=12,
    ).map(tuple),
)
SEO = st.builds(Seo, indexing=st.booleans())
LEGAL = st.builds(Legal, responsible=words(40), address=words(80), email=st.sampled_from([None, "a@b.example"]))
BRANDS = st.sampled_from(
    [
        Colours.model_validate({"primary": p, "accent": a, "theme": t})
        for p, a, t in (("#6A0DAD", "#FF1493", "auto"), ("#0B3D2E", "#FFD400", "dark"), ("#1D3557", "#E63946", "light"))
    ]
)


@given(value=st.one_of(WORDS, LINKS, SEO, LEGAL, BRANDS))
@settings(max_examples=80, deadline=None)
def test_a_form_sent_as_it_was_shown_changes_nothing(value: Any) -> None:
    fields = {**flat(value), "version": "1"}
    section = next(s for s in SECTIONS if isinstance(value, type(section_of(a_creator(), s))))
    assert set(fields) == set(fields_of(section))
    if section == "seo" and not fields["indexing"]:
        del fields["indexing"]  # a browser leaves out what is not ticked
    kinds: dict[str, Callable[[], Any]] = {
        "brand": lambda: SentBrand.model_validate(fields).value(),
        "texts": lambda: SentTexts.model_validate(fields).value(Words(tagline=Text(), about=Text())),
        "links": lambda: SentLinks.model_validate(fields).value(),
        "seo": lambda: SentSeo.model_validate(fields).value(Seo()),
        "legal": lambda: SentLegal.model_validate(fields).value(),
    }
    assert kinds[section]() == value


class Changing:
    """Settings without tables, as publishing reads them."""

    def __init__(self, creator: Creator) -> None:
        self.now = creator
        self.always = True

    def creator(self) -> Creator:
        return self.now


@given(changes=st.lists(st.one_of(WORDS, LINKS, SEO, LEGAL, BRANDS), min_size=1, max_size=4))
@settings(max_examples=4, deadline=None)
def test_a_site_changed_step_by_step_is_the_one_built_at_once(changes: list[Any]) -> None:
    """To the byte, of the real templates."""

    def place(creator: Creator) -> tuple[Changing, Bucket, Publisher]:
        bucket, known, clock = Bucket(), Changing(creator), MovingClock()
        for path in built_assets().rglob("*"):
            if path.is_file():
                bucket.objects[path.relative_to(built_assets()).as_posix()] = path.read_bytes(), ""
        given: Any = (known, bucket)
        # Without what is published from tables: there are none here.
        features = tuple(
            one for one in active_features(creator) if one.name not in {"live", "chat", "videos", "overlays"}
        )
        rendering = Rendering(settings=given[0], features=features, bucket=given[1], clock=clock)
        publisher = Publisher(bucket=given[1], sites=rendering.site, edge=Edge(), clock=clock)
        publisher.publish_all()
        return known, bucket, publisher

    known, bucket, publisher = place(a_creator())
    for value in changes:
        known.now = laid_over(known.now, value)
        publisher.publish(["*"])
    rebuilt = place(known.now)[1].objects
    named = json.loads(bucket.objects["assets/manifest.json"][0])["files"].values()
    live = {key for key in bucket.objects if not key.startswith("assets/brand/")} | {
        key for file in named for key in (file["url"][1:], f"{file['url'][1:]}.br") if key in bucket.objects
    }
    assert {key: bucket.objects[key] for key in live} == {key: rebuilt[key] for key in rebuilt}
    before = dict(bucket.objects)
    publisher.publish_all()
    assert bucket.objects == before
