/* What one has sent and the room has not taken yet: rows of one's own, until they are said or refused. */

import { make } from "./dom.js";
import { nameOf, saidOf } from "./chat-row.js";

const ANSWERED_WITHIN = 10_000;
const SAME_WITHIN = 120_000;

export class ChatSending {
  #list;
  #words;
  #sprite;
  #pending = new Map();
  #send;
  #giveBack;

  /** `send(text, request)` hands it to the room, `giveBack(text)` puts it where one writes; each says whether it could. */
  constructor({ list, words, sprite, send, giveBack }) {
    this.#list = list;
    this.#words = words;
    this.#sprite = sprite;
    this.#send = send;
    this.#giveBack = giveBack;
  }

  /** Show it as being sent, and send it. */
  begin(text, me) {
    const row = make(
      "li",
      { class: "chat-message chat-sending", tabindex: -1, "data-pending": true },
      make("p", {}, nameOf(me, { words: this.#words, sprite: this.#sprite, badges: this.#list.context.badges }), " ", saidOf(text, { ...this.#list.context, emotes: this.#list.context.emotes(me) })),
    );
    this.#list.pend(row);
    this.#try({ text, row, at: Date.now() });
  }

  /** A message of one's own has come: it is no longer being sent. */
  said({ request, content, at }) {
    const key = this.#pending.has(request) ? request : this.#same(content, at);
    const pending = this.#pending.get(key);
    if (!pending) return;
    clearTimeout(pending.timer);
    this.#pending.delete(key);
    pending.row.remove();
  }

  /** The room refused what was sent under this request; `why` is said beside it. Whether it was one of ours. */
  refused(request, why) {
    const pending = this.#pending.get(request);
    if (!pending) return false;
    if (this.#giveBack(pending.text)) this.#forget(request);
    else this.#fail(request, why);
    return true;
  }

  /** The connection is gone: nobody knows what became of what was on its way. */
  lost() {
    for (const [request, { failed }] of this.#pending) if (!failed) this.#fail(request, this.#words.not_sent);
  }

  #try(pending) {
    const request = crypto.randomUUID();
    this.#pending.set(request, pending);
    pending.failed = false;
    pending.row.classList.remove("chat-failed");
    if (!this.#send(pending.text, request)) return this.#fail(request, this.#words.not_sent);
    pending.timer = setTimeout(() => this.#fail(request, this.#words.not_sent), ANSWERED_WITHIN);
    return undefined;
  }

  #fail(request, why) {
    const pending = this.#pending.get(request);
    if (!pending || pending.failed) return;
    clearTimeout(pending.timer);
    pending.failed = true;
    const { row } = pending;
    row.classList.add("chat-failed");
    row.querySelector(".chat-why")?.remove();
    const again = make("button", { type: "button" }, this.#words.again);
    const discard = make("button", { type: "button" }, this.#words.discard);
    again.addEventListener("click", () => {
      this.#pending.delete(request);
      row.querySelector(".chat-why")?.remove();
      this.#try(pending);
    });
    discard.addEventListener("click", () => this.#forget(request));
    row.append(make("div", { class: "chat-why", role: "group" }, make("span", {}, why), again, discard));
    this.#list.toEnd();
  }

  #forget(request) {
    const pending = this.#pending.get(request);
    clearTimeout(pending.timer);
    this.#pending.delete(request);
    pending.row.remove();
  }

  /** The history does not know requests: the same words of one's own, of a moment ago, are those whose answer got lost. */
  #same(content, at) {
    for (const [request, pending] of this.#pending) {
      if (pending.failed && pending.text === content && Math.abs(pending.at - at) < SAME_WITHIN) return request;
    }
    return undefined;
  }
}
