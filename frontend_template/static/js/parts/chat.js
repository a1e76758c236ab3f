/**
 * The chat beside the player: reads with or without an account, writes with one. `mount(section)` begins it and
 * gives {start, stop}. What it says stands in the section's `data-words`, what it asks is below /api/chat/.
 */

import { ask, rememberHere, remembered } from "./chat-api.js";
import { ChatComposer } from "./chat-composer.js";
import { ChatConnection } from "./chat-connection.js";
import { keepAboveKeyboard } from "./chat-keyboard.js";
import { ChatList } from "./chat-list.js";
import { ChatLog } from "./chat-log.js";
import { ChatMenu } from "./chat-menu.js";
import { choicesFor, ModeratorTools } from "./chat-moderation.js";
import { messageOf } from "./chat-row.js";
import { ChatSending } from "./chat-sending.js";
import { plain } from "./chat-text.js";

const API = "/api/chat/";
const NAMES_KNOWN = 50;
const ROOM_WITHIN = 3000;
const TAKE_ALONG = new Set(["ban", "timeout"]);
const KEEPS_EMOTES = new Set(["member", "team"]);

export function mount(root) {
  const { words: given, sprite, locale } = root.dataset;
  const words = JSON.parse(given);
  const part = (name) => root.querySelector(`[data-chat-${name}]`);
  const log = new ChatLog();
  const list = new ChatList(root, { log, words, sprite, locale });
  const names = new Map();
  const composer = new ChatComposer(root, { words, send: begin, names: () => [...names.values()].reverse() });
  const sending = new ChatSending({ list, words, sprite, send: handOver, giveBack: (text) => composer.giveBack(text) });
  const tools = new ModeratorTools(root, { words, sprite, api: API, say: (text) => composer.say(text) });
  const connection = new ChatConnection({ ask: () => ask(`${API}token`, {}), hear: { status, arrived, opened, frame } });
  let me = { role: "guest", may_send: false };
  let room = {};
  let unmute;
  let drawnFor;

  new ChatMenu(root, {
    list: part("list"),
    label: words.menu,
    sprite,
    entries: (id) => choicesFor({ message: log.items.find((one) => one.id === id), me, words, tools, reply }),
  });
  part("list").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !composer.hidden) composer.field.focus();
  });
  composer.field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && !composer.field.value) {
      event.preventDefault();
      list.focus();
    }
  });
  keepAboveKeyboard(root, composer.field);
  wireAnnouncements();
  followStage(root.closest("[data-live]"));
  addEventListener("online", () => connection.start());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && root.dataset.state === "waiting" && connection.start());
  part("again").addEventListener("click", () => connection.start());
  root.dataset.ready = "";

  return { start: () => connection.start(), stop: () => connection.stop() };

  function status(state, code) {
    root.dataset.state = state;
    const said = { connecting: words.connecting, waiting: words.waiting }[state] ?? "";
    part("state").textContent = said;
    if (state === "waiting") sending.lost();
    if (state === "refused") refuse(code);
    if (state === "closed") gate("over");
  }

  /** Not for this visitor, or there is no chat now: what was read stays. */
  function refuse(code) {
    me = { ...me, may_send: false };
    gate({ off_air: "over", chat_closed: "over", not_found: "over", not_signed_in: "sign_in" }[code] ?? code, { again: true });
  }

  function arrived({ me: now, room: settings }) {
    clearTimeout(unmute);
    me = now;
    settle(settings ?? {});
    gate(me.may_send ? "" : me.why_not || "sign_in");
    if (!me.may_send && me.muted_until) {
      // Nobody has to reload the page to be let in again.
      const left = Date.parse(me.muted_until) - Date.now();
      if (left < 2 ** 31) unmute = setTimeout(() => connection.renew(), Math.max(1000, left) + Math.random() * 2000);
    }
  }

  /** The room as it is set now, for who looks at it. */
  function settle(settings) {
    room = settings;
    const emotes = room.emotes ?? [];
    // A guest is somebody else by each token, and has said nothing.
    const drawn = JSON.stringify([me.role === "guest" ? "" : me.id, me.name, me.may_send, me.moderator, emotes, room.badges]);
    Object.assign(list.context, { emotes: emotesBy(emotes), badges: room.badges, me: me.may_send ? me.name : "", mine: me.id });
    list.context.menu = (message) => choicesFor({ message, me, words, tools, reply }).length > 0;
    // A new token seldom changes anything: the rows are drawn again only where it does.
    if (drawn !== drawnFor) {
      drawnFor = drawn;
      composer.emotes = emotes.filter(({ members_only: narrow }) => !narrow || KEEPS_EMOTES.has(me.role));
      list.redraw();
    }
    tools.show({ me, room });
  }

  /** The room was set anew. Where that changes who may write, it takes a new token to do so. */
  async function look() {
    const { ok, status, body } = await ask(`${API}room`, undefined, "GET");
    // It is not for this visitor any more: the answer to asking for a token says why, and ends the connection.
    if (status === 401 || status === 403) connection.renew();
    if (!ok) return;
    const narrowed = body.members_only !== room.members_only && me.role === "fan";
    settle(body);
    if (narrowed) connection.renew();
  }

  /** Why one cannot write, in place of where one would; empty where one can. */
  function gate(why, { again = false } = {}) {
    const box = part("gate");
    composer.hidden = Boolean(why);
    box.hidden = !why;
    if (!why) return;
    const until = me.muted_until ? new Date(me.muted_until) : undefined;
    const known = why === "muted" && !until ? "muted_for_good" : why;
    const text = words.why[known] ?? words.why.other;
    part("why").textContent = text.replace("{time}", until ? until.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) : "");
    part("sign-in").hidden = why !== "sign_in";
    part("again").hidden = !again || ["over", "sign_in", "banned", "members_only", "other_tier", "ended"].includes(why);
  }

  async function opened() {
    const { ok, body } = await ask(`${API}history`, undefined, "GET");
    if (!ok) return;
    const messages = (body.messages ?? []).map(messageOf).filter(Boolean);
    for (const message of messages) {
      if (message.sender.id === me.id) sending.said(message);
      know(message);
    }
    list.add(messages, { fresh: false });
  }

  function frame(entity) {
    if (entity.Type === "MESSAGE") return hear(messageOf(entity));
    if (entity.Type === "ERROR") return refused(entity);
    if (entity.Type === "EVENT") return happened(entity);
    return undefined;
  }

  function hear(message) {
    if (!message) return;
    if (message.sender.id === me.id) {
      sending.said(message);
      if (room.slow_seconds && me.role !== "team") composer.wait(room.slow_seconds);
    }
    know(message);
    list.add([message]);
  }

  /** Whom an @ may mean: who spoke last, the newest last. */
  function know({ sender }) {
    const name = plain(sender.name);
    if (!name || sender.id === me.id) return;
    names.delete(sender.id);
    names.set(sender.id, name);
    if (names.size > NAMES_KNOWN) names.delete(names.keys().next().value);
    list.context.names = [...names.values()];
  }

  function happened({ EventName: name, Attributes: attributes = {}, SendTime: sentAt }) {
    if (name === "aws:DELETE_MESSAGE") {
      const id = attributes.MessageID ?? attributes.MessageId;
      log.delete(id);
      list.remove(id);
      tools.gone(id);
    } else if (name === "aws:DISCONNECT_USER") {
      // Somebody who has to go takes along what they said; a new token for another reason takes nothing.
      if (TAKE_ALONG.has(attributes.Reason)) {
        for (const { id } of log.deleteOf(attributes.UserId, Date.parse(sentAt) || Date.now())) list.remove(id);
      }
    } else if (name === "prism:pin") tools.pin(attributes);
    else if (name === "prism:unpin") tools.unpin();
    // Everyone hears this at the same moment, and asks at another.
    else if (name === "prism:room") setTimeout(look, Math.random() * ROOM_WITHIN);
  }

  function begin(text) {
    if (!connection.open) {
      composer.say(words.waiting_to_send);
      return false;
    }
    sending.begin(text, me);
    return true;
  }

  function handOver(text, request) {
    return connection.send({ Action: "SEND_MESSAGE", RequestId: request, Content: text });
  }

  function refused({ RequestId: request, ErrorCode: code, ErrorMessage: message }) {
    const reason = /\b(slow|words|links|muted|banned|members|repeat|caps)\b(?::(\d+))?/i.exec(message ?? "") ?? [];
    const what = (reason[1] ?? "").toLowerCase();
    const seconds = Number(reason[2]) || 0;
    const why = words.refused[what] ?? words.refused[String(code)] ?? words.refused.other;
    if (!sending.refused(request, why.replace("{seconds}", seconds))) return;
    if (what === "slow" && seconds) composer.wait(seconds);
    else composer.say(why);
    if (["muted", "banned", "members"].includes(what) || code === 401 || code === 403) connection.renew();
  }

  function reply(message) {
    composer.insert(`@${plain(message.sender.name)} `);
  }

  /** By who writes: some emotes are drawn in messages of members and of the team only. */
  function emotesBy(emotes) {
    const all = new Map(emotes.map(({ name, url }) => [name, url]));
    const open = new Map(emotes.filter((one) => !one.members_only).map(({ name, url }) => [name, url]));
    return ({ role }) => (KEEPS_EMOTES.has(role) ? all : open);
  }

  /** A chat that was over opens with the next show, which the page around it hears of. */
  function followStage(stage) {
    const look = () => stage.dataset.state === "live" && root.dataset.state === "refused" && connection.start();
    if (stage) new MutationObserver(look).observe(stage, { attributes: true, attributeFilter: ["data-state"] });
  }

  function wireAnnouncements() {
    const box = part("announce");
    box.checked = remembered("chat-announce", "yes") === "yes";
    list.announce = box.checked;
    box.addEventListener("change", () => {
      list.announce = box.checked;
      rememberHere("chat-announce", box.checked ? "yes" : "no");
    });
  }
}
