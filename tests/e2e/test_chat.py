"""The chat's panel in a real browser, over real sockets to the local room: reading, writing, moderating, losing the network."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.brands import Brand
from tests.e2e.chatting import GUEST, Chatter, Pages, RoomInPlay, a_room, someone
from tests.e2e.visitor import Visitor, a_visitor

pytestmark = pytest.mark.browser

Enter = Callable[..., Chatter]


@pytest.fixture(scope="module")
def pages(built: dict[str, Brand], tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return Pages(built["demo"], tmp_path_factory.mktemp("tryout"))


@pytest.fixture
def room() -> Iterator[RoomInPlay]:
    with a_room() as room:
        yield room


@pytest.fixture
def enter(browser: Browser, pages: Pages, room: RoomInPlay) -> Iterator[Enter]:
    """Somebody who is at the panel, connected; what goes wrong before their eyes fails the test."""
    visitors: list[tuple[Any, Visitor]] = []

    def come(*, connected: bool = True, width: int = 390, height: int = 760, **given: Any) -> Chatter:
        coming = a_visitor(browser, still=True)
        visitor = coming.__enter__()
        visitors.append((coming, visitor))
        visitor.page.close()
        chatter = pages.chatter(visitor.context, room, **given)
        visitor.page = chatter.page
        chatter.page.set_viewport_size({"width": width, "height": height})
        chatter.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        chatter.open()
        if connected:
            expect(chatter.page.locator(".chat")).to_have_attribute("data-state", "open")
        return chatter

    yield come
    faults = [fault for _, visitor in visitors for fault in visitor.unforgiven()]
    for coming, _ in visitors:
        coming.__exit__(None, None, None)
    assert faults == []


def messages(page: Page) -> Any:
    return expect(page.locator(".chat-message p"))


def test_two_people_talk_and_each_sees_each_message_once(enter: Enter) -> None:
    ada, ben = enter(me=someone("per_ada", "Ada Fan")), enter(me=someone("per_ben", "Ben Basso", "member"))
    ada.write("Hello Ben")
    messages(ben.page).to_have_text(["Ada Fan Hello Ben"])
    ben.write("Hi @Ada Fan https://example.com/x")
    messages(ada.page).to_have_text(["Ada Fan Hello Ben", "MemberBen Basso Hi @Ada Fan https://example.com/x"])
    expect(ada.page.locator(".chat-to-me .chat-mention-me")).to_have_text("@Ada Fan")
    link = ada.page.locator(".chat-said a")
    expect(link).to_have_attribute("href", "https://example.com/x")
    expect(link).to_have_attribute("rel", "noopener nofollow ugc")
    expect(ada.page.locator(".chat-sending")).to_have_count(0)
    assert ada.field.input_value() == ""


def test_what_somebody_calls_themselves_or_says_is_never_markup(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    room.say(evil, name=evil)
    room.say("javascript:alert(1) and \u202ereversed\u202c https://a@b.example/")
    expect(chatter.page.locator(".chat-message")).to_have_count(2)
    assert chatter.page.locator(".chat-list img, .chat-list script, .chat-list a").count() == 0
    assert evil in chatter.said[0]
    assert "\u202e" not in chatter.said[1]
    assert chatter.page.title().startswith("Chat")


def test_history_and_what_comes_live_are_one_list(enter: Enter, room: RoomInPlay, pages: Pages) -> None:
    now = datetime.now(UTC)

    def said(id: str, content: str, ago: int) -> dict[str, Any]:
        sender = {"id": "per_old", "name": "Old Timer", "role": "fan"}
        return {"id": id, "content": content, "sent_at": (now - timedelta(seconds=ago)).isoformat(), "sender": sender}

    chatter = enter(history=[said("a", "first", 60), said("b", "second", 50), said("c", "third", 40)])
    messages(chatter.page).to_have_text(["Old Timer first", "Old Timer second", "Old Timer third"])
    room.say("fourth", id="d", name="Old Timer")
    messages(chatter.page).to_have_count(4)
    # The network goes; meanwhile things were said and deleted, and the history says some of it again.
    chatter.history = [said("b", "second", 50), said("c", "third", 40), said("late", "between", 45)]
    room.delete("b")
    messages(chatter.page).to_have_count(3)
    room.drop()
    expect(chatter.page.locator(".chat")).to_have_attribute("data-state", "open")
    messages(chatter.page).to_have_text(["Old Timer first", "Old Timer between", "Old Timer third", "Old Timer fourth"])
    assert len(chatter.asked_for("token")) == 2, "each connection has a token of its own"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("slow:7", "again in"),
        ("words", "a word in it"),
        ("links", "Links are switched off"),
        ("muted", "taking a break"),
        ("something new", "could not be sent"),
    ],
)
def test_what_is_refused_is_kept_and_the_reason_is_said(enter: Enter, room: RoomInPlay, reason: str, said: str) -> None:
    room.denied["lighthouse"] = reason
    chatter = enter()
    chatter.write("a lighthouse")
    expect(chatter.page.locator("[data-chat-status]")).to_contain_text(said)
    expect(chatter.field).to_have_value("a lighthouse")
    expect(chatter.page.locator(".chat-message")).to_have_count(0)


def refused_while_one_writes_on(chatter: Chatter, room: RoomInPlay) -> Locator:
    """Enter, and the next words at once: what comes back must not overwrite them. The row that stays."""
    room.denied["lighthouse"] = "words"
    chatter.field.fill("a lighthouse")
    chatter.page.evaluate(
        """() => {
          const field = document.querySelector("#chat-message");
          field.form.requestSubmit();
          field.value = "next words";
        }"""
    )
    failed = chatter.page.locator(".chat-failed")
    expect(failed).to_contain_text("a word in it")
    expect(chatter.field).to_have_value("next words")
    return failed


def test_the_arrow_key_leads_to_what_was_said_last_past_what_waits(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    room.say("first", id="AAAAAAAAAAA1")
    messages(chatter.page).to_have_count(1)
    refused_while_one_writes_on(chatter, room)
    chatter.field.fill("")
    chatter.field.press("ArrowUp")
    assert focused_message(chatter.page) == "AAAAAAAAAAA1"


def test_what_is_refused_while_one_writes_on_can_be_tried_again(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    failed = refused_while_one_writes_on(chatter, room)
    room.denied.clear()
    failed.get_by_role("button", name="Try again").click()
    messages(chatter.page).to_have_text(["Mira Moss a lighthouse"])
    expect(failed).to_have_count(0)


def test_length_is_counted_as_the_room_counts_and_only_when_it_matters(enter: Enter) -> None:
    chatter = enter()
    count = chatter.page.locator("[data-chat-count]")
    chatter.field.fill("x" * 430)
    expect(count).to_be_hidden()
    chatter.field.fill("👍" * 480)
    expect(count).to_have_text("20")
    chatter.field.fill("x" * 503)
    expect(count).to_have_text("-3")
    chatter.field.press("Enter")
    expect(chatter.page.locator("[data-chat-status]")).to_contain_text("3 characters too many")
    chatter.field.fill("👍" * 500)
    chatter.field.press("Enter")
    messages(chatter.page).to_have_count(1)


def test_who_sends_too_fast_is_told_so_and_keeps_the_words(enter: Enter) -> None:
    chatter = enter()
    chatter.page.evaluate(
        """() => {
          const field = document.querySelector("#chat-message");
          for (let n = 0; n < 12; n++) {
            field.value = `message ${n}`;
            field.form.requestSubmit();
          }
        }"""
    )
    expect(chatter.page.locator("[data-chat-status]")).to_contain_text("That was fast")
    expect(chatter.field).to_have_value("message 11")
    messages(chatter.page).to_have_count(10)


def test_guests_read_and_are_shown_the_way_in(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter(me=GUEST)
    room.say("Hello")
    messages(chatter.page).to_have_count(1)
    expect(chatter.field).to_be_hidden()
    way = chatter.page.get_by_role("link", name="Sign in to chat")
    expect(way).to_have_attribute("href", "/account/sign-in/?next=/tryout/")
    assert chatter.page.locator(".chat-do").count() == 0


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("members_only", "members write here"),
        ("muted", "taking a break until"),
        ("banned", "cannot write in this chat"),
        ("unheard of", "cannot write here right now"),
    ],
)
def test_who_may_not_write_is_told_why_and_reads_on(enter: Enter, room: RoomInPlay, why: str, said: str) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat() if why == "muted" else None
    chatter = enter(me=someone(may_send=False, why_not=why, muted_until=until))
    expect(chatter.page.locator("[data-chat-gate]")).to_contain_text(said)
    expect(chatter.field).to_be_hidden()
    room.say("Hello")
    messages(chatter.page).to_have_count(1)


def test_a_chat_that_is_not_for_one_says_so_and_asks_no_more(enter: Enter) -> None:
    chatter = enter(connected=False, refused=(403, "members_only"))
    expect(chatter.page.locator("[data-chat-gate]")).to_contain_text("members write here")
    assert len(chatter.asked_for("token")) == 1


def test_whom_the_show_is_not_for_any_more_leaves_the_room_at_once_and_learns_why(
    enter: Enter, room: RoomInPlay
) -> None:
    chatter, member = enter(me=GUEST), enter(me=someone("per_m", "Mia", "member"))
    chatter.refused = (401, "not_signed_in")
    room.tell("prism:room", audience="1")
    expect(chatter.page.get_by_role("link", name="Sign in to chat")).to_be_visible()
    room.until_gone(GUEST["id"], chatter.page)
    room.say("Only among us")
    messages(member.page).to_have_count(1)
    messages(chatter.page).to_have_count(0)


def test_a_guest_gets_another_name_with_each_token_and_sees_nothing_of_it(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter(me=GUEST)
    room.say("Hello")
    messages(chatter.page).to_have_count(1)
    row = chatter.page.locator(".chat-message p").element_handle()
    chatter.me = {**GUEST, "id": "guest_2"}
    chatter.room |= {"slow_seconds": 10}
    room.disconnect(GUEST["id"], "access")
    expect(chatter.page.locator("[data-chat-slow-note]")).to_be_visible()
    assert row.evaluate("row => row.isConnected"), "what is shown stays as it is"


def test_who_is_sent_away_loses_their_words_and_learns_why(enter: Enter, room: RoomInPlay) -> None:
    chatter, other = enter(), enter(me=someone("per_ben", "Ben Basso"))
    chatter.write("something bad")
    messages(other.page).to_have_count(1)
    chatter.me = someone(may_send=False, why_not="banned")
    room.disconnect("per_me", "ban")
    messages(other.page).to_have_count(0)
    messages(chatter.page).to_have_count(0)
    expect(chatter.page.locator("[data-chat-gate]")).to_contain_text("cannot write in this chat")
    expect(chatter.page.locator(".chat")).to_have_attribute("data-state", "open")
    # Others who ask for a new token for another reason take nothing along.
    other.write("still here")
    messages(chatter.page).to_have_count(1)
    room.disconnect("per_ben", "access")
    expect(other.page.locator(".chat")).to_have_attribute("data-state", "open")
    messages(chatter.page).to_have_count(1)


def test_moderators_delete_pause_ban_and_pin_by_keyboard(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter(me=someone("per_mod", "Mo Derator", "team", moderator=True))
    for count, words in enumerate(("first", "second"), start=1):
        room.say(words, id=f"AAAAAAAAAAA{count}")
        messages(chatter.page).to_have_count(count)
    press, menu = chatter.page.keyboard.press, chatter.page.locator(".chat-menu")
    chatter.field.focus()
    press("ArrowUp")
    assert focused_message(chatter.page) == "AAAAAAAAAAA2"
    press("ArrowUp")
    assert focused_message(chatter.page) == "AAAAAAAAAAA1"
    press("Enter")
    expect(menu.get_by_role("menuitem", name="Reply")).to_be_focused()
    labels = menu.get_by_role("menuitem").all_inner_texts()
    assert labels == [
        "Reply",
        "Pin",
        "Delete",
        "1 minute's break",
        "10 minutes' break",
        "1 hour's break",
        "Ban from the chat",
    ]
    press("ArrowDown")
    press("ArrowDown")
    press("Enter")
    assert focused_message(chatter.page) == "AAAAAAAAAAA1", "the focus is back where it was"
    press("Enter")
    press("End")
    press("Enter")
    expect(chatter.page.locator("[data-chat-done]")).to_contain_text("Ada Fan is banned")
    chatter.page.get_by_role("button", name="Undo").click()
    press("Tab")
    chatter.page.locator('[data-id="AAAAAAAAAAA2"]').focus()
    press("Enter")
    menu.get_by_role("menuitem", name="10 minutes").click()
    chatter.page.locator('[data-id="AAAAAAAAAAA2"]').hover()
    chatter.page.locator('[data-id="AAAAAAAAAAA2"] .chat-do').click()
    menu.get_by_role("menuitem", name="Pin").click()
    expect(menu).to_be_hidden()
    expect(chatter.page.locator("[data-chat-status]")).to_have_text("")
    assert [(path, sent) for path, sent in chatter.asked if path not in ("token", "history")] == [
        ("messages/AAAAAAAAAAA1/delete", {}),
        ("people/per_ada/ban", {"messages": True}),
        ("people/per_ada/unban", {}),
        ("people/per_ada/timeout", {"seconds": 600}),
        ("pin", {"id": "AAAAAAAAAAA2"}),
    ]


def focused_message(page: Page) -> str:
    return str(page.evaluate("document.activeElement.dataset.id ?? ''"))


def test_fans_may_delete_what_is_theirs_also_a_moment_after_they_said_it(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    room.say("not mine")
    chatter.write("mine")
    messages(chatter.page).to_have_count(2)
    chatter.answers = {}
    mine = chatter.page.locator(".chat-own")
    mine.hover()
    mine.locator(".chat-do").click()
    assert chatter.page.get_by_role("menuitem").all_inner_texts() == ["Delete"]
    id = mine.get_attribute("data-id")
    chatter.answers[f"messages/{id}/delete"] = (409, {"code": "not_logged_yet"})
    chatter.page.get_by_role("menuitem", name="Delete").click()
    chatter.page.wait_for_timeout(200)
    chatter.answers.clear()
    with chatter.page.expect_response(lambda response: response.url.endswith(f"{id}/delete") and response.ok):
        pass
    room.delete(id or "")
    messages(chatter.page).to_have_text(["Ada Fan not mine"])


def test_what_is_pinned_is_above_all_until_it_is_taken_down(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter(pinned={"id": "p", "content": "Rules: be kind", "name": "Mira"})
    pin = chatter.page.locator("[data-chat-pin]")
    expect(pin).to_contain_text("Mira Rules: be kind")
    room.tell("prism:pin", id="q", content="New rules", name="Mira")
    expect(pin).to_contain_text("New rules")
    room.delete("q")
    expect(pin).to_be_hidden()
    room.tell("prism:pin", id="r", content="Again", name="Mira")
    expect(pin).to_be_visible()
    room.tell("prism:unpin", pinned="0")
    expect(pin).to_be_hidden()


def test_the_rooms_settings_are_changed_from_the_panel_and_seen_by_all(enter: Enter, room: RoomInPlay) -> None:
    owner = enter(me=someone("per_o", "Olga", "team", moderator=True), settable=True)
    fan = enter(me=someone("per_f", "Finn"))
    expect(fan.page.locator("[data-chat-settings]")).to_be_hidden()
    owner.page.locator(".chat-options summary").click()
    owner.page.get_by_label("Slow mode").select_option("30")
    owner.page.get_by_label("Only members may write").check()
    assert owner.asked_for("room") == [{"slow_seconds": 30}, {"members_only": True}]
    for chatter in (owner, fan):
        chatter.room |= {"slow_seconds": 30, "members_only": True}
    fan.me = someone("per_f", "Finn", may_send=False, why_not="members_only")
    room.tell("prism:room", version="2")
    expect(fan.page.locator("[data-chat-slow-note]")).to_contain_text("every 30 s")
    expect(fan.page.locator("[data-chat-gate]")).to_contain_text("members write here")


def test_emotes_are_pictures_and_are_offered_while_one_types(enter: Enter, room: RoomInPlay, pages: Pages) -> None:
    wave = "/assets/emote.webp"
    emotes = [{"name": "wave", "url": wave, "members_only": False}, {"name": "gold", "url": wave, "members_only": True}]
    chatter = enter(emotes=emotes, pictures=(wave,))
    room.say(":wave: :gold: hi")
    expect(chatter.page.locator(".chat-said img")).to_have_count(1)
    room.say(":wave: :gold: hi", user="per_m", name="Member", role="member")
    expect(chatter.page.locator(".chat-said img")).to_have_count(3)
    chatter.field.press_sequentially("ok :wa")
    expect(chatter.page.get_by_role("option")).to_have_text([":wave:"])
    chatter.field.press("Tab")
    expect(chatter.field).to_have_value("ok :wave: ")
    chatter.field.press_sequentially("@ad")
    expect(chatter.page.get_by_role("option")).to_have_text(["@Ada Fan"])
    chatter.field.press("Enter")
    expect(chatter.field).to_have_value("ok :wave: @Ada Fan ")
    chatter.page.locator(".chat-emotes summary").click()
    expect(chatter.page.locator(".chat-emotes li")).to_have_count(1)


def test_a_flood_neither_freezes_the_page_nor_grows_it(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    chatter.page.evaluate(
        """() => {
          globalThis.longest = 0;
          let last = performance.now();
          const look = () => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
            requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }"""
    )
    for number in range(600):
        room.say(f"message {number}", user=f"per_{number % 40}", name=f"Fan {number % 40}")
    expect(chatter.page.locator(".chat-message").last).to_contain_text("message 599")
    assert chatter.page.locator(".chat-message").count() == 200
    assert chatter.page.evaluate("longest") < 1000, "a frame may wait on a loaded machine, and not for seconds"
    at_the_end = "(() => { const box = document.querySelector('[data-chat-scroll]'); return box.scrollHeight - box.scrollTop - box.clientHeight; })()"
    assert chatter.page.evaluate(at_the_end) < 48


def test_who_reads_further_up_stays_there_and_is_told_how_many_came(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    for number in range(60):
        room.say(f"message {number}")
    messages(chatter.page).to_have_count(60)
    scroll = "document.querySelector('[data-chat-scroll]')"
    chatter.page.evaluate(f"{scroll}.scrollTop = 100")
    more = chatter.page.locator("[data-chat-more]")
    expect(more).to_be_visible()
    room.say("new one")
    room.say("new two")
    expect(more).to_have_text("2 new messages")
    assert abs(chatter.page.evaluate(f"{scroll}.scrollTop") - 100) < 2
    more.click()
    expect(more).to_be_hidden()
    expect(chatter.page.locator(".chat-message").last).to_be_in_viewport()


def test_readers_of_screens_hear_a_summary_and_may_switch_it_off(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    log, said = chatter.page.get_by_role("log"), chatter.page.locator("[data-chat-said]")
    expect(log).to_have_attribute("aria-live", "off")
    chatter.page.evaluate(
        """() => {
          globalThis.told = [];
          const said = document.querySelector("[data-chat-said]");
          new MutationObserver(() => told.push(said.textContent)).observe(said, { childList: true });
        }"""
    )
    for number in range(30):
        room.say(f"message {number}")
    expect(said).to_have_text("30 new messages")
    assert chatter.page.evaluate("told.length") == 1
    chatter.page.locator(".chat-options summary").click()
    chatter.page.get_by_label("Read out new messages").uncheck()
    assert chatter.page.evaluate("localStorage.getItem('chat-announce')") == "no"


def test_nothing_steals_the_focus(enter: Enter, room: RoomInPlay) -> None:
    chatter = enter()
    chatter.field.fill("half a sen")
    for number in range(20):
        room.say(f"@Mira Moss {number}")
    room.tell("prism:pin", id="q", content="pinned", name="Mira")
    room.drop()
    expect(chatter.page.locator(".chat")).to_have_attribute("data-state", "open")
    messages(chatter.page).to_have_count(20)
    expect(chatter.field).to_be_focused()
    expect(chatter.field).to_have_value("half a sen")


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_the_panel_shuts_nobody_out(browser: Browser, pages: Pages, room: RoomInPlay, width: int, theme: Any) -> None:
    with a_visitor(browser, theme=theme, still=True) as visitor:
        chatter = pages.chatter(
            visitor.context,
            room,
            me=someone("per_mod", "Mo Derator", "team", moderator=True),
            settable=True,
            slow_seconds=30,
            pinned={"id": "p", "content": "Be kind", "name": "Mira"},
        )
        visitor.page = chatter.page
        chatter.page.set_viewport_size({"width": width, "height": 800})
        chatter.open("de")
        expect(chatter.page.locator(".chat")).to_have_attribute("data-state", "open")
        room.say("Hallo https://example.com/", name="Ein langer Name " * 5, role="member")
        room.say("שלום עולם", user="per_c", name="מאיה")
        expect(chatter.page.locator(".chat-message")).to_have_count(2)
        assert visitor.barriers() == []
        chatter.page.locator(".chat-options summary").click()
        assert visitor.barriers() == []
        chatter.page.keyboard.press("Escape")
        chatter.page.locator(".chat-message").first.focus()
        chatter.page.keyboard.press("Enter")
        expect(chatter.page.locator(".chat-menu")).to_be_visible()
        assert visitor.barriers() == []
        chatter.page.set_viewport_size({"width": 320, "height": 640})
        assert chatter.page.evaluate("document.documentElement.scrollWidth") <= 320
        assert visitor.unforgiven() == []


def test_without_a_script_the_page_says_that_the_chat_needs_one(
    browser: Browser, pages: Pages, room: RoomInPlay
) -> None:
    context = browser.new_context(java_script_enabled=False)
    chatter = pages.chatter(context, room)
    chatter.page.goto(f"{chatter.origin}/tryout/")
    expect(chatter.page.get_by_text("The chat needs JavaScript")).to_be_visible()
    context.close()
