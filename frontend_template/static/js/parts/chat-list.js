/* The list of messages: drawn once a frame however many come, never more than the last 200 of them. */

import { icon, make } from "./dom.js";
import { nameOf, saidOf } from "./chat-row.js";
import { speaksTo } from "./chat-text.js";

const AT_THE_END = 48;
const IN_THE_BACKGROUND = 1000;
const SUMMED_UP_EVERY = 6000;

export class ChatList {
  #log;
  #root;
  #words;
  #sprite;
  #scroll;
  #list;
  #more;
  #empty;
  #said;
  #queue = [];
  #rows = new Map();
  #drawing = false;
  #unseen = 0;
  #following = true;
  #announced = { count: 0, last: undefined, timer: 0 };
  #active;
  #time;
  /** What rows are drawn with: a sender's emotes, names that may be meant, one's own name and id, whether rows have a menu. */
  context = { emotes: () => new Map(), badges: {}, names: [], me: "", mine: "", menu: () => false };
  /** Whether readers of screens are told that something came. */
  announce = true;

  constructor(root, { log, words, sprite, locale }) {
    this.#root = root;
    this.#log = log;
    this.#words = words;
    this.#sprite = sprite;
    this.#scroll = root.querySelector("[data-chat-scroll]");
    this.#list = root.querySelector("[data-chat-list]");
    this.#more = root.querySelector("[data-chat-more]");
    this.#empty = root.querySelector("[data-chat-empty]");
    this.#said = root.querySelector("[data-chat-said]");
    this.#time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
    this.#scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#more.addEventListener("click", () => this.toEnd());
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    this.#list.addEventListener("focusin", ({ target }) => this.#activate(target.closest("li")));
    // What grows or shrinks (a keyboard, a pinned message) leaves the last message where it was: in view.
    new ResizeObserver(() => this.#following && this.#stick()).observe(this.#scroll);
  }

  get rows() {
    return this.#list.children;
  }

  row(id) {
    return this.#rows.get(id);
  }

  /** Messages of whatever age; `fresh` ones count as new. */
  add(messages, { fresh = true } = {}) {
    for (const message of messages) this.#queue.push({ message, fresh });
    this.#soon();
  }

  /** A row of one's own at the end, until the room has it; `change` says what became of it. */
  pend(row) {
    this.#list.append(row);
    this.#notice();
    this.toEnd();
  }

  remove(id) {
    this.#drop(this.#rows.get(id), id);
  }

  /** Draw every row again: who may do what, or the emotes, have changed. */
  redraw() {
    for (const message of this.#log.items) {
      const before = this.#rows.get(message.id);
      if (!before) continue;
      const focused = before.contains(document.activeElement);
      const row = this.#draw(message);
      before.replaceWith(row);
      this.#rows.set(message.id, row);
      if (before === this.#active) this.#activate(row);
      if (focused) row.focus({ preventScroll: true });
    }
  }

  toEnd() {
    this.#following = true;
    this.#unseen = 0;
    this.#stick();
    this.#count();
  }

  /** Put the focus on the newest message. */
  focus() {
    this.#newest()?.focus();
  }

  #soon() {
    if (this.#drawing) return;
    this.#drawing = true;
    const flush = () => {
      this.#drawing = false;
      this.#flush();
    };
    // A tab in the background gets no frames, and its messages must not pile up.
    if (document.hidden) setTimeout(flush, IN_THE_BACKGROUND);
    else requestAnimationFrame(flush);
  }

  #flush() {
    const arrived = [];
    for (const { message, fresh } of this.#queue.splice(0)) {
      const { added, dropped } = this.#log.add(message);
      for (const one of dropped) this.#drop(this.#rows.get(one.id), one.id);
      if (added) arrived.push({ message, fresh });
    }
    // What came and went within the same frame was never there.
    const kept = new Set(this.#log.items);
    const there = arrived.filter(({ message }) => kept.has(message));
    this.#place(there.map(({ message }) => message));
    const fresh = there.filter((one) => one.fresh && one.message.sender.id !== this.context.mine);
    if (!this.#following) this.#unseen += fresh.length;
    for (const { message } of fresh) this.#tell(message);
    this.#notice();
    if (this.#following) this.#stick();
    this.#count();
  }

  /** From the last to the first, so that what follows is there already; what comes at the end comes at once. */
  #place(messages) {
    const wanted = new Set(messages);
    const fragments = new Map();
    for (const message of this.#log.items.filter((one) => wanted.has(one)).reverse()) {
      const row = this.#draw(message);
      this.#rows.set(message.id, row);
      const next = this.#log.after(message.id);
      const before = next ? this.#rows.get(next.id) : this.#firstPending();
      if (before?.parentNode instanceof DocumentFragment) before.before(row);
      else {
        const fragment = fragments.get(before) ?? new DocumentFragment();
        fragment.prepend(row);
        fragments.set(before, fragment);
      }
    }
    for (const [before, fragment] of fragments) this.#list.insertBefore(fragment, before ?? null);
  }

  /** What was said last; a row that waits for the room will go in a moment, and the focus with it. */
  #newest() {
    const said = this.#firstPending() ? this.#firstPending().previousElementSibling : this.#list.lastElementChild;
    return said ?? this.#list.lastElementChild;
  }

  #firstPending() {
    return this.#list.querySelector(":scope > [data-pending]");
  }

  #draw(message) {
    const { me, mine } = this.context;
    const said = saidOf(message.content, { ...this.context, emotes: this.context.emotes(message.sender) });
    const own = message.sender.id === mine;
    const classes = ["chat-message"];
    if (!own && speaksTo(message.content, me)) classes.push("chat-to-me");
    if (own) classes.push("chat-own");
    const when = new Date(message.at);
    const row = make(
      "li",
      { class: classes.join(" "), tabindex: message.id === this.#active?.dataset.id ? 0 : -1, "data-id": message.id },
      make("p", {}, nameOf(message.sender, { words: this.#words, sprite: this.#sprite, badges: this.context.badges }), " ", said),
      make("time", { datetime: when.toISOString() }, this.#time.format(when)),
    );
    if (this.context.menu(message)) {
      row.append(make("button", { type: "button", class: "chat-do", tabindex: -1, "aria-haspopup": "menu", "aria-label": this.#words.menu }, icon("more", this.#sprite)));
    }
    return row;
  }

  #drop(row, id) {
    this.#rows.delete(id);
    if (!row) return;
    const focused = row.contains(document.activeElement);
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    if (row === this.#active) this.#activate(neighbour);
    row.remove();
    if (focused) neighbour?.focus({ preventScroll: true });
    this.#notice();
  }

  #notice() {
    this.#empty.hidden = this.#list.childElementCount > 0;
    // Who is among the messages keeps their place, who follows from outside comes in at the newest.
    const inside = this.#list.contains(document.activeElement);
    if (!this.#active?.isConnected || (this.#following && !inside)) this.#activate(this.#newest());
  }

  #stick() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const following = scrollHeight - scrollTop - clientHeight < AT_THE_END;
    if (following === this.#following) return;
    this.#following = following;
    if (following) this.#unseen = 0;
    this.#count();
  }

  #count() {
    this.#more.hidden = this.#following;
    const words = this.#unseen === 1 ? this.#words.new_one : this.#words.new_other;
    this.#more.querySelector("span").textContent = this.#unseen ? words.replace("{count}", this.#unseen) : this.#words.to_end;
  }

  /** One row is where Tab goes; arrows go from there. */
  #activate(row) {
    if (row === this.#active) return;
    this.#active?.setAttribute("tabindex", "-1");
    this.#active = row ?? undefined;
    row?.setAttribute("tabindex", "0");
  }

  #move(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("a, button") === event.target) return;
    const here = event.target.closest("li");
    const to = {
      ArrowUp: () => here.previousElementSibling,
      ArrowDown: () => here.nextElementSibling,
      Home: () => this.#list.firstElementChild,
      End: () => this.#list.lastElementChild,
    }[event.key];
    if (!to) return;
    event.preventDefault();
    const row = to();
    row?.focus();
    if (row === this.#list.lastElementChild) this.toEnd();
  }

  /** At most one sentence every few seconds, whatever comes: what speaks to somebody first, else how many came. */
  #tell(message) {
    if (!this.announce) return;
    const told = this.#announced;
    told.count++;
    if (speaksTo(message.content, this.context.me) || told.count === 1) told.last = message;
    told.timer ||= setTimeout(() => {
      const to = told.last && (told.count === 1 || speaksTo(told.last.content, this.context.me));
      const words = to ? `${told.last.sender.name}: ${told.last.content}` : this.#words.new_other.replace("{count}", told.count);
      this.#said.textContent = this.announce ? words : "";
      Object.assign(told, { count: 0, last: undefined, timer: 0 });
    }, SUMMED_UP_EVERY);
  }
}
