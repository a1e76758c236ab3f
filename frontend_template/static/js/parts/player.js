import { backoff } from "./backoff.js";
import { make } from "./dom.js";
import { Controls } from "./player-controls.js";
import { engineFor } from "./player-engine.js";

const STUCK = 12_000;
const STEADY = 20_000;
const SHORT = { first: 700, most: 20_000 };

/** Why something may not be watched; `code` is the decision's reason, or "off_air". What is no Refusal is tried again. */
export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * A player in `element`, which the macro `player` of components/player.html.j2 has made.
 *
 * `source` is asked for {url, player} each time that playback starts anew, as what it answers lives for a minute; it throws
 * a Refusal where the viewer may not. `live` is whether it is on air now, `chapters` are [{at (seconds), title}], `start`
 * the second to begin at, `autoplay` whether to begin by itself, `muted` never with sound at first. `refused(code)` is told
 * when it has stopped for good, `progress(seconds)` as time goes by, `ended()` at a recording's end.
 * Gives {video, play, pause, seek, interrupted, resumed, stop, destroy}. It recovers by itself from whatever passes.
 */
export function mount(element, options) {
  return new Player(element, options);
}

class Player {
  constructor(element, options) {
    this.element = element;
    this.options = { live: false, chapters: [], start: 0, ...options };
    this.words = JSON.parse(element.dataset.words);
    this.tries = 0;
    this.video = make("video", { class: "player-video", playsinline: true, "aria-label": this.options.title ?? element.dataset.title });
    this.video.preload = "none";
    this.still = make("canvas", { class: "player-still", hidden: true, "aria-hidden": "true" });
    this.status = make("p", { class: "hidden", role: "status" });
    this.leaving = new AbortController();
    element.append(this.video, this.still, this.status);
    this.controls = new Controls(this);
    this.#listen();
    this.#is("idle");
    if (this.options.autoplay) this.play({ asked: false });
  }

  get live() {
    return this.options.live;
  }

  /** Begin, or go on. Where nobody has asked for it the browser may allow it without sound only. */
  async play({ asked = true } = {}) {
    this.asked = asked;
    this.wanted = true;
    if (this.opened) return this.#start();
    return this.#open();
  }

  pause() {
    this.wanted = false;
    // Who pauses a show goes on where they were, until they ask for live.
    this.lagging = true;
    this.video.pause();
  }

  /** To the second that live is at. */
  goLive() {
    this.lagging = false;
    const edge = this.engine?.edge();
    if (edge != null) this.video.currentTime = edge;
    this.play();
  }

  /** To a second of what there is; before anything plays it is where playback will begin. */
  seek(second) {
    const { seekable } = this.video;
    if (!Number.isFinite(second)) return;
    if (seekable.length) this.video.currentTime = Math.min(seekable.end(seekable.length - 1), Math.max(seekable.start(0), second));
    else this.at = second;
  }

  get behind() {
    const edge = this.engine?.edge();
    return edge == null ? 0 : edge - this.video.currentTime;
  }

  /** The publisher is gone and may come back: keeps the last picture and says so. */
  interrupted() {
    if (this.gone || !this.wanted) return;
    this.gone = true;
    this.#is("reconnecting");
    this.#say("reconnecting");
  }

  /** It is back. */
  resumed() {
    if (!this.gone) return;
    this.gone = false;
    this.tries = 0;
    if (this.wanted && (!this.opened || this.video.readyState < 3)) this.#again(0);
    else this.#is(this.video.paused ? "paused" : "playing");
  }

  /** Stops, and keeps the last picture. */
  stop(state = "ended") {
    this.wanted = false;
    this.gone = false;
    this.#close();
    this.#is(state);
  }

  destroy() {
    this.leaving.abort();
    this.stop("idle");
    this.controls.destroy();
    for (const part of [this.video, this.still, this.status]) part.remove();
    delete this.element.dataset.state;
  }

  async #open() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    clearTimeout(this.waiting);
    this.opened = true;
    this.moved = Date.now();
    if (this.state !== "reconnecting") this.#is("loading");
    try {
      await this.controls.ready;
      const { url, player } = await this.options.source();
      if (turn !== this.turn) return;
      this.engine ??= await engineFor(player, this.video, this.element.dataset, this.#hooks(), this.options);
      if (turn !== this.turn) return;
      this.engine.open(url, this.live ? undefined : (this.at ?? this.options.start));
      await this.#start();
    } catch (fault) {
      if (turn !== this.turn || this.leaving.signal.aborted) return;
      if (fault instanceof Refusal) this.#refused(fault.code);
      else this.#again();
    }
  }

