import { make } from "./dom.js";

/** A recording's bar of time with its chapters, and the clock beside it. */
export class Timeline {
  constructor(player, words) {
    this.player = player;
    this.words = words;
    this.slider = make("input", { type: "range", class: "player-time", min: "0", max: "0", step: "1", value: "0", "aria-label": words.seek });
    this.marks = make("span", { class: "player-marks", "aria-hidden": "true" });
    this.element = make("div", { class: "player-timeline" }, this.slider, this.marks);
    this.clock = make("span", { class: "player-clock", "aria-hidden": "true" }, "0:00");
    this.slider.addEventListener("input", () => {
      this.held = true;
      this.#written(Number(this.slider.value));
    });
    this.slider.addEventListener("change", () => {
      this.held = false;
      player.video.currentTime = Number(this.slider.value);
    });
    player.video.addEventListener("durationchange", () => this.#measured());
    this.#measured();
  }

  placed() {
    if (this.held) return;
    const { currentTime } = this.player.video;
    this.slider.value = String(currentTime);
    this.#written(currentTime);
  }

  #measured() {
    const { duration } = this.player.video;
    if (!Number.isFinite(duration)) return;
    this.slider.max = String(duration);
    const marks = this.player.options.chapters.filter(({ at }) => at > 0 && at < duration);
    this.marks.replaceChildren(
      ...marks.map(({ at }) => {
        const mark = make("i");
        mark.style.setProperty("--at", `${(at / duration) * 100}%`);
        return mark;
      }),
    );
    this.placed();
  }

  #written(second) {
    const { duration } = this.player.video;
    const chapter = this.player.options.chapters.findLast(({ at }) => at <= second);
    const whole = Number.isFinite(duration) ? duration : 0;
    const words = this.words.time.replace("{at}", spoken(second)).replace("{whole}", spoken(whole));
    this.slider.setAttribute("aria-valuetext", chapter ? `${words}, ${chapter.title}` : words);
    this.slider.style.setProperty("--at", `${whole ? (second / whole) * 100 : 0}%`);
    this.clock.textContent = `${spoken(second)} / ${spoken(whole)}${chapter ? ` · ${chapter.title}` : ""}`;
  }
}

/** 3:07, or 1:03:07. */
export function spoken(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
