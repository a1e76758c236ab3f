/* The colours of the brand, tried out while they are chosen. Without this the form has a button that does it. */

import { icon, make } from "./parts/dom.js";

const COLOUR = /^#[0-9a-f]{6}$/i;
const form = document.querySelector("form[data-brand]");
if (form) begin();

function begin() {
  const words = JSON.parse(form.dataset.words);
  const sprite = document.querySelector(".icon use").getAttribute("href").split("#")[0];
  const controls = { primary: form.elements.primary, accent: form.elements.accent };
  let asked = 0;
  let soon = 0;

  for (const [name, control] of Object.entries(controls)) if (!control.readOnly) addPicker(name, control);
  form.addEventListener("input", later);
  form.addEventListener("restored", later);
  form.querySelector("[data-preview]")?.parentElement.remove();

  /** The browser's own colour field, beside the one that can be typed into. */
  function addPicker(name, control) {
    const chip = form.querySelector(`[data-chip="${name}"]`).closest("svg");
    const picker = make("input", { type: "color", "aria-label": `${control.labels[0].textContent.trim()}: ${words.pick}`, class: "colour-pick" });
    picker.value = COLOUR.test(control.value) ? control.value : "#888888";
    picker.addEventListener("input", () => {
      control.value = picker.value.toUpperCase();
      control.dispatchEvent(new Event("input", { bubbles: true }));
    });
    control.addEventListener("input", () => {
      if (COLOUR.test(control.value)) picker.value = control.value;
    });
    chip.replaceWith(picker);
  }

  function later() {
    clearTimeout(soon);
    soon = setTimeout(look, 120);
  }

  async function look() {
    const number = ++asked;
    const theme = form.elements.theme.value;
    const bad = Object.keys(controls).filter((name) => !COLOUR.test(controls[name].value));
    if (bad.length) return say(Object.fromEntries(bad.map((name) => [name, [fault(words.colour)]])));
    const query = new URLSearchParams({ primary: controls.primary.value, accent: controls.accent.value, theme });
    const answer = await fetch(`/studio/settings/brand/colours?${query}`, { headers: { accept: "application/json" } }).catch(() => null);
    if (number !== asked || !answer?.ok) return;
    const shown = await answer.json();
    if (number === asked) show(shown);
  }

  function show({ themes, mended, refused }) {
    for (const one of themes) paint(one);
    const said = {};
    for (const { field, shown, theme } of mended) {
      (said[field] ??= []).push(make("p", { class: "hint" }, fill(words.mended, { shown, theme: words[theme] })));
    }
    if (refused) {
      said[refused.field] = [fault(fill(words[refused.reason], { theme: words[refused.theme] ?? "" }))];
      if (refused.suggestion) said[refused.field].push(use(refused.field, refused.suggestion));
    }
    say(said, refused?.field);
  }

  function paint({ name, colours, contrasts }) {
    const piece = document.querySelector(`[data-theme-piece="${name}"]`);
    if (!piece) return;
    for (const part of piece.querySelectorAll("[data-fill]")) part.setAttribute("fill", colours[part.dataset.fill]);
    for (const part of piece.querySelectorAll("[data-stroke]")) part.setAttribute("stroke", colours[part.dataset.stroke]);
    for (const part of piece.querySelectorAll("[data-stop]")) part.setAttribute("stop-color", colours[part.dataset.stop]);
    for (const { what, ratio } of contrasts) piece.querySelector(`[data-ratio="${what}"]`).textContent = ratio.toFixed(1);
  }

  function say(said, refused) {
    for (const [name, control] of Object.entries(controls)) {
      form.querySelector(`[data-said="${name}"]`).replaceChildren(...(said[name] ?? []));
      if (name === refused || !COLOUR.test(control.value)) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  function use(name, colour) {
    const button = make("button", { type: "button", class: "button" }, fill(words.use, { colour }));
    button.addEventListener("click", () => {
      controls[name].value = colour;
      controls[name].dispatchEvent(new Event("input", { bubbles: true }));
      controls[name].focus();
    });
    return button;
  }

  const fault = (text) => make("p", { class: "field-error" }, icon("alert", sprite), make("span", {}, text));
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