  async #start() {
    if (this.options.muted && !this.asked) this.video.muted = true;
    try {
      await this.video.play();
    } catch (fault) {
      if (fault.name !== "NotAllowedError") return;
      if (this.video.muted || this.asked) return this.#is("blocked");
      this.video.muted = true;
      await this.video.play().catch(() => this.#is("blocked"));
    }
    this.controls.offerSound(this.video.muted && !this.asked);
  }

  #hooks() {
    return {
      follows: () => !this.lagging,
      levels: () => this.controls.levels(),
      // A live stream that is whole has ended, or will begin another playlist: whoever knows says which.
      whole: () => {},
      fault: (kind) => {
        if (!this.wanted && !this.gone) return this.#close();
        // A token is looked at when playback starts, so a fresh one is asked for: once at once, then ever later.
        this.#again(kind === "refused" && this.tries === 0 ? 0 : undefined);
        this.tries++;
      },
    };
  }

  /** Everything anew after a while, with what was last seen in view. */
  #again(pause) {
    this.#close();
    this.opened = true;
    this.#is("reconnecting");
    if (this.tries === 2) this.#say("reconnecting");
    const wait = pause ?? backoff(this.tries++, SHORT);
    this.waiting = setTimeout(() => (navigator.onLine === false ? this.#again() : this.#open()), wait);
  }

  #refused(code) {
    const watched = this.video.currentTime > 0 || !this.still.hidden;
    this.stop("refused");
    this.options.refused?.(code, { watched });
  }

  #close() {
    clearTimeout(this.waiting);
    this.turn = (this.turn ?? 0) + 1;
    this.opened = false;
    if (this.video.currentTime > 0) this.at = this.video.currentTime;
    this.#keepPicture();
    this.engine?.close();
  }

  /** The picture that is shown now stays until there is another. */
  #keepPicture() {
    const { videoWidth: width, videoHeight: height, readyState } = this.video;
    if (!width || readyState < 2) return;
    Object.assign(this.still, { width, height });
    this.still.getContext("2d").drawImage(this.video, 0, 0);
    this.still.hidden = false;
  }

  #listen() {
    const { video, leaving } = this;
    const { signal } = leaving;
    const on = (name, told) => video.addEventListener(name, told, { signal });
    on("playing", () => {
      this.still.hidden = true;
      this.gone = false;
      if (this.state === "reconnecting" && this.said) this.#say("back");
      this.#is("playing");
    });
    on("pause", () => {
      if (this.opened && !video.ended && this.state !== "reconnecting") this.#is("paused");
    });
    on("play", () => (this.wanted = true));
    on("waiting", () => this.opened && this.state === "playing" && this.#is("buffering"));
    on("ended", () => {
      // Of a live stream the end is told by what is on air.
      if (this.live) return this.#keepPicture();
      this.#is("ended");
      this.options.ended?.();
    });
    on("timeupdate", () => {
      this.moved = Date.now();
      this.started ??= this.moved;
      if (this.moved - this.started > STEADY) this.tries = 0;
      if (!this.live) this.options.progress?.(video.currentTime);
    });
    addEventListener("online", () => this.state === "reconnecting" && this.#again(0), { signal });
    const watch = setInterval(() => this.#watch(), 2000);
    signal.addEventListener("abort", () => clearInterval(watch));
  }

  /** What stands still although it should play, without an error that would say so, is begun anew. */
  #watch() {
    const rests = !this.opened || !this.wanted || this.gone || this.state === "blocked" || (this.video.paused && this.state === "paused");
    if (rests || navigator.onLine === false) this.moved = Date.now();
    else if (Date.now() - this.moved > STUCK) this.#again();
  }

  #is(state) {
    if (state === "reconnecting" || state === "buffering") this.started = undefined;
    this.state = state;
    this.element.dataset.state = state;
    this.controls.shows(state);
  }

  #say(what) {
    this.said = what === "reconnecting";
    this.status.textContent = this.words[what];
  }
}
