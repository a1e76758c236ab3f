/* What moderators do, and what everyone sees of it: the menu of a message, what is pinned, the room's settings. */

import { ask } from "./chat-api.js";
import { make } from "./dom.js";
import { nameOf, saidOf } from "./chat-row.js";
import { plain } from "./chat-text.js";

const A_MINUTE = 60;
const TRIES = 5;
const TIMEOUTS = [
  ["timeout_minute", A_MINUTE],
  ["timeout_ten", 10 * A_MINUTE],
  ["timeout_hour", 60 * A_MINUTE],
];

/** What may be done with a message by who looks at it, in the order of the menu. */
export function choicesFor({ message, me, words, tools, reply }) {
  if (!message) return [];
  const own = message.sender.id === me.id;
  const choices = [];
  if (me.may_send && !own) choices.push({ label: words.reply, icon: "reply", run: () => reply(message) });
  if (me.moderator) choices.push({ label: words.pin, icon: "pin", run: () => tools.askToPin(message) });
  if (me.moderator || (own && me.role !== "guest")) choices.push({ label: words.delete, icon: "trash", danger: true, run: () => tools.delete(message) });
  // Whoever is on the team is not sent away from here.
  if (me.moderator && !own && message.sender.role !== "team") {
    for (const [word, seconds] of TIMEOUTS) choices.push({ label: words[word], icon: "clock", danger: true, run: () => tools.timeOut(message.sender, seconds) });
    choices.push({ label: words.ban, icon: "ban", danger: true, run: () => tools.ban(message.sender) });
  }
  return choices;
}

export class ModeratorTools {
  #root;
  #words;
  #sprite;
  #api;
  #say;
  #pinned = "";
  #moderator = false;
  #room = {};

  constructor(root, { words, sprite, api, say }) {
    this.#root = root;
    this.#words = words;
    this.#sprite = sprite;
    this.#api = api;
    this.#say = say;
    this.#part("unpin").addEventListener("click", () => this.#do("unpin", {}));
    this.#part("pin-less").addEventListener("click", () => this.#fold());
    for (const control of this.#part("settings").querySelectorAll("select, input")) {
      control.addEventListener("change", () => this.#set(control));
    }
  }

  show({ me, room }) {
    this.#moderator = Boolean(me.moderator);
    this.#room = room;
    this.#part("unpin").hidden = !this.#moderator;
    const mayset = Boolean(me.moderator && room.settable);
    this.#part("settings").hidden = !mayset;
    this.#fill();
    this.#part("slow-note").hidden = !room.slow_seconds;
    this.#part("slow-note").querySelector("span").textContent = this.#words.slow_room.replace("{seconds}", room.slow_seconds ?? 0);
    this.#part("members-note").hidden = !room.members_only;
    if (room.pinned) this.pin(room.pinned);
    else this.unpin();
  }

  pin({ id = "", content = "", name = "" }) {
    const box = this.#part("pin");
    if (this.#pinned !== id) box.classList.remove("chat-pin-folded");
    this.#pinned = id;
    const sender = { id: name, name, role: "" };
    this.#part("pin-text").replaceChildren(nameOf(sender, { words: this.#words, sprite: this.#sprite }), " ", saidOf(content, {}));
    box.hidden = !content;
  }

  unpin() {
    this.#pinned = "";
    this.#part("pin").hidden = true;
  }

  /** A message was deleted: it is not pinned any more either. */
  gone(id) {
    if (id && id === this.#pinned) this.unpin();
  }

  askToPin({ id }) {
    this.#do("pin", { id });
  }

  delete({ id }) {
    this.#do(`messages/${encodeURIComponent(id)}/delete`, {});
  }

  timeOut(sender, seconds) {
    this.#do(`people/${encodeURIComponent(sender.id)}/timeout`, { seconds }, () => this.#done(this.#words.timed_out, sender));
  }

  ban(sender) {
    this.#do(`people/${encodeURIComponent(sender.id)}/ban`, { messages: true }, () => this.#done(this.#words.banned, sender));
  }

  /** What was done, and the way back, for a while. */
  #done(words, sender) {
    const note = this.#part("done");
    const undo = make("button", { type: "button" }, this.#words.undo);
    undo.addEventListener("click", () => {
      note.replaceChildren();
      this.#do(`people/${encodeURIComponent(sender.id)}/unban`, {});
    });
    const name = plain(sender.name) || this.#words.someone;
    note.replaceChildren(make("span", {}, words.replace("{name}", name)), undo);
    setTimeout(() => undo.isConnected && note.replaceChildren(), 15_000);
  }

  async #do(path, content, then) {
    const { ok, status, body } = await this.#asked(path, content);
    if (ok) then?.();
    else this.#say(this.#words.failed[body.code] ?? this.#words.failed[String(status)] ?? this.#words.failed.other);
    return ok;
  }

  /** What was said a moment ago is known to the platform a few seconds later: it is asked again until then. */
  async #asked(path, content) {
    for (let tried = 0; ; tried++) {
      const answer = await ask(`${this.#api}${path}`, content);
      if (answer.body.code !== "not_logged_yet" || tried === TRIES) return answer;
      await new Promise((resume) => setTimeout(resume, (answer.retryAfter || 3) * 1000));
    }
  }

  async #set(control) {
    const value = control.type === "checkbox" ? control.checked : Number(control.value);
    const ok = await this.#do("room", { [control.name]: value });
    if (ok) this.#room = { ...this.#room, [control.name]: value };
    else this.#fill();
  }

  #fill() {
    const form = this.#part("settings");
    const slow = form.querySelector("[name=slow_seconds]");
    const seconds = String(this.#room.slow_seconds ?? 0);
    if (![...slow.options].some(({ value }) => value === seconds)) slow.append(make("option", { value: seconds }, `${seconds} s`));
    slow.value = seconds;
    form.querySelector("[name=members_only]").checked = Boolean(this.#room.members_only);
  }

  #fold() {
    const folded = this.#part("pin").classList.toggle("chat-pin-folded");
    this.#part("pin-less").setAttribute("aria-expanded", String(!folded));
  }

  #part(name) {
    return this.#root.querySelector(`[data-chat-${name}]`);
  }
}
