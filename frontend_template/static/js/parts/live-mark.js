import { make } from "./dom.js";
import { liveState } from "./live-state.js";

const SELDOM = 20_000;

/** The header says when somebody is on air: a dot at the link to the live page, and a sign of its own where that link is in a menu. */
export function markWhenLive(sign) {
  const links = [...document.querySelectorAll(`.header .nav a[href="${sign.getAttribute("href")}"]`)];
  const said = links.map((link) => {
    const words = make("span", { class: "hidden" });
    link.append(words);
    return words;
  });
  liveState(sign.dataset.liveState).follow(({ state }) => {
    const live = state === "live" || state === "reconnecting";
    sign.hidden = !live;
    for (const link of links) link.toggleAttribute("data-on-air", live);
    for (const words of said) words.textContent = live ? ` (${sign.dataset.words})` : "";
  }, SELDOM);
}
