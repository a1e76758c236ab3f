/* The studio's screen of overlays: addresses that are copied without being shown, and how it will look while one chooses. */

import { make } from "./parts/dom.js";
import { AlertOverlay } from "./parts/overlay-alerts.js";
import { ChatOverlay } from "./parts/overlay-chat.js";
import { GoalOverlay } from "./parts/overlay-goal.js";
import { dress } from "./parts/overlay-settings.js";

const list = document.querySelector("[data-copy-words]");
if (list) for (const box of list.querySelectorAll("[data-address]")) offerCopy(box, JSON.parse(list.dataset.copyWords));
const stage = document.querySelector("[data-preview]");
if (stage) preview(stage);

function offerCopy(box, words) {
  const field = box.querySelector("input");
  const button = make("button", { type: "button", class: "button" }, words.copy);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = words.copied;
      setTimeout(() => (button.textContent = words.copy), 2500);
    } catch {
      // It may not: then it is shown, to be copied by hand.
      box.open = true;
      field.select();
    }
  });
  field.addEventListener("focus", () => field.select());
  box.addEventListener("toggle", () => (box.querySelector("summary").textContent = box.open ? words.hide : words.show));
  box.after(button);
}

function preview(stage) {
  const words = JSON.parse(stage.dataset.words);
  const { sprite } = stage.dataset;
  const form = document.querySelector("[data-overlay-settings]");
  const goalForm = document.querySelector("[data-overlay-goal]");
  const parts = ["chat", "alerts", "goal"].map((kind) => make("div", { class: `overlay overlay-${kind}` }));
  stage.append(...parts);
  const given = () => ({ ...JSON.parse(stage.dataset.settings), ...valuesOf(form), sound: "no", fade_seconds: "0" });
  const [chat, , goal] = [ChatOverlay, AlertOverlay, GoalOverlay].map((Kind, place) => new Kind(parts[place], { words, sprite, settings: given(), goal: JSON.parse(stage.dataset.goal) }));

  words.said.forEach((content, n) =>
    chat.message({ id: `preview${n}`, at: n, content, sender: { id: `per_preview${n * 7}`, name: words.names[n], role: ["team", "member", "fan"][n] } }),
  );
  const { title, text } = words.alerts.test;
  parts[1].append(make("div", { class: "overlay-alert" }, make("strong", {}, title), make("p", {}, text)));
  const look = () => {
    for (const part of parts) dress(part, given());
    chat.change(given());
    goal.reach({ ...JSON.parse(stage.dataset.goal), ...valuesOf(goalForm) });
  };
  for (const one of [form, goalForm]) for (const type of ["input", "restored"]) one.addEventListener(type, look);
  look();
}

function valuesOf(form) {
  const boxes = [...form.querySelectorAll("[type=checkbox]")].map(({ name, checked }) => [name, checked ? "yes" : "no"]);
  const typed = [...new FormData(form)].filter(([name]) => name !== "version");
  return { ...Object.fromEntries(typed), ...Object.fromEntries(boxes) };
}
