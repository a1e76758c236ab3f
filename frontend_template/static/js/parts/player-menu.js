import { make } from "./dom.js";

/**
 * A button with a menu of choices above it. `groups` is asked each time it opens: [{title, choices: [{label, chosen, choose}]}].
 * Arrows go through the choices, Escape closes; the focus comes back to the button.
 */
export class ChoiceMenu {
  constructor(button, groups) {
    this.button = button;
    this.groups = groups;
    this.list = make("div", { class: "player-menu", role: "menu", hidden: true, "aria-label": button.getAttribute("aria-label") });
    this.element = make("div", { class: "player-choice" }, button, this.list);
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (this.open ? this.close() : this.show()));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (this.open && !this.element.contains(relatedTarget)) this.close(false);
    });
  }

  get open() {
    return !this.list.hidden;
  }

  show() {
    this.list.replaceChildren(...this.groups().map(({ title, choices }) => group(title, choices, () => this.close())));
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    (this.list.querySelector('[aria-checked="true"]') ?? this.list.querySelector("button"))?.focus();
  }

  close(back = true) {
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (back) this.button.focus();
  }

  #pressed(event) {
    const choices = [...this.list.querySelectorAll("button")];
    const here = choices.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: choices.length - 1 }[event.key];
    if (!this.open) return;
    if (event.key === "Escape") this.close();
    else if (to !== undefined) choices.at(to % choices.length)?.focus();
    else if (event.key !== "Tab" && event.key !== "Enter" && event.key !== " ") return;
    event.stopPropagation();
    if (event.key === "Escape" || to !== undefined) event.preventDefault();
  }
}

function group(title, choices, done) {
  const items = choices.map(({ label, chosen, choose }) => {
    const item = make("button", { type: "button", role: "menuitemradio", "aria-checked": String(chosen), tabindex: "-1" }, label);
    item.addEventListener("click", () => {
      choose();
      done();
    });
    return item;
  });
  return make("div", { role: "group", "aria-label": title }, make("p", { "aria-hidden": "true" }, title), ...items);
}
