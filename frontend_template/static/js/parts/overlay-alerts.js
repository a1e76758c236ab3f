/* Alerts on stream: one after another, each once, and a soft chime where it is wanted. */

import { remember } from "./chat-log.js";
import { plain } from "./chat-text.js";
import { make } from "./dom.js";
import { isOn, numbersOf } from "./overlay-settings.js";

const LEAVES_FOR = 400;
const BETWEEN = 500;
const WAITING_AT_MOST = 30;
const CHIME = [
  [659.25, 0],
  [987.77, 0.14],
];

export class AlertOverlay {
  #root;
  #words;
  #settings;
  #waiting = [];
  #known = new Set();
  #names = new Map();
  #busy = false;
  #audio;

  constructor(root, { words, settings }) {
    this.#root = root;
    this.#words = words;
    this.#settings = settings;
    root.setAttribute("aria-live", "polite");
  }

  change(settings) {
    this.#settings = settings;
  }

  /** Who speaks in the room has their name read by everyone: they may be named here too, and nobody else. */
  message({ sender }) {
    this.#names.delete(sender.id);
    this.#names.set(sender.id, plain(sender.name));
    if (this.#names.size > 2000) this.#names.delete(this.#names.keys().next().value);
  }

  gone(userId) {
    this.#names.delete(userId);
  }

  alert({ id, kind, person }) {
    const words = Object.hasOwn(this.#words.alerts, kind) ? this.#words.alerts[kind] : undefined;
    if (!words || !id || !remember(this.#known, id) || this.#waiting.length >= WAITING_AT_MOST) return;
    this.#waiting.push({ words, person });
    if (!this.#busy) this.#next();
  }

  #next() {
    const alert = this.#waiting.shift();
    this.#busy = Boolean(alert);
    if (!alert) return;
    const name = this.#names.get(alert.person);
    const text = name && alert.words.named ? alert.words.named.replace("{name}", () => name) : alert.words.text;
    const card = make("div", { class: "overlay-alert" }, make("strong", {}, alert.words.title), make("p", { dir: "auto" }, text));
    this.#root.append(card);
    this.#chime();
    setTimeout(() => card.classList.add("overlay-out"), numbersOf(this.#settings).alert * 1000);
    setTimeout(() => card.remove(), numbersOf(this.#settings).alert * 1000 + LEAVES_FOR);
    setTimeout(() => this.#next(), numbersOf(this.#settings).alert * 1000 + LEAVES_FOR + BETWEEN);
  }

  /** Two soft notes. A browser that wants a click before it plays anything stays quiet; OBS wants none. */
  #chime() {
    if (!isOn(this.#settings.sound)) return;
    this.#audio ??= new AudioContext();
    const { currentTime: now, destination } = this.#audio;
    for (const [frequency, after] of CHIME) {
      const [note, volume] = [this.#audio.createOscillator(), this.#audio.createGain()];
      note.frequency.value = frequency;
      volume.gain.setValueAtTime(0, now + after);
      volume.gain.linearRampToValueAtTime(0.12, now + after + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, now + after + 0.9);
      note.connect(volume).connect(destination);
      note.start(now + after);
      note.stop(now + after + 1);
    }
  }
}
