"""Who may watch what: over real HTTP, through the gateway that verifies cookies as CloudFront does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import boto3
import pytest

from lambdas.core.entitlements import ANY_TIER, MEMBERSHIP
from lambdas.features.videos import moving
from lambdas.features.videos.models import SHELF, Progress, Video
from lambdas.features.videos.moving import advance
from lambdas.features.videos.progress import exports, forget
from lambdas.platform import entitlements
from lambdas.platform.keys import ensure_keys
from lambdas.platform.people import Person
from lambdas.platform.signed_media import NAMES, MediaSigner
from lambdas.web import edge
from local.emulator import Emulator
from local.gateway import Gateway
from local.server import cloud_answers
from local.signed_cookies import KeyGroup
from tests.features.videos.cutting_room import CuttingRoom
from tests.local.requests_here import Reply, Served, ask
from tests.people import a_person
from tests.platform_under_test import BUCKET, MEDIA_BUCKET, ORIGIN_SECRET

KEY = "KTEST"
AUDIENCES = ("everyone", "signed-in", "members")
WHO = ("guest", "fan", "member", "editor")


@dataclass
class House:
    """The platform behind its gateway, and people who ask."""

    room: CuttingRoom
    served: Served
    signer: MediaSigner

    def people(self) -> dict[str, Person | None]:
        platform = self.room.platform
        fan, member = a_person(platform), a_person(platform)
        self.give(member)
        return {"guest": None, "fan": fan, "member": member, "editor": a_person(platform, role="editor")}

    def give(self, person: Person, *, hours: float | None = None) -> None:
        now = self.room.platform.clock()
        until = None if hours is None else now + timedelta(hours=hours)
        entitlements.given(person.id, kind=MEMBERSHIP, of=ANY_TIER, source="hand", since=now, until=until).save()

    def ask(
        self, method: str, path: str, *, person: Person | None = None, cookies: Mapping[str, str] | None = None
    ) -> Reply:
        host = f"tester.localhost:{self.served.port}"
        sent = {**(self.room.platform.sign_in(person.id) if person else {}), **(cookies or {})}
        headers = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
        if sent:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
        return ask(self.served.port, path, method=method, headers=headers, body=b"{}" if method == "POST" else None)

    def play(self, person: Person | None, video: Video | None = None) -> tuple[Reply, dict[str, str]]:
        """What the route answers, and the cookies of media that came with it."""
        reply = self.ask("POST", f"/api/videos/{(video or self.room.video()).id}/playback", person=person)
        jar: SimpleCookie = SimpleCookie()
        for cookie in reply.cookies:
            jar.load(cookie)
        return reply, {name: jar[name].value for name in NAMES if name in jar}

    def is_watched(self, person: Person | None) -> bool:
        """Whether somebody gets all of the video: the playlists and a segment."""
        reply, cookies = self.play(person)
        if reply.status != 200:
            return False
        master = reply.json["url"]
        parts = (master, master.replace("master", "360p30/playlist"), master.replace("master.m3u8", "360p30/0.ts"))
        return all(self.ask("GET", part, cookies=cookies).status == 200 for part in parts)


@pytest.fixture
def house(room: CuttingRoom, served: Served, emulator: Emulator) -> House:
    platform = room.platform
    host = f"tester.localhost:{served.port}"
    keys = platform.services.keys
    signer = MediaSigner(
        origin=f"http://{host}", key_id=lambda: KEY, keys=lambda: keys.current_and_previous("media-signing")
    )
    vars(platform.services)["media_signer"] = signer
    public = ensure_keys(boto3.client("ssm"), platform.creator.id).media_signing_public
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def function(name: edge.FunctionName) -> Any:
        def call(event: dict[str, Any], context: Any) -> Any:
            with platform.in_the_role_of(name):
                return platform.apps[name].handle(event, context)

        return call

    gateway = Gateway(
        creator_id="tester",
        port=served.port,
        account="123456789012",
        region="eu-central-1",
        bucket=BUCKET,
        media=MEDIA_BUCKET,
        origin_secret=ORIGIN_SECRET,
        routes=edge.routes(platform.services.features),
        uncached=edge.uncached_paths(platform.services.features),
        functions={name: function(name) for name in platform.apps},
        s3=boto3.client("s3"),
        cloud_answers=lambda: cloud_answers(emulator.endpoint),
        tools=None,
        trusted=KeyGroup(keys={KEY: public}, clock=platform.clock),
        seconds=dict.fromkeys(edge.FUNCTION_SECONDS, 60.0),
    )
    served.serve(gateway.app())
    return House(room, served, signer)


def _published(house: House, audience: str) -> Video:
    house.room.ready(audience=audience)
    assert house.room.put_state("published").status == 200
    house.room.drain()
    return house.room.video()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_may_watch_what_is_for_them_and_is_told_why_not(house: House, audience: str) -> None:
    video = _published(house, audience)
    allowed = {"everyone": set(WHO), "signed-in": set(WHO) - {"guest"}, "members": {"member", "editor"}}[audience]
    refusals = {"guest": (401, "not_signed_in"), "fan": (403, "members_only")}
    for who, person in house.people().items():
        reply, cookies = house.play(person)
        if who not in allowed:
            assert (reply.status, reply.json["code"]) == refusals[who], who
            assert not reply.cookies
            continue
        assert reply.status == 200, (who, reply.text)
        assert bool(cookies) == (audience != "everyone")
        assert house.is_watched(person), who
    if audience != "everyone":
        assert house.ask("GET", video.master).status == 403


def test_a_draft_is_there_for_the_team_only_and_for_others_it_is_not(house: House) -> None:
    house.room.ready(audience="everyone")
    people = house.people()
    for who in ("guest", "fan", "member"):
        reply, cookies = house.play(people[who])
        assert (reply.status, cookies) == (404, {})
    assert house.is_watched(people["editor"])


def test_the_cookies_are_for_this_video_and_sent_nowhere_else(house: House) -> None:
    video = _published(house, "members")
    member = house.people()["member"]
    reply, cookies = house.play(member)
    for cookie in reply.cookies:
        if cookie.startswith("CloudFront"):
            assert f"Path=/media/videos/{video.id}/;" in cookie
            assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Max-Age=21600"))
    other = video.master.replace(video.id, "vid_01J9ZK3V7Q8W2E4R6T8Y0A1B2C")
    house.room.put(other[1:], b"of somebody else")
    assert house.ask("GET", other, cookies=cookies).status == 403
    assert house.ask("GET", video.master, cookies=cookies).status == 200


def test_cookies_that_were_made_up_or_have_ended_open_nothing(house: House) -> None:
    video = _published(house, "members")
    path = f"/media/videos/{video.id}/"
    _, cookies = house.play(house.people()["member"])
    later = house.signer.cookies(path, until=house.room.platform.clock() + timedelta(days=9))
    forged = cookies | {"CloudFront-Policy": later["CloudFront-Policy"]}
    assert house.ask("GET", video.master, cookies=forged).status == 403
    assert house.ask("GET", video.master, cookies=(cookies | {"CloudFront-Key-Pair-Id": "KOTHER"})).status == 403
    house.room.platform.clock.forward(hours=6)
    assert house.ask("GET", video.master, cookies=cookies).status == 403
    assert house.is_watched(house.people()["member"])


def test_nothing_is_lent_for_longer_than_the_membership_lasts(house: House) -> None:
    video = _published(house, "members")
    fan = a_person(house.room.platform)
    house.give(fan, hours=1)
    reply, cookies = house.play(fan)
    assert reply.json["until"].startswith("2026-03-01T13:00:00")
    house.room.platform.clock.forward(minutes=59)
    assert house.ask("GET", video.master, cookies=cookies).status == 200
    house.room.platform.clock.forward(minutes=1)
    assert house.ask("GET", video.master, cookies=cookies).status == 403
    reply, cookies = house.play(fan)
    assert (reply.status, reply.json["code"], cookies) == (403, "ended", {})


def test_what_is_made_private_leaves_nothing_plain(house: House) -> None:
    public = _published(house, "everyone")
    below = house.room.keys(public.place)
    assert all(house.ask("GET", f"/{key}").status == 200 for key in below)
    assert house.room.details(audience="members").status == 200
    house.room.drain()
    video = house.room.video()
    assert not house.room.keys("media/public/videos/")
    assert all(house.ask("GET", f"/{key}").status != 200 for key in below)
    assert f"/media/public/videos/{video.id}/*" in house.room.press.forgotten
    people = house.people()
    assert house.is_watched(people["member"])
    assert not house.is_watched(people["fan"])
    assert house.room.press.pages >= {"/videos/", f"/videos/{video.id}/"}


def test_from_the_moment_it_is_private_nobody_can_begin_to_watch_it_in_public(house: House) -> None:
    """Before the last of many segments has been moved: its playlists go first."""
    public = _published(house, "everyone")
    people = house.people()
    assert house.room.details(audience="members").status == 200
    while house.room.video().place:
        advance(public.id, int(house.room.video().step), house.room.services)
    assert house.room.video().to
    assert house.ask("GET", public.master).status != 200
    assert house.play(people["fan"])[0].json["code"] == "members_only"
    waits, cookies = house.play(people["member"])
    assert (waits.status, waits.json["code"], cookies) == (409, "video_preparing", {})
    house.room.drain()
    assert house.is_watched(people["member"])


def test_it_goes_back_and_forth_however_often_it_is_changed_on_the_way(house: House) -> None:
    _published(house, "everyone")
    team = house.room.team()
    for number in range(9):
        house.room.details(audience=AUDIENCES[number % 3 and 2], cookies=team)
        for _ in range(number % 4):
            advance(house.room.video().id, int(house.room.video().step), house.room.services)
    house.room.details(audience="everyone", cookies=team)
    house.room.drain()
    video = house.room.video()
    assert video.place.startswith("media/public/videos/")
    assert house.is_watched(None)
    posters = {f"{video.picture}-{width}.webp" for width in (640, 1280)}
    assert house.room.keys() == house.room.keys(video.place) | posters
    assert house.room.buried() == 0


def test_what_is_deleted_is_nobodys_at_once_and_no_object_is_left_after_a_day(house: House) -> None:
    public = _published(house, "everyone")
    fan = house.people()["fan"]
    assert house.room.put_state("deleted").status == 200
    house.room.drain()
    assert house.play(fan)[0].status == 404
    assert house.ask("GET", public.master).status != 200
    house.room.platform.clock.forward(hours=23)
    house.room.hour()
    assert house.room.keys(f"media/videos/{public.id}/")
    assert house.room.put_state("restored").status == 200
    house.room.drain()
    assert house.is_watched(fan)
    assert house.room.put_state("deleted").status == 200
    house.room.drain()
    house.room.platform.clock.forward(hours=24)
    assert house.room.put_state("restored").status == 409
    house.room.hour()
    assert house.room.keys() == set()
    gone = Video.get(SHELF, public.id, consistent_read=True)
    assert (gone.state, gone.title, gone.description) == ("gone", "", "")
    house.room.record()
    house.room.tell("ended")
    house.room.drain()
    assert house.room.video().state == "gone"


def test_a_deletion_that_is_cut_short_is_finished(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _published(house, "everyone")
    house.room.put_state("deleted")
    house.room.drain()
    house.room.platform.clock.forward(hours=25)
    monkeypatch.setattr(moving, "MOST", 2)
    house.room.work({"prism": "schedule", "name": "videos.look-after"})
    left = house.room.video()
    moving.advance(left.id, int(left.step), house.room.services)
    assert house.room.keys()
    house.room.platform.clock.forward(hours=2)
    house.room.hour()
    assert house.room.keys() == set()


def test_where_somebody_was_is_known_on_their_other_device_and_an_older_tab_changes_nothing(house: House) -> None:
    video = _published(house, "everyone")
    fan = house.people()["fan"]
    assert fan is not None
    platform, cookies = house.room.platform, house.room.platform.sign_in(fan.id)

    def note(ms: int, age_ms: int = 0) -> Any:
        return house.room.ask(f"/api/videos/{video.id}/progress", {"ms": ms, "age_ms": age_ms}, cookies)

    assert house.play(fan)[0].json["resume_ms"] == 0
    assert note(5_000).json == {"noted": True}
    platform.clock.forward(seconds=30)
    assert note(9_000).json == {"noted": True}
    platform.clock.forward(seconds=1)
    assert note(2_000, age_ms=20_000).json == {"noted": False}
    assert house.play(fan)[0].json["resume_ms"] == 9_000
    platform.clock.forward(seconds=1)
    assert note(13_900).json == {"noted": True}
    assert house.play(fan)[0].json["resume_ms"] == 0
    assert house.play(None)[0].json == house.play(None)[0].json | {"resume_ms": 0, "remembers": False}


def test_progress_is_for_those_who_are_signed_in_and_for_videos_that_are_there(house: House) -> None:
    house.room.ready()
    cookies = house.room.platform.sign_in(a_person(house.room.platform).id)
    path = f"/api/videos/{house.room.video().id}/progress"
    assert house.room.ask(path, {"ms": 1}).status == 401
    assert house.room.ask(path, {"ms": 1}, cookies).status == 404
    assert house.room.ask("/api/videos/vid_00000000000000000000000000/progress", {"ms": 1}, cookies).status == 404
    assert house.room.ask(path, {"ms": -1}, cookies).status == 422
    assert not list(Progress.scan())


def test_what_somebody_watched_can_be_had_and_is_forgotten_with_them(house: House) -> None:
    video = _published(house, "everyone")
    fan = a_person(house.room.platform)
    cookies = house.room.platform.sign_in(fan.id)
    house.room.ask(f"/api/videos/{video.id}/progress", {"ms": 4_000}, cookies)
    (watched,) = exports(fan.id, house.room.services)["watched"]
    assert (watched["video"], watched["watched_to_ms"]) == ("An evening", 4_000)
    for _ in range(2):
        forget(fan.id, house.room.services)
        assert exports(fan.id, house.room.services) == {}
