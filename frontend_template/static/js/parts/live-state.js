import { backoff } from "./backoff.js";

const HIDDEN = 60_000;
const NOTHING = 60_000;
const SELDOM = 20_000;

/**
 * What is on air, asked for every so often by one poll a page, whoever follows: `{state, show, viewers, since, next, last, chat, version}`.
 *
 * A page in the background asks once a minute and then ever more seldom; one that comes back asks at once. What was not
 * answered is asked again later and later. Followers are told when the answer is another one than before.
 */
class LiveState {
  constructor(address) {
    this.address = address;
    this.followers = new Map();
    this.known = null;
    this.failed = 0;
    this.unseen = 0;
    document.addEventListener("visibilitychange", () => this.#woken());
    addEventListener("online", () => this.#woken());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#woken());
  }

  /** Tell `tell` now, where something is known, and at each change; the function returned ends that. */
  follow(tell, every = 5000) {
    this.followers.set(tell, every);
    if (this.known) tell(this.known);
    this.look();
    return () => {
      this.followers.delete(tell);
      if (!this.followers.size) clearTimeout(this.waiting);
    };
  }

  /** Ask now. */
  look() {
    clearTimeout(this.waiting);
    this.asking ??= this.#ask().finally(() => {
      this.asking = null;
      clearTimeout(this.waiting);
      if (this.followers.size) this.waiting = setTimeout(() => this.look(), this.#pause());
    });
    return this.asking;
  }

  async #ask() {
    this.unseen = document.visibilityState === "hidden" ? this.unseen + 1 : 0;
    try {
      const answer = await fetch(this.address, { headers: { accept: "application/json" } });
      this.nothing = answer.status === 403 || answer.status === 404;
      if (answer.ok) this.#tell(await answer.json());
      else if (!this.nothing) throw new Error(String(answer.status));
      this.failed = 0;
    } catch {
      this.failed++;
    }
  }

  #tell(state) {
    // An edge may still have the answer before: what is older than what is known is no news.
    if (this.known && state.version < this.known.version) return;
    if (this.text === (this.text = JSON.stringify(state))) return;
    this.known = state;
    for (const tell of [...this.followers.keys()]) tell(state);
  }

  #pause() {
    if (this.unseen) return backoff(this.unseen - 1, { first: HIDDEN, most: 10 * HIDDEN });
    if (this.failed) return backoff(this.failed, { first: 2500, most: 60_000 });
    // Nobody has ever been live here.
    if (this.nothing) return NOTHING;
    return Math.min(...this.followers.values());
  }

  #woken() {
    if (document.visibilityState !== "visible" || !this.followers.size) return;
    this.unseen = 0;
    this.look();
  }
}

const states = new Map();

/** The state at an address: the same object for all who ask on this page. */
export function liveState(address) {
  if (!states.has(address)) states.set(address, new LiveState(address));
  return states.get(address);
}

/** The header says when somebody is on air: a dot at the link to the live page, and a sign of its own where that link is in a menu. */
export function markWhenLive(sign) {
  const links = [...document.querySelectorAll(`.header .nav a[href="${sign.getAttribute("href")}"]`)];
  const said = links.map((link) => {
    const words = document.createElement("span");
    words.className = "hidden";
    link.append(words);
    return words;
  });
  liveState(sign.dataset.liveState).follow(({ state }) => {
    const live = state === "live" || state === "reconnecting";
    sign.hidden = !live;
    for (const link of links) link.toggleAttribute("data-on-air", live);
    for (const words of said) words.textContent = live ? ` (${sign.dataset.words})` : "";
  }, SELDOM);
}
