/* The page of a video, and its preview in the studio: asks to watch, says why not, goes on from where one was. */

import { mount, Refusal } from "./parts/player.js";
import { Memory } from "./parts/video-memory.js";

const RENEW_BEFORE = 10 * 60_000;
const LONGEST_TIMER = 2 ** 31 - 1;

const stage = document.querySelector("[data-video]");
if (stage) begin(stage);

function begin(stage) {
  const { api, video: id } = stage.dataset;
  const chapters = JSON.parse(stage.dataset.chapters || "[]").map(({ ms, label }) => ({ at: ms / 1000, title: label }));
  const memory = stage.hasAttribute("data-preview") ? null : new Memory(id, `${api}progress`);
  let begun = false;
  let wanted = /^#t=(\d{1,6})$/.exec(location.hash)?.[1];
  let renewing;

  const player = mount(stage.querySelector("[data-player]"), { source, live: false, chapters, progress, refused, ended: () => memory?.end() });

  async function source() {
    const ticket = await ask();
    renewBefore(ticket.until);
    if (!begun) {
      begun = true;
      const from = memory ? memory.from(ticket) : 0;
      if (from > 0 && wanted === undefined) player.seek(from);
    }
    return { url: ticket.url, player: "hls" };
  }

  async function ask() {
    const response = await fetch(`${api}playback`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: "{}",
    });
    const body = await response.json().catch(() => ({}));
    if (response.ok) return body;
    if (response.status >= 500) throw new Error(`${response.status}`);
    throw new Refusal(body.code === "not_signed_in" ? "sign_in" : (body.code ?? "not_found"));
  }

  /** The cookies of a long film end before the film does. */
  function renewBefore(until) {
    clearTimeout(renewing);
    if (!until) return;
    const wait = Math.max(30_000, Date.parse(until) - Date.now() - RENEW_BEFORE);
    renewing = setTimeout(renew, Math.min(wait, LONGEST_TIMER));
  }

  async function renew() {
    try {
      renewBefore((await ask()).until);
    } catch (fault) {
      if (!(fault instanceof Refusal)) renewing = setTimeout(renew, 30_000);
      else {
        player.stop("refused");
        refused(fault.code);
      }
    }
  }

  function progress(second) {
    memory?.at(second);
    mark(second);
  }

  function refused(code) {
    const told = [...stage.querySelectorAll("[data-refusal]")];
    const fitting = told.find((one) => one.dataset.refusal === code) ?? told.find((one) => one.dataset.refusal === "not_found");
    for (const one of told) one.hidden = one !== fitting;
  }

  for (const button of stage.querySelectorAll("[data-again]")) {
    button.addEventListener("click", () => {
      for (const one of stage.querySelectorAll("[data-refusal]")) one.hidden = true;
      player.play();
    });
  }

  const links = [...document.querySelectorAll("a[data-chapter]")];
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      jump(Number(link.dataset.chapter));
      stage.scrollIntoView({ block: "nearest" });
    });
  }

  /** The chapter that is seen now. */
  function mark(second) {
    const now = links.findLast((link) => Number(link.dataset.chapter) <= second);
    for (const link of links) {
      if (link === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  function jump(second) {
    wanted = second;
    player.seek(second);
    player.play();
  }

  if (wanted !== undefined) player.seek(Number(wanted));
  player.video.addEventListener("pause", () => memory?.keep());
  addEventListener("pagehide", () => memory?.keep());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && memory?.keep());
}
