/* Where one writes: the counter, emotes, what is refused and why. What was typed is never lost. */

import { make } from "./dom.js";
import { LONGEST, lengthOf, plain } from "./chat-text.js";

const COUNTED_FROM = LONGEST - 60;
const A_SECOND = 1000;
const PER_SECOND = 10;
const OFFERED = 6;

export class ChatComposer {
  #form;
  #field;
  #count;
  #status;
  #button;
  #picker;
  #offers;
  #words;
  #send;
  #sent = [];
  #slowUntil = 0;
  #ticking = 0;
  #emotes = [];
  #names = () => [];
  #chosen = -1;
  #from = 0;

  /** `send(text)` says whether the text is on its way; `names()` are those who may be meant by an @. */
  constructor(root, { words, send, names }) {
    this.#form = root.querySelector("[data-chat-form]");
    this.#field = this.#form.elements.namedItem("message");
    this.#count = this.#form.querySelector("[data-chat-count]");
    this.#status = root.querySelector("[data-chat-status]");
    this.#button = this.#form.querySelector("button[type=submit]");
    this.#picker = this.#form.querySelector("[data-chat-emotes]");
    this.#offers = this.#form.querySelector("[data-chat-offers]");
    this.#words = words;
    this.#send = send;
    this.#names = names;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#field.addEventListener("blur", () => setTimeout(() => this.#offer([]), 150));
    this.#offers.addEventListener("pointerdown", (event) => {
      // Before the field loses the focus, and so that it does not.
      event.preventDefault();
      const option = event.target.closest("[data-text]");
      if (option) this.#complete(option.dataset.text);
    });
    this.#picker.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-text]");
      if (!button) return;
      this.insert(`${button.dataset.text} `);
      this.#picker.open = false;
    });
  }

  get field() {
    return this.#field;
  }

  set hidden(hidden) {
    this.#form.hidden = hidden;
  }

  get hidden() {
    return this.#form.hidden;
  }

  set emotes(emotes) {
    this.#emotes = emotes;
    this.#picker.hidden = !emotes.length;
    this.#picker.querySelector("ul").replaceChildren(
      ...emotes.map(({ name, url }) => {
        const picture = make("img", { src: url, alt: "", width: 28, height: 28, loading: "lazy" });
        return make("li", {}, make("button", { type: "button", "data-text": `:${name}:`, "aria-label": name, title: `:${name}:` }, picture));
      }),
    );
  }

  /** What is said below the field; empty takes it back. */
  say(text) {
    clearInterval(this.#ticking);
    this.#ticking = 0;
    this.#status.textContent = text;
  }

  /** Nothing goes out for so many seconds, and it says so until it does again. */
  wait(seconds) {
    this.#slowUntil = Date.now() + seconds * A_SECOND;
    this.#countDown();
  }

  /** Put text where one writes: nothing of what is there is overwritten. */
  insert(text) {
    const { selectionStart: from, selectionEnd: to, value } = this.#field;
    const gap = from > 0 && !/\s$/.test(value.slice(0, from)) ? " " : "";
    this.#field.setRangeText(gap + text, from, to, "end");
    this.#field.focus();
    this.#typed();
  }

  /** Give back what could not be sent, where nothing new was begun; whether it could. */
  giveBack(text) {
    if (this.#field.value.trim()) return false;
    this.#field.value = text;
    this.#typed({ keepStatus: true });
    return true;
  }

  #submit() {
    const text = plain(this.#field.value);
    if (!text) return;
    const over = lengthOf(text) - LONGEST;
    if (over > 0) return this.say(this.#words.too_long.replace("{count}", over));
    if (Date.now() < this.#slowUntil) return this.#countDown();
    const now = Date.now();
    this.#sent = this.#sent.filter((moment) => now - moment < A_SECOND);
    if (this.#sent.length >= PER_SECOND) return this.say(this.#words.too_fast);
    if (!this.#send(text)) return undefined;
    this.#sent.push(now);
    this.say("");
    this.#field.value = "";
    this.#typed();
    return undefined;
  }

  #countDown() {
    clearInterval(this.#ticking);
    const tick = () => {
      const left = Math.ceil((this.#slowUntil - Date.now()) / A_SECOND);
      if (left <= 0) this.say("");
      else this.#status.textContent = this.#words.slow.replace("{seconds}", left);
    };
    tick();
    this.#ticking = setInterval(tick, A_SECOND);
  }

  #typed({ keepStatus = false } = {}) {
    if (!keepStatus && !this.#ticking) this.say("");
    const length = lengthOf(plain(this.#field.value));
    this.#count.hidden = length < COUNTED_FROM;
    this.#count.textContent = LONGEST - length;
    this.#count.classList.toggle("chat-over", length > LONGEST);
    this.#button.setAttribute("aria-disabled", String(length === 0 || length > LONGEST));
    // As high as what is in it, to a limit that the style sheet sets.
    this.#field.style.blockSize = "auto";
    this.#field.style.blockSize = this.#field.value ? `${this.#field.scrollHeight + 2}px` : "";
    this.#suggest();
  }

  #suggest() {
    const before = this.#field.value.slice(0, this.#field.selectionStart);
    const match = /(^|\s)([:@])([^\s:@]{1,40})$/u.exec(before);
    if (!match) return this.#offer([]);
    const [, , mark, begun] = match;
    this.#from = before.length - begun.length - 1;
    const wanted = begun.toLowerCase();
    const known = mark === ":" ? this.#emotes.map(({ name, url }) => ({ text: `:${name}:`, name, url })) : this.#names().map((name) => ({ text: `@${name}`, name }));
    const starts = known.filter(({ name }) => name.toLowerCase().startsWith(wanted));
    const has = mark === ":" ? known.filter(({ name }) => name.toLowerCase().indexOf(wanted) > 0) : [];
    return this.#offer([...starts, ...has].slice(0, OFFERED));
  }

  #offer(options) {
    this.#chosen = options.length ? 0 : -1;
    this.#offers.hidden = !options.length;
    this.#offers.replaceChildren(
      ...options.map(({ text, url }, place) => {
        const picture = url ? [make("img", { src: url, alt: "", width: 24, height: 24 })] : [];
        return make("li", { id: `chat-offer-${place}`, role: "option", "data-text": text, "aria-selected": String(place === 0) }, ...picture, make("bdi", {}, text));
      }),
    );
    if (options.length) this.#field.setAttribute("aria-activedescendant", "chat-offer-0");
    else this.#field.removeAttribute("aria-activedescendant");
  }

  #choose(step) {
    const options = [...this.#offers.children];
    this.#chosen = (this.#chosen + step + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.#chosen)));
    this.#field.setAttribute("aria-activedescendant", `chat-offer-${this.#chosen}`);
  }

  #complete(text) {
    this.#field.setRangeText(`${text} `, this.#from, this.#field.selectionStart, "end");
    this.#field.focus();
    this.#typed();
    this.#offer([]);
  }

  #pressed(event) {
    // Somebody who composes a character means that by Enter, and nothing else.
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (this.#chosen >= 0 && (step || ["Tab", "Enter", "Escape"].includes(event.key))) {
      event.preventDefault();
      if (step) this.#choose(step);
      else if (event.key === "Escape") this.#offer([]);
      else this.#complete(this.#offers.children[this.#chosen].dataset.text);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }
}
