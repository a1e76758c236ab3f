/* The live page and the stage of the home page: what is on air, as it changes, without a reload. */

import { backoff } from "./parts/backoff.js";
import { liveState } from "./parts/live-state.js";
import { coverOf, elapsed, fill, remaining, valuesOf, written } from "./parts/live-view.js";

const ON_AIR = ["live", "reconnecting"];
const REASONS = ["sign_in", "members_only", "other_tier", "ended"];

/** One stage: shows the state that it is told of, plays while somebody is on air, and says why where one may not watch. */
class LiveStage {
  constructor(section) {
    this.section = section;
    this.home = section.dataset.live === "home";
    this.words = JSON.parse(section.dataset.words);
    this.box = section.querySelector("[data-player]");
    this.kind = section.dataset.state;
    this.shown = null;
    this.locale = section.dataset.locale;
  }

  follow() {
    this.#localTimes();
    this.file = liveState(this.section.dataset.file);
    this.file.follow((state) => this.#told(state));
    setInterval(() => this.#tick(), 1000);
  }

  #told(state) {
    const before = this.state;
    this.state = state;
    const live = ON_AIR.includes(state.state);
    const wasLive = before && ON_AIR.includes(before.state);
    const another = live && wasLive && before.show?.id !== state.show?.id;
    if (live) this.#onAir(state, another);
    else if (wasLive) this.#over();
    else if (this.kind !== "ended") this.#show(state.next ? "upcoming" : "offline");
    else this.#show("ended");
    if (live && wasLive && before.state !== state.state) this.#say(state.state);
    if (!live && before && !wasLive && state.next && !before.next) this.#say("upcoming");
    this.#tick();
  }

  #onAir(state, another) {
    // Whoever was refused is asked about again when what they were refused has changed, and where all may watch: how it was in
    // between may have been for a moment only, and missed.
    const rule = JSON.stringify([state.show?.id, state.show?.audience, state.show?.tiers]);
    const walled = this.kind === "wall" && rule === this.rule && state.show?.audience !== "everyone";
    this.rule = rule;
    if (walled) return this.#show("wall");
    this.#show("live");
    if (another) this.#unmount();
    if (!this.player) {
      this.#play();
      this.#chat();
      return undefined;
    }
    if (state.state === "reconnecting") this.player.interrupted();
    else this.player.resumed();
    return undefined;
  }

