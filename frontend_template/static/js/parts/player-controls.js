import { icon, make } from "./dom.js";
import { ChoiceMenu } from "./player-menu.js";
import { listenForKeys } from "./player-keys.js";
import { Timeline } from "./player-timeline.js";

const IDLE = 3000;
const BEHIND = 12;
const TAPS = 300;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/** What one sees and presses on a player: a bar at the bottom, a large button in the middle, and what it says when it waits. */
export class Controls {
  constructor(player) {
    this.player = player;
    this.words = player.words;
    this.sprite = player.element.dataset.sprite;
    this.leaving = new AbortController();
    this.ready = styled(player.element.dataset);
    this.ready.then(() => this.#build());
  }

  #build() {
    const { player, words } = this;
    const { element, video, live } = player;
    this.playing = this.#button("play", words.play, () => this.toggle());
    this.sound = this.#button("sound", words.mute, () => this.mute());
    this.volume = make("input", { type: "range", class: "player-volume", min: "0", max: "1", step: "0.05", "aria-label": words.volume });
    this.volume.addEventListener("input", () => this.#loudness(Number(this.volume.value)));
    this.captions = new ChoiceMenu(this.#button("captions", words.captions), () => [this.#captionChoices()]);
    this.settings = new ChoiceMenu(this.#button("settings", words.settings), () => this.#settingsChoices());
    this.small = this.#button("small", words.small, () => this.smallWindow());
    this.full = this.#button("expand", words.full, () => this.fullScreen());
    this.small.hidden = !document.pictureInPictureEnabled;
    this.full.hidden = !(document.fullscreenEnabled || video.webkitSupportsFullscreen);
    this.captions.element.hidden = true;
    this.chapters = new ChoiceMenu(this.#button("menu", words.chapters), () => [this.#chapterChoices()]);
    this.chapters.element.hidden = !player.options.chapters.length;
    this.where = live ? this.#liveButton() : null;
    this.timeline = live ? null : new Timeline(player, words);
    const loud = make("div", { class: "player-loud" }, this.sound, this.volume);
    const row = make("div", { class: "player-row" }, this.playing, loud, this.where ?? this.timeline.clock, make("span", { class: "player-room" }), this.chapters.element, this.captions.element, this.settings.element, this.small, this.full);
    this.bar = make("div", { class: "player-bar", role: "group", "aria-label": words.controls }, ...(this.timeline ? [this.timeline.element] : []), row);
    this.large = make("button", { type: "button", class: "player-large" }, icon("play", this.sprite), make("span", {}, live ? words.watch : words.play));
    this.large.addEventListener("click", () => player.play());
    this.loud = make("button", { type: "button", class: "player-sound", hidden: true }, icon("muted", this.sprite), words.sound_on);
    this.loud.addEventListener("click", () => this.mute(false));
    this.note = make("p", { class: "player-note", "aria-hidden": "true" }, make("span", { class: "player-ring" }), make("span", {}));
    this.parts = [this.large, this.loud, this.note, this.bar];
    element.append(...this.parts);
    this.#listen();
    this.shows(player.state);
    this.levels();
  }

  /** What the player's state lets one do. */
  shows(state) {
    if (!this.bar) return;
    const { video, words } = { video: this.player.video, words: this.words };
    const begun = ["playing", "paused", "buffering", "reconnecting"].includes(state);
    this.bar.hidden = !begun && state !== "loading" && !(state === "ended" && !this.player.live);
    this.large.hidden = !["idle", "blocked"].includes(state);
    this.note.lastChild.textContent = { reconnecting: words.reconnecting, loading: "", buffering: "" }[state] ?? "";
    this.note.hidden = !["loading", "buffering", "reconnecting"].includes(state);
    const running = !video.paused && begun;
    this.#label(this.playing, running ? "pause" : "play", running ? words.pause : words.play);
    if (!begun) this.loud.hidden = true;
    this.wake();
  }

  /** What began without sound because the browser wants it so, or because nobody asked for it, is a press away. */
  offerSound(offered) {
    if (this.loud) this.loud.hidden = !offered;
  }

  levels() {
    if (!this.settings) return;
    this.settings.element.hidden = this.#settingsChoices().every(({ choices }) => choices.length < 2);
  }

  toggle() {
    const { player } = this;
    if (player.video.paused || !player.opened) player.play();
    else player.pause();
  }

  mute(muted = !this.player.video.muted) {
    const { video } = this.player;
    video.muted = muted;
    if (!muted && !video.volume) video.volume = 0.5;
    this.offerSound(false);
  }

  louder(by) {
    const { video } = this.player;
    this.#loudness(Math.min(1, Math.max(0, (video.muted ? 0 : video.volume) + by)));
  }

  step(seconds) {
    const { video } = this.player;
    this.seek(video.currentTime + seconds);
  }

  seek(second) {
    this.player.seek(second);
  }

  captionsOnOff() {
    const tracks = this.#tracks();
    const on = tracks.find(({ mode }) => mode === "showing");
    if (on) this.#caption(null);
    else if (tracks.length) this.#caption(this.lastTrack ?? tracks[0]);
  }

  async fullScreen() {
    const { element, video } = this.player;
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (element.requestFullscreen && document.fullscreenEnabled) await element.requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen?.();
  }

  async smallWindow() {
    const { video } = this.player;
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else if (video.readyState && document.pictureInPictureEnabled) await video.requestPictureInPicture().catch(() => {});
  }

  /** Show the bar; it leaves after a while, unless somebody stands on it. */
  wake() {
    const { element } = this.player;
    delete element.dataset.idle;
    clearTimeout(this.falling);
    this.falling = setTimeout(() => this.#rest(), IDLE);
  }

  destroy() {
    this.leaving.abort();
    clearTimeout(this.falling);
    for (const part of this.parts ?? []) part.remove();
    this.ready = new Promise(() => {});
  }

  #rest() {
    const { element, state } = this.player;
    const held = this.bar?.querySelector(":focus-visible") || [this.captions, this.settings, this.chapters].some((menu) => menu?.open);
    if (state === "playing" && !held) element.dataset.idle = "";
    else if (held) this.wake();
  }

  #listen() {
    const { player } = this;
    const { element, video } = player;
    const { signal } = this.leaving;
    const on = (target, name, told) => target.addEventListener(name, told, { signal });
    on(video, "volumechange", () => this.#heard());
    on(video, "timeupdate", () => this.#placed());
    for (const name of ["pause", "play", "playing"]) on(video, name, () => this.shows(player.state));
    for (const name of ["addtrack", "removetrack", "change"]) on(video.textTracks, name, () => this.#tracked());
    on(document, "fullscreenchange", () => this.#stretched());
    on(element, "pointermove", ({ pointerType }) => pointerType === "mouse" && this.wake());
    on(element, "pointerleave", ({ pointerType }) => pointerType === "mouse" && this.#rest());
    on(element, "focusin", () => this.wake());
    on(video, "click", (event) => this.#pressed(event));
    on(this.player.still, "click", (event) => this.#pressed(event));
    listenForKeys(player, this, signal);
    this.#heard();
    this.#tracked();
  }

  /** A mouse's press plays and pauses, its second one fills the screen; a finger's shows the bar or hides it, two fill the screen. */
  #pressed({ pointerType, timeStamp }) {
    const { element } = this.player;
    const twice = timeStamp - (this.pressed ?? -TAPS) < TAPS;
    this.pressed = twice ? -TAPS : timeStamp;
    if (twice) this.fullScreen();
    if (pointerType !== "touch") this.toggle();
    else if (!twice && "idle" in element.dataset) this.wake();
    else if (!twice) this.#rest();
  }

  #button(symbol, label, press) {
    const button = make("button", { type: "button", class: "player-button" }, icon(symbol, this.sprite));
    this.#label(button, symbol, label);
    if (press) button.addEventListener("click", press);
    return button;
  }

  #label(button, symbol, label) {
    if (button.getAttribute("aria-label") !== label) {
      button.setAttribute("aria-label", label);
      button.title = label;
      // Another symbol is another element: one whose address changes while the sprite is on its way may stay empty.
      button.querySelector("svg").replaceWith(icon(symbol, this.sprite));
    }
  }

  #liveButton() {
    const button = make("button", { type: "button", class: "player-live" }, make("span", { class: "live-dot" }), make("span", {}, this.words.live));
    button.addEventListener("click", () => this.player.goLive());
    return button;
  }

  #heard() {
    const { video } = this.player;
    const silent = video.muted || !video.volume;
    this.#label(this.sound, silent ? "muted" : "sound", silent ? this.words.unmute : this.words.mute);
    this.volume.value = String(video.muted ? 0 : video.volume);
    this.volume.style.setProperty("--at", `${this.volume.value * 100}%`);
    if (!silent) this.offerSound(false);
  }

  #loudness(volume) {
    const { video } = this.player;
    video.volume = volume;
    video.muted = volume === 0;
  }

  #placed() {
    this.timeline?.placed();
    if (!this.where) return;
    const behind = this.player.behind > BEHIND;
    if (behind === (this.where.dataset.behind !== undefined)) return;
    this.where.toggleAttribute("data-behind", behind);
    this.where.lastChild.textContent = behind ? this.words.go_live : this.words.live;
  }

  #stretched() {
    const whole = document.fullscreenElement === this.player.element;
    this.#label(this.full, whole ? "shrink" : "expand", whole ? this.words.full_end : this.words.full);
  }

  #tracks() {
    return [...this.player.video.textTracks].filter(({ kind }) => kind === "captions" || kind === "subtitles");
  }

  #tracked() {
    this.captions.element.hidden = !this.#tracks().length;
    this.captions.button.toggleAttribute("data-on", this.#tracks().some(({ mode }) => mode === "showing"));
  }

  #caption(chosen) {
    for (const track of this.#tracks()) track.mode = track === chosen ? "showing" : "disabled";
    if (chosen) this.lastTrack = chosen;
    this.#tracked();
  }

  #captionChoices() {
    const tracks = this.#tracks();
    const none = { label: this.words.captions_off, chosen: tracks.every(({ mode }) => mode !== "showing"), choose: () => this.#caption(null) };
    const named = tracks.map((track, n) => ({
      label: track.label || track.language || `${this.words.captions} ${n + 1}`,
      chosen: track.mode === "showing",
      choose: () => this.#caption(track),
    }));
    return { title: this.words.captions, choices: [none, ...named] };
  }

  #chapterChoices() {
    const { chapters } = this.player.options;
    const { currentTime } = this.player.video;
    const now = chapters.findLast(({ at }) => at <= currentTime);
    const choices = chapters.map((one) => ({ label: one.title, chosen: one === now, choose: () => this.player.seek(one.at) }));
    return { title: this.words.chapters, choices };
  }

