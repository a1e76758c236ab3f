/* The chat on stream: the last messages, each for a while. What is deleted is gone at once, also on its way out. */

import { ChatLog } from "./chat-log.js";
import { nameOf, saidOf } from "./chat-row.js";
import { make } from "./dom.js";
import { isOn, numbersOf } from "./overlay-settings.js";

const FADES_FOR = 600;

export class ChatOverlay {
  #list = make("ol", { class: "overlay-list" });
  #log = new ChatLog(50);
  #rows = new Map();
  #given;
  #settings;
  #queue = [];
  #drawing = false;
  #emotes = { all: new Map(), open: new Map() };

  constructor(root, { settings, ...given }) {
    this.#given = given;
    this.#settings = settings;
    root.append(this.#list);
  }

  change(settings) {
    this.#settings = settings;
    for (const [id, { message, row, timer, end }] of this.#rows) {
      clearTimeout(timer);
      clearTimeout(end);
      const again = this.#draw(message);
      row.replaceWith(again);
      this.#keep(id, message, again);
    }
    this.#trim();
  }

  /** Messages from now on have these emotes as pictures. */
  draw(emotes) {
    const named = (list) => new Map(list.map(({ name, url }) => [name, url]));
    this.#emotes = { all: named(emotes), open: named(emotes.filter((one) => !one.members_only)) };
  }

  message(message) {
    if (!this.#log.add(message).added) return;
    this.#queue.push(message);
    if (this.#drawing) return;
    this.#drawing = true;
    // A flood is drawn once a frame, and of it no more than can be seen; a source that is not shown gets no frames.
    if (document.hidden) setTimeout(() => this.#flush(), 250);
    else requestAnimationFrame(() => this.#flush());
  }

  deleted(id) {
    this.#log.delete(id);
    this.#queue = this.#queue.filter((message) => message.id !== id);
    this.#remove(id);
  }

  /** Somebody was sent away: nothing of theirs stays in view. */
  gone(userId) {
    for (const { id } of this.#log.deleteOf(userId, Date.now())) this.deleted(id);
    for (const [id, { message }] of this.#rows) if (message.sender.id === userId) this.deleted(id);
  }

  #flush() {
    this.#drawing = false;
    for (const message of this.#queue.splice(0).slice(-numbersOf(this.#settings).messages)) {
      const row = this.#draw(message);
      row.classList.add("overlay-in");
      this.#list.append(row);
      this.#keep(message.id, message, row);
    }
    this.#trim();
  }

  #draw(message) {
    const badges = isOn(this.#settings.badges ?? "yes") ? {} : { team: false, member: false };
    const name = nameOf(message.sender, { ...this.#given, badges });
    const emotes = ["member", "team"].includes(message.sender.role) ? this.#emotes.all : this.#emotes.open;
    const said = saidOf(message.content, { emotes, links: false });
    return make("li", { class: "overlay-message" }, make("p", {}, name, " ", said));
  }

  #keep(id, message, row) {
    const { fade } = numbersOf(this.#settings);
    const kept = { message, row };
    if (fade) {
      kept.timer = setTimeout(() => row.classList.add("overlay-out"), fade * 1000);
      kept.end = setTimeout(() => this.#remove(id), fade * 1000 + FADES_FOR);
    }
    this.#rows.set(id, kept);
  }

  #remove(id) {
    const kept = this.#rows.get(id);
    if (!kept) return;
    clearTimeout(kept.timer);
    clearTimeout(kept.end);
    this.#rows.delete(id);
    kept.row.remove();
  }

  #trim() {
    const { messages } = numbersOf(this.#settings);
    for (const id of [...this.#rows.keys()].slice(0, -messages)) this.#remove(id);
  }
}
