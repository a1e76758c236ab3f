"""Settings: saved in the studio, seen on the site, never lost and never silently somebody else's."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import boto3
import pytest
from aws_lambda_powertools import Logger
from hypothesis import given, settings
from hypothesis import strategies as st

from frontend_template.manifest import AssetManifest
from lambdas.core.creator import Legal, Text
from lambdas.core.errors import PreconditionFailed
from lambdas.features.settings.personal_data import exports
from lambdas.features.settings.preview import look
from lambdas.features.settings.service import save
from lambdas.handlers.rendering import Rendering
from lambdas.handlers.work import PublishingFailed, Worker
from lambdas.platform.audit import AuditEntry
from lambdas.platform.people import Person
from lambdas.platform.sessions import COOKIE
from lambdas.platform.settings import (
    SECTIONS,
    SectionVersion,
    Settings,
    StoredSection,
    Words,
)
from lambdas.platform.storage import sync_site
from lambdas.platform.tables import table_name
from lambdas.platform.team import Member
from lambdas.platform.visit import Reply, Visit
from local.streams import Checkpoints, Policy, StreamFeeder
from tests.creators import a_creator
from tests.platform_under_test import BUCKET, MEDIA_BUCKET, Answer, MovingClock, PlatformUnderTest, start_platform
from tests.published import built_assets, published_site, real_renderer

Save = Callable[..., Answer]


def someone(platform: PlatformUnderTest, id: str, role: str, *, locale: str = "en") -> dict[str, str]:
    """Cookies of a person with this role."""
    now = platform.clock()
    Person(id, email=f"{id}@team.example", name=id.removeprefix("per_").title(), locale=locale, created_at=now).save()
    Member(id, role=role, since=now).save()
    return platform.sign_in(id)


@pytest.fixture
def owner(platform: PlatformUnderTest) -> dict[str, str]:
    return someone(platform, "per_olga", "owner")


class Public:
    """The published site of a platform, and the worker that keeps it."""

    def __init__(self, platform: PlatformUnderTest) -> None:
        s3, dynamodb, sqs = boto3.client("s3"), boto3.client("dynamodb"), boto3.client("sqs")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.create_bucket(Bucket=MEDIA_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        sync_site(s3, BUCKET, built_assets())
        self.platform = platform
        self.services = platform.services
        self.worker = Worker(services=self.services, logger=Logger(service=f"worker-{uuid4()}", stream=platform.log))
        self.dead = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        self.feeder = StreamFeeder(
            tables=(table_name("tester", "site-settings"),),
            worker=lambda event, _: self.worker.handle(event),
            context=lambda: None,
            dynamodb=dynamodb,
            streams=boto3.client("dynamodbstreams"),
            sqs=sqs,
            dead_letters=self.dead,
            checkpoints=Checkpoints(dynamodb=dynamodb, table="checkpoints"),
            policy=Policy(wait=0.001),
        )
        self.feeder.checkpoints.ensure()
        self.worker.handle({"prism": "publish"})

    def read(self, key: str) -> str:
        content = self.services.site.read(key)
        assert content is not None, key
        return content.decode()

    def everything(self) -> dict[str, bytes]:
        bucket = self.services.site
        return {key: bucket.read(key) or b"" for key in bucket.keys_below("")}


@pytest.fixture
def public(platform: PlatformUnderTest) -> Public:
    return Public(platform)


@pytest.fixture
def press(platform: PlatformUnderTest, owner: dict[str, str]) -> Save:
    """Send a form of the settings as a browser does."""

    def send(path: str, *, cookies: dict[str, str] | None = None, **fields: Any) -> Answer:
        return platform.call("POST", f"/studio/settings/{path}", form=urlencode(fields), cookies=cookies or owner)

    return send


def texts(tagline: str = "", *, version: int = 0, **fields: str) -> dict[str, Any]:
    return {"version": version, "tagline_en": tagline, "tagline_de": "", "about_en": "", "about_de": ""} | fields


def hidden(html: str, name: str = "version") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


# The whole way


def test_a_headline_changed_in_the_studio_is_on_the_public_page_in_every_language(public: Public, press: Save) -> None:
    answer = press("texts", **texts("A new headline", tagline_de="Eine neue Zeile"))
    assert (answer.status, answer.headers["location"]) == (303, "/studio/settings/texts/?done=saved")
    public.feeder.drain()
    assert '<p class="lead">A new headline</p>' in public.read("index.html")
    assert '<p class="lead">Eine neue Zeile</p>' in public.read("de/index.html")
    assert json.loads(public.read("de/manifest.webmanifest"))["description"] == "Eine neue Zeile"


def test_a_new_brand_reaches_every_page_its_icons_and_the_service_worker(public: Public, press: Save) -> None:
    before = public.everything()
    assert press("brand", version=0, primary="#0B3D2E", accent="#FFD400", theme="dark").status == 303
    public.feeder.drain()
    after = public.everything()
    for page in ("index.html", "de/contact/index.html", "404/index.html"):
        (sheet,) = re.findall(r'href="/(assets/brand/css/brand\.[^"]+)"', after[page].decode())
        assert b"--accent:#FFD400" in after[sheet]
        assert b'data-theme="dark"' in after[page]
        assert sheet.encode() in after["sw.js"]
    assert after["favicon.ico"] != before["favicon.ico"]
    # A page that a cache still has finds what it names.
    assert {key for key in before if key.startswith("assets/")} <= after.keys()


def test_a_rebuild_after_changes_alters_no_byte(public: Public, press: Save) -> None:
    press("brand", version=0, primary="#0B3D2E", accent="#FFD400", theme="auto")
    public.feeder.drain()
    press("links", version=0, label_0="Here", url_0="https://here.example/")
    press("seo", version=0, title_en="Found", indexing="yes")
    public.feeder.drain()
    before = public.everything()
    public.worker.handle({"prism": "publish"})
    assert public.everything() == before


def test_a_page_that_cannot_be_made_stays_and_its_change_is_told_of(
    public: Public, press: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = public.read("contact/index.html")

    def broken(context: Any) -> dict[str, Any]:
        raise ValueError("what somebody typed")

    monkeypatch.setattr("lambdas.features.contact.pages.form", broken)
    press("texts", **texts("A new headline"))
    public.feeder.drain()
    assert public.read("contact/index.html") == before
    assert "A new headline" in public.read("index.html")
    assert boto3.client("sqs").receive_message(QueueUrl=public.dead)["Messages"]
    log = public.platform.log.getvalue()
    assert '"pages were not published"' in log
    assert '"/contact/"' in log
    assert "what somebody typed" not in log
    with pytest.raises(PublishingFailed):
        public.worker.handle({"prism": "publish"})


def test_letters_and_personal_pages_show_the_settings_a_minute_later_at_most(public: Public, press: Save) -> None:
    clock = MovingClock()
    services = public.services
    known = Settings(file=services.creator, clock=clock)
    rendering = Rendering(settings=known, features=services.features, bucket=services.site, clock=clock)
    before = rendering.renderer().page("/problem/", "en", {"problem": PreconditionFailed()})
    press("brand", version=0, primary="#0B3D2E", accent="#FFD400", theme="light")
    public.feeder.drain()
    clock.forward(seconds=59)
    assert rendering.renderer().page("/problem/", "en", {"problem": PreconditionFailed()}) == before
    clock.forward(seconds=2)
    assert 'data-theme="light"' in rendering.renderer().page("/problem/", "en", {"problem": PreconditionFailed()})


# Two people at once


def test_who_saves_second_sees_both_versions_and_may_save_again(
    platform: PlatformUnderTest, press: Save, public: Public
) -> None:
    editor = someone(platform, "per_emil", "editor")
    assert press("texts", cookies=editor, **texts("Emil's")).status == 303
    mine = texts("Mine", about_en="A long text that took an hour")
    answer = press("texts", **mine)
    assert answer.status == 412
    for both in ("Emil&#39;s", "Mine", "A long text that took an hour", "Emil saved this while you were at it"):
        assert both in answer.body
    assert hidden(answer.body) == "1"
    again = press("texts", **mine | {"version": hidden(answer.body)})
    assert again.status == 303
    public.feeder.drain()
    assert "Mine" in public.read("index.html")
    assert [row.value and "Emil" in row.value for row in SectionVersion.query("texts")] == [True, False]


def test_what_is_pressed_twice_is_saved_once_and_is_nobody_elses(platform: PlatformUnderTest, press: Save) -> None:
    assert [press("texts", **texts("Once")).status for _ in range(2)] == [303, 303]
    assert len(list(SectionVersion.query("texts"))) == 1
    editor = someone(platform, "per_emil", "editor")
    assert press("texts", cookies=editor, **texts("Once")).status == 412


def test_a_fault_does_not_hide_that_somebody_else_has_saved(platform: PlatformUnderTest, press: Save) -> None:
    press("links", version=0, label_0="Theirs", url_0="https://theirs.example/")
    faulty = press("links", version=0, label_0="Mine", url_0="nonsense")
    assert (faulty.status, hidden(faulty.body)) == (422, "0")
    assert press("links", version=0, label_0="Mine", url_0="https://mine.example/").status == 412


def a_visit(platform: PlatformUnderTest, cookies: dict[str, str]) -> Visit:
    return Visit(
        services=platform.services,
        address="203.0.113.7",
        locale="en",
        correlation_id="test-0001",
        as_form=False,
        describe=dict,
        session=platform.services.sessions.read(cookies[COOKIE], fresh=True),
        reply=Reply(),
    )


def test_of_two_saves_at_once_exactly_one_is_taken(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    for version in range(3):
        outcomes: list[str] = []
        together = threading.Barrier(4)

        def attempt(number: int, version: int = version, together: Any = together, told: Any = outcomes) -> None:
            visit = a_visit(platform, owner)
            value = Words(tagline=Text(en=f"{version}.{number}"), about=Text())
            together.wait()
            try:
                save("texts", value, visit, seen=version)
            except PreconditionFailed:
                told.append("refused")
            else:
                told.append("taken")

        threads = [threading.Thread(target=attempt, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["refused", "refused", "refused", "taken"]
        row = StoredSection.get("texts")
        assert row.version == version + 1
        assert SectionVersion.get("texts", version + 1).value == row.value
    assert len(list(AuditEntry.query(f"{platform.clock():%Y-%m}"))) == 3


def test_a_program_says_by_its_etag_what_it_has_seen(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    read = platform.call("GET", "/studio/settings/sections/legal", cookies=owner)
    assert (read.status, read.headers["etag"], read.json["of_file"]) == (200, '"0"', True)
    body = {"responsible": "Testa", "address": "Nowhere 1", "email": ""}
    path = "/studio/settings/legal"
    assert platform.call("POST", path, json_body=body, cookies=owner).status == 422
    taken = platform.call("POST", path, json_body=body, cookies=owner, headers={"if-match": '"0"'})
    assert (taken.status, taken.json["version"], taken.json["value"]["email"]) == (200, 1, None)
    late = platform.call("POST", path, json_body=body | {"address": "Else"}, cookies=owner, headers={"if-match": '"0"'})
    assert (late.status, late.json["code"]) == (412, "changed_meanwhile")
    assert platform.call("GET", "/studio/settings/sections/nothing", cookies=owner).status == 422


# Versions


def test_every_version_stays_and_any_can_be_brought_back(
    platform: PlatformUnderTest, press: Save, public: Public
) -> None:
    for number, tagline in enumerate(("One", "Two", "Three")):
        press("texts", **texts(tagline, version=number))
    back = press("texts/restore", version=3, restore=1)
    assert (back.status, back.headers["location"]) == (303, "/studio/settings/texts/versions/?done=restored")
    public.feeder.drain()
    assert "One" in public.read("index.html")
    versions = list(SectionVersion.query("texts"))
    assert [row.version for row in versions] == [1, 2, 3, 4]
    assert (versions[3].value, versions[3].restores) == (versions[0].value, 1)
    refused = press("texts/restore", version=3, restore=2)
    assert refused.status == 412
    assert "newer version" in refused.body
    assert press("texts/restore", version=4, restore=9).status == 404


def test_the_page_that_says_saved_can_take_it_back(
    platform: PlatformUnderTest, press: Save, owner: dict[str, str]
) -> None:
    press("texts", **texts("One"))
    shown = platform.call("GET", "/studio/settings/texts/", query="done=saved", cookies=owner)
    assert (hidden(shown.body), hidden(shown.body, "restore")) == ("1", "0")
    assert press("texts/restore", version=1, restore=0).status == 303
    assert platform.services.settings.creator() == platform.creator


def test_versions_are_listed_with_who_and_what_page_by_page(
    platform: PlatformUnderTest, press: Save, owner: dict[str, str]
) -> None:
    for number in range(23):
        press("texts", **texts(f"Tagline {number}", version=number))
    first = platform.call("GET", "/studio/settings/texts/versions/", cookies=owner)
    assert first.body.count('class="panel version"') == 20
    assert "<del>Tagline 21</del>" in first.body
    assert "Olga" in first.body
    (older,) = re.findall(r"versions/\?before=(\d+)", first.body)
    second = platform.call("GET", "/studio/settings/texts/versions/", query=f"before={older}", cookies=owner)
    assert second.body.count('class="panel version"') == 3
    for nonsense in ("before=x", "before=99999999999", "before=²"):
        assert platform.call("GET", "/studio/settings/texts/versions/", query=nonsense, cookies=owner).status == 200


def test_what_is_saved_as_it_is_makes_no_version(press: Save) -> None:
    press("texts", **texts("One"))
    assert press("texts", **texts("One", version=1)).status == 303
    assert len(list(SectionVersion.query("texts"))) == 1


# The file and the studio


def test_a_section_of_the_studio_holds_whatever_the_file_says_later_and_others_follow_the_file(
    platform: PlatformUnderTest, press: Save
) -> None:
    press("texts", **texts("The studio's"))
    edited = platform.creator.model_copy(
        update={
            "site": platform.creator.site.model_copy(update={"tagline": Text(en="The file's, edited")}),
            "legal": Legal(responsible="The file's"),
        }
    )
    later = Settings(file=edited, clock=platform.clock).creator()
    assert (later.site.tagline.en, later.legal.responsible) == ("The studio's", "The file's")
    press("texts/restore", version=1, restore=0)
    assert Settings(file=edited, clock=platform.clock).creator() == edited


@pytest.mark.parametrize("value", ['{"primary":"red"}', "{", '{"primary":"#000000","accent":"#000000","theme":"auto"}'])
def test_what_fits_the_rules_no_more_leaves_the_files_and_says_so(
    platform: PlatformUnderTest, press: Save, owner: dict[str, str], value: str
) -> None:
    StoredSection("brand", version=4, value=value, at=platform.clock(), by="per_gone").save()
    assert platform.services.settings.creator() == platform.creator
    shown = platform.call("GET", "/studio/settings/brand/", cookies=owner)
    assert (shown.status, hidden(shown.body)) == (200, "4")
    assert "does not fit any more" in shown.body
    assert press("brand", version=4, primary="#0B3D2E", accent="#FFD400", theme="auto").status == 303


# Who may


@pytest.mark.parametrize(
    ("role", "sees", "saves"),
    [
        ("owner", True, {"brand", "texts", "links", "seo", "legal"}),
        ("manager", True, {"brand", "texts", "links", "seo", "legal"}),
        ("editor", True, {"texts", "links", "seo"}),
        ("moderator", False, set()),
        ("support", False, set()),
    ],
)
def test_each_role_sees_and_saves_what_is_its_own(
    platform: PlatformUnderTest, role: str, sees: bool, saves: set[str]
) -> None:
    cookies = someone(platform, "per_some", role)
    for section in SECTIONS:
        shown = platform.call("GET", f"/studio/settings/{section}/", cookies=cookies)
        assert shown.status == (200 if sees else 403)
        assert ("Save and publish" in shown.body) == (section in saves)
        sent = platform.call("POST", f"/studio/settings/{section}", json_body={}, cookies=cookies)
        assert sent.status == (422 if section in saves else 403)
        restored = platform.call("POST", f"/studio/settings/{section}/restore", json_body={}, cookies=cookies)
        assert restored.status == (422 if section in saves else 403)


def test_what_was_saved_is_in_the_log_with_what_it_was_before(platform: PlatformUnderTest, press: Save) -> None:
    press("texts", **texts("One"))
    press("texts", **texts("Two", version=1))
    first, second = AuditEntry.query(f"{platform.clock():%Y-%m}")
    assert (first.action, first.subject, first.actor) == ("settings.section.saved", "texts", "per_olga")
    assert (json.loads(second.before), json.loads(second.after)) == ({"tagline_en": "One"}, {"tagline_en": "Two"})


def test_a_person_is_given_which_versions_were_theirs(platform: PlatformUnderTest, press: Save) -> None:
    press("texts", **texts("One"))
    saved = exports("per_olga", platform.services)["settings"]
    assert [(one["section"], one["version"]) for one in saved] == [("texts", 1)]
    assert exports("per_emil", platform.services) == {}
    assert "Olga" not in str([row.attribute_values for row in SectionVersion.query("texts")])


# Colours


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(press: Save) -> None:
    answer = press("brand", version=0, primary="#6A0DAD", accent="#000000", theme="auto")
    assert answer.status == 422
    assert "too dark for the dark theme" in answer.body
    suggested = hidden_button(answer.body)
    tried = press("brand/preview", version=0, primary="#6A0DAD", accent="#000000", theme="auto", instead=suggested)
    assert tried.status == 200
    accent = suggested.removeprefix("accent:")
    assert f'name="accent" type="text" value="{accent}"' in tried.body
    assert press("brand", version=0, primary="#6A0DAD", accent=accent, theme="auto").status == 303


def hidden_button(html: str) -> str:
    found = re.search(r'name="instead" value="([^"]+)"', html)
    assert found
    return found[1]


def test_trying_colours_saves_nothing(platform: PlatformUnderTest, press: Save) -> None:
    for colours in ({"primary": "#0B3D2E", "accent": "#FFD400"}, {"primary": "no colour", "accent": '"><script>'}, {}):
        answer = press("brand/preview", version=0, **colours)
        assert answer.status == 200
        assert "<script>" not in answer.body
    assert list(SectionVersion.query("brand")) == []


def test_a_program_may_ask_how_colours_look(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    path = "/studio/settings/brand/colours"
    shown = platform.call("GET", path, query="primary=%230B3D2E&accent=%23FFD400&theme=light", cookies=owner).json
    dark, light = shown["themes"]
    assert (dark["seen"], light["seen"], light["colours"]["on_accent"]) == (False, True, "#121212")
    assert {one["what"]: one["ratio"] >= one["needed"] for one in light["contrasts"]} == dict.fromkeys(
        ("primary", "accent", "button", "links"), True
    )
    assert shown["mended"][0]["field"] == "accent"
    refused = platform.call("GET", path, query="primary=%23000000&accent=%23000000", cookies=owner).json
    assert refused["refused"]["reason"] == "alike"
    assert platform.call("GET", path, query="primary=x&accent=y", cookies=owner).json["themes"] == []


HEX = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda number: f"#{number:06X}")
THEME = st.sampled_from(["auto", "dark", "light"])


@given(primary=HEX, accent=HEX, theme=THEME)
@settings(max_examples=60, deadline=None)
def test_every_suggestion_works_and_every_contrast_shown_is_enough(primary: str, accent: str, theme: str) -> None:
    shown = look(primary, accent, theme)
    for one in (contrast for themed in shown.themes for contrast in themed.contrasts):
        # Shown cut to a tenth.
        assert one.ratio >= one.needed - 0.1
    if shown.refused and shown.refused.suggestion:
        mended = {"primary": primary, "accent": accent} | {shown.refused.field: shown.refused.suggestion}
        again = look(mended["primary"], mended["accent"], theme).refused
        assert again is None or again.field != shown.refused.field or again.reason == "alike"


# Links


def test_links_are_moved_removed_and_added_without_saving(platform: PlatformUnderTest, press: Save) -> None:
    rows = {f"{kind}_{n}": f"{kind}{n}" for n in range(3) for kind in ("label", "url")}

    def order(body: str) -> list[str]:
        return re.findall(r'name="label_\d+" type="text" value="([^"]*)"', body)

    assert order(press("links/arrange", version=0, do="up-2", **rows).body) == ["label0", "label2", "label1", ""]
    assert order(press("links/arrange", version=0, do="down-0", **rows).body) == ["label1", "label0", "label2", ""]
    assert order(press("links/arrange", version=0, do="remove-1", **rows).body) == ["label0", "label2", ""]
    for nonsense in ("up-0", "down-11", "remove-99", "x", "", "up-x", f"up-{'9' * 5000}"):
        assert press("links/arrange", version=0, do=nonsense, **rows).status == 200
    assert list(SectionVersion.query("links")) == []


def test_an_address_that_is_none_is_named_beside_its_row(press: Save) -> None:
    answer = press(
        "links", version=0, label_0="Good", url_0="https://good.example/", label_2="Bad", url_2="bad", label_3="x"
    )
    assert answer.status == 422
    assert 'id="url_2-error"' in answer.body
    assert 'id="url_3-error"' in answer.body
    assert 'id="url_0-error"' not in answer.body
    assert 'value="https://good.example/"' in answer.body


def test_empty_rows_are_left_out_and_order_is_kept(platform: PlatformUnderTest, press: Save) -> None:
    press(
        "links",
        version=0,
        label_1="B",
        url_1="https://b.example/",
        label_0="",
        url_0="",
        label_5="A",
        url_5="https://a.example/",
    )
    assert [link.label for link in platform.services.settings.creator().site.links] == ["B", "A"]


def test_a_program_sends_its_links_as_a_list(platform: PlatformUnderTest, owner: dict[str, str]) -> None:
    body = {"version": 0, "links": [{"label": "A", "url": "https://a.example/"}]}
    saved = platform.call("POST", "/studio/settings/links", json_body=body, cookies=owner)
    assert (saved.status, saved.json["value"]) == (200, {"links": body["links"]})


# What the screens show


@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_screen_is_there_in_the_persons_language(platform: PlatformUnderTest, locale: str) -> None:
    cookies = someone(platform, "per_some", "owner", locale=locale)
    for path in ("", *(f"{section}/{part}" for section in SECTIONS for part in ("", "versions/"))):
        shown = platform.call("GET", f"/studio/settings/{path}", cookies=cookies)
        assert (shown.status, f'<html lang="{locale}"' in shown.body) == (200, True), path
        assert not re.search(r"\sstyle=|<style|\son\w+=", shown.body), path


def test_a_language_that_the_site_does_not_speak_is_not_asked_for_and_not_lost(emulator: object) -> None:
    fields: dict[str, Any] = {"locale": "de", "languages": ["de"], "site": {"tagline": {"de": "Hallo", "en": "Kept"}}}
    manifest = AssetManifest.from_json((published_site() / "assets/manifest.json").read_bytes())
    renderer = real_renderer().renewed(a_creator(**fields), manifest)
    platform = start_platform(renderer=lambda: renderer, **fields)
    cookies = someone(platform, "per_some", "owner", locale="de")
    shown = platform.call("GET", "/studio/settings/texts/", cookies=cookies).body
    assert "tagline_de" in shown
    assert "tagline_en" not in shown
    body = {"version": 0, "tagline_de": "Servus", "about_de": ""}
    assert platform.call("POST", "/studio/settings/texts", json_body=body, cookies=cookies).status == 200
    assert platform.services.settings.creator().site.tagline == Text(de="Servus", en="Kept")