  #settingsChoices() {
    const { player, words } = this;
    const { engine, video } = player;
    const levels = [...(engine?.levels ?? [])].sort((one, other) => other.height - one.height || other.bitrate - one.bitrate);
    const automatic = { label: words.quality_auto, chosen: (engine?.level ?? -1) === -1, choose: () => (engine.level = -1) };
    const qualities = levels.map(({ id, height, bitrate }) => ({
      label: height ? `${height}p` : `${Math.round(bitrate / 1000)} kbit/s`,
      chosen: engine.level === id,
      choose: () => (engine.level = id),
    }));
    const groups = levels.length > 1 ? [{ title: words.quality, choices: [automatic, ...qualities] }] : [];
    if (player.live) return groups;
    const speeds = SPEEDS.map((speed) => ({
      label: speed === 1 ? words.speed_normal : `${speed.toLocaleString(document.documentElement.lang)} ×`,
      chosen: video.playbackRate === speed,
      choose: () => (video.playbackRate = speed),
    }));
    return [...groups, { title: words.speed, choices: speeds }];
  }
}

/** When the player's style sheet, which no page needs before something plays, is there. */
function styled({ style }) {
  const there = document.querySelector(`link[href="${style}"]`);
  if (there?.sheet || !style) return Promise.resolve();
  const link = there ?? make("link", { rel: "stylesheet", href: style });
  return new Promise((resume) => {
    link.addEventListener("load", resume, { once: true });
    // Unstyled controls still work.
    link.addEventListener("error", resume, { once: true });
    if (!there) document.head.append(link);
  });
}
