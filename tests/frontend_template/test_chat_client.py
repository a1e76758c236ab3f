"""The chat's client without a page: what it makes of what is said, and how it holds a connection. Its own modules, run by Node."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontend_template.render import ROOT
from lambdas.core.brand import TEXT_CONTRAST, contrast, palette
from stacks.node import wheel_node
from tests.creators import a_creator

PARTS = ROOT / "static" / "js" / "parts"

_TIME = """
// Time that a test moves: timers fire in their order when it does.
export class Clock {
  now = 0; waiting = []; next = 1;
  setTimeout = (run, wait = 0) => { this.waiting.push({ id: this.next, at: this.now + wait, run }); return this.next++; };
  clearTimeout = (id) => { this.waiting = this.waiting.filter((one) => one.id !== id); };
  async forward(ms) {
    const end = this.now + ms;
    for (;;) {
      await settled();
      const due = this.waiting.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.waiting = this.waiting.filter((one) => one !== due);
      this.now = due.at;
      due.run();
    }
    this.now = end;
    await settled();
  }
}
export const settled = async () => { for (let i = 0; i < 20; i++) await null; };
export class Socket {
  static all = [];
  readyState = 0; sent = []; closed = undefined;
  constructor(endpoint, token) { Object.assign(this, { endpoint, token }); Socket.all.push(this); }
  open() { this.readyState = 1; this.onopen?.(); }
  hear(entity) { this.onmessage?.({ data: typeof entity === "string" ? entity : JSON.stringify(entity) }); }
  lose() { this.readyState = 3; this.onclose?.(); }
  send(text) { this.sent.push(JSON.parse(text)); }
  close(code) { this.closed = code; this.readyState = 3; this.onclose?.(); }
}
export function answer(number, { minutes = 60 } = {}) {
  const made = Date.parse("2026-03-01T12:00:00Z");
  const body = { token: `token${number}`, endpoint: "wss://chat", expires_at: new Date(made + 60e3).toISOString(), session_until: new Date(made + minutes * 60e3).toISOString() };
  return { ok: true, status: 200, body };
}
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs a script among the chat's modules and gives what it leaves in `out`."""
    folder = tmp_path_factory.mktemp("modules")
    for path in PARTS.glob("chat-*.js"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "time.js").write_text(_TIME, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")

    def run(script: str, given: Any = None) -> Any:
        text = f"const given = {json.dumps(given)};\nlet out;\n{script}\nconsole.log(JSON.stringify(out));\n"
        imports = "\n".join(
            f'import {{ {names} }} from "./{module}.js";'
            for module, names in {
                "chat-text": "hueOf, lengthOf, partsOf, plain, speaksTo",
                "chat-log": "ChatLog",
                "chat-connection": "ChatConnection, waitBefore",
                "time": "Clock, Socket, answer, settled",
            }.items()
        )
        done = subprocess.run(
            [str(wheel_node()), "--input-type=module", "-e", imports + text],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def parts(node: Any, *texts: str, **known: Any) -> list[list[dict[str, Any]]]:
    script = """
    const { emotes = {}, ...rest } = given.known;
    out = given.texts.map((text) => partsOf(text, { ...rest, emotes: new Map(Object.entries(emotes)) }));
    """
    found: list[list[dict[str, Any]]] = node(script, {"texts": list(texts), "known": known})
    return found


def test_only_addresses_of_the_web_become_links_and_what_is_read_is_where_they_lead(node: Any) -> None:
    safe, ended, brackets, script, data, user, bare, foreign = parts(
        node,
        "see https://example.com/a?b=1#c now",
        "it is http://example.com/x.",
        "(https://example.com/a_(b)) and https://example.com/c)",
        "javascript:alert(1) JAVASCRIPT://example.com/%0aalert(1)",
        "data:text/html,<script> file:///etc/passwd vbscript:x blob:https://example.com/1",
        "https://paypal.com@evil.example/ and https://a:b@c.example",
        "https://localhost/ https:///x http://",
        "https://аррӏе.com/",
    )
    assert safe == [
        {"text": "see "},
        {"link": "https://example.com/a?b=1#c", "text": "https://example.com/a?b=1#c"},
        {"text": " now"},
    ]
    assert ended[1:] == [{"link": "http://example.com/x", "text": "http://example.com/x"}, {"text": "."}]
    assert [part["text"] for part in brackets if "link" in part] == [
        "https://example.com/a_(b)",
        "https://example.com/c",
    ]
    for nothing in (script, data, user, bare):
        assert not [part for part in nothing if "link" in part and not part["text"].startswith("https://example.com/1")]
    # Letters that look like others are shown as what they are.
    assert foreign == [{"link": "https://xn--80ak6aa92e.com/", "text": "https://xn--80ak6aa92e.com/"}]


def test_nothing_turns_its_surroundings_around_or_climbs_over_them(node: Any) -> None:
    zalgo = "a" + "\u0301" * 40 + "b"
    clean = node("out = given.map(plain);", ["\u202eevil\u2066 x\u200b", zalgo, " a \n\t b ", "👩‍👩‍👧 ok", None])
    assert clean == ["evil x", "a" + "\u0301" * 4 + "b", "a b", "👩‍👩‍👧 ok", ""]


@settings(max_examples=12, deadline=None)
@given(texts=st.lists(st.text(max_size=60), min_size=30, max_size=30))
def test_no_letter_of_a_message_is_lost_or_made_up(node: Any, texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    script = """
    const shown = (part) => part.emote ?? part.mention ?? part.text;
    out = given.map((text) => [partsOf(text, { emotes: new Map([["a", "/a"]]), names: ["b", "ä"] }).map(shown).join(""), plain(text)]);
    """
    for shown, clean in node(script, texts):
        assert shown == clean


def test_emotes_of_the_room_are_pictures_and_other_words_between_colons_are_words(node: Any) -> None:
    (found,) = parts(node, "a :wave: b :other: https://example.com/:wave:", emotes={"wave": "/media/wave.webp"})
    assert found[:3] == [{"text": "a "}, {"emote": ":wave:", "url": "/media/wave.webp"}, {"text": " b :other: "}]
    # In an address it is a part of the address.
    assert found[3] == {"link": "https://example.com/:wave", "text": "https://example.com/:wave"}


def test_an_at_means_the_longest_name_that_fits_and_never_a_part_of_a_word(node: Any) -> None:
    longest, inside, mine = parts(
        node, "hi @Ada Fan!", "ada@adafan.example @Adam", "@mira moss, hello", names=["Ada", "Ada Fan"], me="Mira Moss"
    )
    assert longest == [{"text": "hi "}, {"mention": "@Ada Fan", "me": False}, {"text": "!"}]
    assert not [part for part in inside if "mention" in part]
    assert mine[0] == {"mention": "@mira moss", "me": True}


def test_length_is_counted_in_code_points_as_the_room_counts(node: Any) -> None:
    assert node('out = ["abc", "👍👍", "é", "👩‍👧"].map(lengthOf);') == [3, 2, 1, 3]


def test_names_keep_their_colour_and_ids_that_are_alike_seldom_share_one(node: Any) -> None:
    ids = [f"per_01J9ZK3V7Q8W2E4R6T8Y0A{n:04d}" for n in range(1200)]
    hues = node("out = given.map(hueOf);", ids)
    assert hues == node("out = given.map(hueOf);", ids)
    counted = [hues.count(hue) for hue in range(12)]
    assert sum(counted) == 1200
    assert min(counted) > 50, counted


def test_every_colour_of_a_name_is_readable_on_every_ground_of_both_themes() -> None:
    css = (ROOT / "static" / "css" / "parts" / "chat-row.css").read_text(encoding="utf-8")
    dark, light = css.split('[data-theme="light"]')[0], css.split('[data-theme="light"]')[1]
    themes = palette(a_creator().brand)
    for text, theme in ((dark, themes.dark), (light, themes.light)):
        colours = {
            line.split(":")[0].strip(): line.split(":")[1].strip(" ;")
            for line in text.splitlines()
            if "--chat-" in line and "var(" not in line
        }
        assert len(colours) == 12
        for name, colour in colours.items():
            for ground in theme.surfaces:
                assert contrast(colour, ground) >= TEXT_CONTRAST, (name, colour, ground)


_M = 'const m = (id, at, who = "per_a") => ({ id, at, sender: { id: who } });\n'


def test_messages_are_there_once_in_the_order_they_were_said_however_they_come(node: Any) -> None:
    script = (
        _M
        + """
    const log = new ChatLog(5);
    log.add(m("c", 3)); log.add(m("a", 1)); log.add(m("b", 2)); log.add(m("b", 2)); log.add(m("b2", 2));
    out = { order: log.items.map(({ id }) => id), dropped: [log.add(m("d", 4)).dropped, log.add(m("e", 5)).dropped.map(({ id }) => id)],
      late: log.add(m("z", 0)).added, after: log.after("b2")?.id };
    """
    )
    assert node(script) == {
        "order": ["a", "b", "b2", "c"],
        "dropped": [[], ["a"]],
        "late": False,
        "after": "c",
    }


def test_what_is_gone_stays_gone_also_when_it_comes_later(node: Any) -> None:
    script = (
        _M
        + """
    const log = new ChatLog();
    log.delete("x");
    const late = log.add(m("x", 1)).added;
    log.add(m("a", 1)); log.add(m("b", 2, "per_b")); log.add(m("c", 3));
    const gone = log.deleteOf("per_a", 2).map(({ id }) => id);
    out = { late, gone, left: log.items.map(({ id }) => id), again: log.add(m("a2", 2)).added, after: log.add(m("a3", 9)).added };
    """
    )
    assert node(script) == {"late": False, "gone": ["a"], "left": ["b", "c"], "again": False, "after": True}


@settings(max_examples=10, deadline=None)
@given(
    batches=st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=40), min_size=10, max_size=10)
)
def test_the_log_is_bounded_sorted_and_free_of_doubles(node: Any, batches: list[list[tuple[int, int]]]) -> None:
    script = (
        _M
        + """
    out = given.map((batch) => {
      const log = new ChatLog(8);
      for (const [id, at] of batch) log.add(m(String(id), at));
      const items = log.items;
      const sorted = items.every(({ at }, n) => n === 0 || items[n - 1].at <= at);
      return items.length <= 8 && sorted && new Set(items.map(({ id }) => id)).size === items.length;
    });
    """
    )
    assert all(node(script, batches))


_CONNECTION = """
const clock = new Clock(), told = [], asked = [];
let next = () => answer(asked.length);
const connection = new ChatConnection({
  ask: async () => { asked.push(clock.now); return next(); },
  hear: {
    status: (state, code) => told.push(code ? `${state} ${code}` : state),
    arrived: () => told.push("arrived"),
    opened: (again) => told.push(again ? "opened again" : "opened"),
    frame: ({ Type, Id }) => told.push(`${Type} ${Id}`),
  },
  Socket, timers: clock, random: () => 0.5,
});
const last = () => Socket.all.at(-1);
const up = async () => { connection.start(); await settled(); last().open(); await settled(); };
"""


def test_each_connection_has_a_token_of_its_own(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    await up();
    last().lose();
    await clock.forward(60000);
    last().open();
    out = { tokens: Socket.all.map(({ token }) => token), told };
    """
    )
    found = node(script)
    assert len(found["tokens"]) == len(set(found["tokens"])) >= 2
    assert found["told"][:5] == ["connecting", "arrived", "open", "opened", "waiting"]
    assert found["told"][-1] == "opened again"


def test_it_comes_back_later_each_time_and_never_together_with_everyone(node: Any) -> None:
    waits = node("out = [0, 1, 2, 3, 4, 5, 6, 20].map((n) => [waitBefore(n, () => 0), waitBefore(n, () => 1)]);")
    assert [most for _, most in waits] == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
    assert all(least * 2 == most for least, most in waits)
    script = (
        _CONNECTION
        + """
    next = () => ({ ok: false, status: 503, body: {} });
    connection.start();
    await clock.forward(200000);
    out = asked;
    """
    )
    asked = node(script)
    pauses = [after - before for before, after in pairwise(asked)]
    assert pauses[:4] == sorted(pauses[:4])
    assert max(pauses) <= 30000
    assert len(asked) < 15


def test_it_waits_as_long_as_it_is_told_to(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    next = () => ({ ok: false, status: 429, retryAfter: 40, body: {} });
    connection.start();
    await clock.forward(39000);
    const before = asked.length;
    await clock.forward(2000);
    out = [before, asked.length];
    """
    )
    assert node(script) == [1, 2]


@pytest.mark.parametrize(("status", "code"), [(401, "not_signed_in"), (403, "members_only"), (409, "chat_closed")])
def test_who_is_refused_is_told_why_and_not_tried_again(node: Any, status: int, code: str) -> None:
    script = (
        _CONNECTION
        + """
    next = () => ({ ok: false, status: given[0], body: { code: given[1] } });
    connection.start();
    await clock.forward(600000);
    out = { told, asked: asked.length };
    """
    )
    assert node(script, [status, code]) == {"told": ["connecting", f"refused {code}"], "asked": 1}


def test_a_session_is_renewed_before_it_ends_and_nothing_said_meanwhile_is_missed_or_doubled(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    next = () => answer(asked.length, { minutes: 60 });
    await up();
    const first = last();
    await clock.forward(57 * 60000);
    const early = Socket.all.length;
    await clock.forward(110000);
    const second = last();
    first.hear({ Type: "MESSAGE", Id: "a" });
    second.open();
    second.hear({ Type: "MESSAGE", Id: "a" });
    second.hear({ Type: "MESSAGE", Id: "b" });
    await settled();
    out = { early, sockets: Socket.all.length, firstClosed: first.closed, told: told.slice(4), opens: told.filter((one) => one.startsWith("opened")) };
    """
    )
    found = node(script)
    assert (found["early"], found["sockets"], found["firstClosed"]) == (1, 2, 1000)
    assert [one for one in found["told"] if one.startswith("MESSAGE")] == ["MESSAGE a", "MESSAGE b"]
    assert found["opens"] == ["opened"], "no history is asked for: nothing was missed"
    assert "waiting" not in found["told"]


def test_the_servers_clock_says_how_long_a_session_lasts(node: Any) -> None:
    """A device whose clock is a year off renews no earlier and no later."""
    script = (
        _CONNECTION
        + """
    next = () => answer(asked.length, { minutes: 10 });
    await up();
    await clock.forward(8 * 60000);
    const early = asked.length;
    await clock.forward(50000);
    out = [early, asked.length];
    """
    )
    assert node(script) == [1, 2]


def test_what_is_no_frame_breaks_nothing(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    await up();
    for (const text of ["", "{", "null", "[]", '"x"', "{}", '{"Type":5}', "\\u0000"]) last().hear(text);
    last().hear({ Type: "EVENT", Id: "e" });
    out = told.slice(4);
    """
    )
    assert node(script) == ["EVENT e"]


def test_who_stops_is_left_alone(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    await up();
    connection.stop();
    await clock.forward(600000);
    out = { told: told.at(-1), asked: asked.length, closed: last().closed, sent: connection.send({}), left: clock.waiting.length };
    """
    )
    assert node(script) == {"told": "closed", "asked": 1, "closed": 1000, "sent": False, "left": 0}


def test_a_handshake_that_never_ends_is_given_up(node: Any) -> None:
    script = (
        _CONNECTION
        + """
    connection.start();
    await clock.forward(16000);
    out = { told, sockets: Socket.all.length };
    """
    )
    found = node(script)
    assert "waiting" in found["told"]
    assert found["sockets"] >= 2


def test_the_modules_hold_no_markup() -> None:
    for path in Path(PARTS).glob("chat*.js"):
        text = path.read_text(encoding="utf-8")
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"):
            assert sink not in text, f"{path.name} uses {sink}"
