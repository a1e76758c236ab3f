/* The menu of a message: one for all, put beside the one it is opened for. Mouse, touch and keyboard alike. */

import { icon, make } from "./dom.js";

export class ChatMenu {
  #place;
  #menu;
  #entries;
  #opener;

  /** `entries(id)` gives what can be done with a message: [{label, icon, danger, run}], empty for nothing. */
  constructor(root, { list, label, sprite, entries }) {
    this.#place = root.querySelector("[data-chat-room]");
    this.#entries = entries;
    this.#menu = make("div", { class: "chat-menu", role: "menu", "aria-label": label, hidden: true });
    this.#place.append(this.#menu);
    this.sprite = sprite;
    list.addEventListener("click", ({ target }) => {
      const button = target.closest(".chat-do");
      if (button) this.#toggle(button.closest("li"), button);
    });
    list.addEventListener("keydown", (event) => {
      const wanted = event.key === "Enter" || event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");
      const row = event.target.closest("li");
      if (wanted && event.target === row && this.#toggle(row, row)) event.preventDefault();
    });
    this.#menu.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("pointerdown", ({ target }) => {
      if (!this.#menu.hidden && !this.#menu.contains(target) && !target.closest?.(".chat-do")) this.close();
    });
    this.#menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.#menu.contains(relatedTarget)) this.close();
    });
  }

  close({ back = false } = {}) {
    if (this.#menu.hidden) return;
    this.#menu.hidden = true;
    this.#opener?.removeAttribute("aria-expanded");
    if (back) (this.#opener?.isConnected ? this.#opener : undefined)?.focus({ preventScroll: true });
  }

  #toggle(row, opener) {
    if (!this.#menu.hidden && this.#opener === opener) {
      this.close({ back: true });
      return true;
    }
    const entries = this.#entries(row.dataset.id);
    if (!entries.length) return false;
    this.close();
    this.#opener = opener;
    this.#menu.replaceChildren(...entries.map((entry) => this.#button(entry)));
    this.#menu.hidden = false;
    if (opener !== row) opener.setAttribute("aria-expanded", "true");
    this.#put(row);
    this.#menu.firstElementChild.focus({ preventScroll: true });
    return true;
  }

  #button({ label, icon: name, danger, run }) {
    const button = make("button", { type: "button", role: "menuitem", tabindex: -1, class: danger ? "chat-danger" : null }, icon(name, this.sprite), make("span", {}, label));
    button.addEventListener("click", () => {
      this.close({ back: true });
      run();
    });
    return button;
  }

  /** Below the message where there is room, else above it; never outside. */
  #put(row) {
    const [room, at, high] = [this.#place.getBoundingClientRect(), row.getBoundingClientRect(), this.#menu.offsetHeight];
    const below = at.bottom - room.top + 2;
    const fits = below + high <= room.height;
    const top = fits ? below : at.top - room.top - high - 2;
    this.#menu.style.insetBlockStart = `${Math.max(4, Math.min(top, room.height - high - 4))}px`;
  }

  #move(event) {
    const items = [...this.#menu.children];
    const here = items.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items.at(to % items.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close({ back: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
