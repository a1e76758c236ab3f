/* The goal on stream: what it is for, how far it is, and a bar. */

import { plain } from "./chat-text.js";
import { make } from "./dom.js";

export class GoalOverlay {
  #box;
  #text;
  #numbers;
  #bar;
  #number;

  constructor(root, { goal }) {
    this.#number = new Intl.NumberFormat(document.documentElement.lang);
    this.#text = make("span", { class: "overlay-goal-text", dir: "auto" });
    this.#numbers = make("span", { class: "overlay-goal-numbers" });
    this.#bar = make("span", { class: "overlay-goal-fill" });
    const bar = make("span", { class: "overlay-goal-bar" }, this.#bar);
    this.#box = make("div", { class: "overlay-goal-box" }, make("p", {}, this.#text, " ", this.#numbers), bar);
    root.append(this.#box);
    this.reach(goal);
  }

  reach({ text, current, target }) {
    const [now, all] = [Math.max(0, Number(current) || 0), Math.max(1, Number(target) || 1)];
    this.#box.hidden = !plain(text);
    this.#text.textContent = plain(text);
    this.#numbers.textContent = `${this.#number.format(now)} / ${this.#number.format(all)}`;
    this.#bar.style.inlineSize = `${Math.min(100, (now / all) * 100)}%`;
    this.#box.classList.toggle("overlay-goal-done", now >= all);
  }
}
