/* The desk of live: numbers that change by themselves, and buttons that copy. Without this a reload does the first, and a hand the second. */

import { make } from "./parts/dom.js";

const EVERY = 10_000;
const desk = document.querySelector("[data-live-desk]");
if (desk) begin();

function begin() {
  const words = JSON.parse(desk.dataset.words);
  for (const field of document.querySelectorAll("input[data-copy]")) addCopy(field);
  let waiting = 0;
  let asking = false;
  later();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(look, EVERY);
  }

  async function look() {
    if (document.visibilityState !== "visible" || asking) return;
    asking = true;
    clearTimeout(waiting);
    const answer = await fetch(desk.dataset.liveDesk, { headers: { accept: "application/json" } }).catch(() => null);
    asking = false;
    if (answer?.ok) show(await answer.json());
    later();
  }

  function show({ word, show: id, viewers, curve }) {
    const onAir = (one) => one === "live" || one === "starving";
    if ((id ?? "") !== desk.dataset.show || onAir(word) !== onAir(desk.dataset.word)) return renew();
    if (word !== desk.dataset.word) {
      desk.dataset.word = word;
      const badge = desk.querySelector("[data-state] .badge");
      badge.textContent = words[word];
      badge.className = `badge badge-${word === "live" ? "danger" : "warning"}`;
    }
    const number = desk.querySelector("[data-viewers]");
    if (number) number.textContent = viewers ?? "–";
    const drawn = desk.querySelector("[data-curve]");
    if (!curve) return;
    if (!drawn) return renew();
    drawn.querySelector("polyline").setAttribute("points", curve.line);
    drawn.querySelector("polygon").setAttribute("points", curve.area);
    drawn.querySelector("[data-top]").textContent = curve.top;
  }

  /** Something began or ended: the whole desk is another one. Whoever is typing decides when. */
  function renew() {
    const fields = [...document.querySelectorAll("main :is(input, textarea)")];
    const typing = fields.some((one) => (one.type === "radio" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue));
    // A key that is being looked at would be gone, and the address it was answered at is no page.
    if (!typing && !document.querySelector("#stream-key")) return location.reload();
    if (desk.querySelector("[data-changed]")) return;
    const link = make("a", { href: "/studio/live/" }, words.reload);
    desk.prepend(make("p", { role: "status", "data-changed": true }, `${words.changed} `, link));
  }

  function addCopy(field) {
    const button = make("button", { type: "button", class: "button" }, words.copy);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = words.copied;
      setTimeout(() => (button.textContent = words.copy), 2000);
    });
    const both = make("div", { class: "copyable" });
    field.replaceWith(both);
    both.append(field, button);
  }
}