  #over() {
    this.ended = this.title;
    this.#show("ended");
    this.#say("ended");
    this.player?.stop("ended");
    this.#unmount();
  }

  async #play() {
    if (this.mounting) return;
    this.mounting = true;
    try {
      const { mount, Refusal } = await import("./parts/player.js");
      if (!ON_AIR.includes(this.state.state) || this.player) return;
      this.player = mount(this.box, {
        live: true,
        title: this.title,
        autoplay: true,
        muted: this.home,
        source: () => ticket(this.section.dataset.api, Refusal),
        refused: (code, { watched }) => this.#refused(code, watched),
      });
      if (this.state.state === "reconnecting") this.player.interrupted();
      this.failed = 0;
    } catch {
      this.#later();
    } finally {
      this.mounting = false;
    }
  }

  /** The network is gone just now, or what is on air is just changing. */
  #later() {
    clearTimeout(this.waiting);
    this.failed = (this.failed ?? 0) + 1;
    this.box.dataset.waiting = "";
    this.waiting = setTimeout(async () => {
      await this.file.look();
      if (this.kind === "live" && !this.player) this.#play();
    }, backoff(this.failed, { first: 2000 }));
  }

  #unmount() {
    delete this.box.dataset.waiting;
    this.player?.destroy();
    this.player = null;
  }

  #refused(code, watched) {
    this.#unmount();
    if (!REASONS.includes(code)) return this.#later();
    this.wall = { code, watched };
    this.#show("wall");
    this.#say(null, this.words.wall[code]);
    return undefined;
  }

  /** The parts of a state, in place of those of the one before; where that is the same, only what differs. */
  #show(kind) {
    const { state, words, locale } = this;
    const { calendar } = this.section.dataset;
    const values = { ...valuesOf(state, { words, calendar, locale }), ...(kind === "wall" ? this.#why() : {}) };
    const titles = { offline: words.offline_title, ended: words.ended_title.replace("{title}", this.ended ?? "") };
    this.title = titles[kind] ?? values.title;
    const news = JSON.stringify([kind, this.title, { ...values, viewers: "" }]);
    if (this.kind !== kind) this.section.dataset.state = kind;
    if (news !== this.shown && !(this.shown === null && this.kind === kind && kind === "live")) this.#put(kind, values);
    this.shown = news;
    this.kind = kind;
    for (const element of this.section.querySelectorAll("[data-fill=viewers]")) element.textContent = values.viewers;
  }

  #put(kind, values) {
    const copy = this.section.querySelector(`template[data-view="${kind}"]`).content.cloneNode(true);
    fill(copy, values, this.locale);
    for (const part of copy.querySelectorAll("[data-for]")) this.#slot(part.dataset.for).replaceChildren(...part.childNodes);
    this.#slot("title").textContent = this.title;
    this.#poster(values.cover);
    this.#tick();
  }

  #poster(cover) {
    const address = cover?.[1280] ?? "";
    const there = this.box.querySelector(".player-poster");
    const known = this.cover ?? (there?.matches("img") ? there.getAttribute("src") : "");
    this.cover = address;
    if (address === known && !there?.matches("[data-blank]")) return;
    const other = address ? coverOf(cover) : this.section.querySelector('template[data-view="poster"]').content.cloneNode(true);
    there?.replaceWith(other);
  }

  #why() {
    const { code } = this.wall;
    const { wall } = this.words;
    const members = code === "sign_in" && this.state.show?.audience === "members";
    return { wall: wall[code], wall_text: wall[members ? "members_sign_in_text" : `${code}_text`], sign_in: code === "sign_in", membership: code !== "sign_in" };
  }

  async #chat() {
    const place = this.section.querySelector("[data-live-chat]");
    if (!place || this.chat) return;
    this.chat = true;
    try {
      const [{ mount }] = await Promise.all([import("./parts/chat.js"), styled(this.section.dataset.chatStyle)]);
      place.hidden = false;
      this.section.dataset.withChat = "";
      mount(place.querySelector("[data-chat]")).start();
    } catch {
      this.chat = false;
    }
  }

  /** What goes by: how long it has been on, how long it takes until it begins. */
  #tick() {
    const { state } = this;
    const since = state?.since && ON_AIR.includes(state.state) ? elapsed(state.since, this.words) : "";
    for (const element of this.section.querySelectorAll("[data-fill=since]")) if (element.textContent !== since) element.textContent = since;
    const starts = state ? state.next?.starts_at : this.section.querySelector(".live-when time")?.dateTime;
    for (const element of this.section.querySelectorAll("[data-countdown]")) if (starts) element.textContent = remaining(starts, this.words);
  }

  #localTimes() {
    if (Intl.DateTimeFormat().resolvedOptions().timeZone === this.section.dataset.zone) return;
    for (const element of this.section.querySelectorAll("time[data-at][datetime]")) element.textContent = written(element.dateTime, this.locale);
  }

  #slot(name) {
    return this.section.querySelector(`[data-slot="${name}"]`);
  }

  #say(name, text = this.words.said[name]) {
    this.#slot("said").textContent = text ?? "";
  }
}

/** Where to play from now; a Refusal where the viewer may not, another error where it is worth trying again. */
async function ticket(api, Refusal) {
  const answer = await fetch(api, { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: "{}" });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const code = answer.status === 401 ? "sign_in" : body.code;
  if ([401, 403, 409].includes(answer.status) && (REASONS.includes(code) || code === "off_air")) throw new Refusal(code);
  throw new Error(String(answer.status));
}

function styled(address) {
  return new Promise((resume) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    link.addEventListener("load", resume, { once: true });
    link.addEventListener("error", resume, { once: true });
    document.head.append(link);
  });
}

for (const section of document.querySelectorAll("[data-live]")) new LiveStage(section).follow();
