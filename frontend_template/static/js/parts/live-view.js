import { make } from "./dom.js";

const WEEK = 6 * 24 * 60 * 60 * 1000;

/** What a state file says, as the values that the page's parts have places for. */
export function valuesOf(state, { words, calendar, locale }) {
  const live = state.state === "live" || state.state === "reconnecting";
  const show = live ? state.show : state.next;
  return {
    title: show ? show.title || words.untitled : "",
    category: show?.category ?? "",
    description: plain(show?.description ?? ""),
    audience: words[show?.audience] ?? "",
    cover: show?.cover ?? null,
    viewers: live ? watching(state.viewers, words, locale) : "",
    since: "",
    starts_at: live ? null : (show?.starts_at ?? null),
    calendar: !live && show ? `${calendar}${show.id}.ics` : "",
    last: state.last ? words.last.replace("{title}", state.last.title || words.untitled) : "",
    video: state.last?.video ?? "",
    next: state.next ? words.next.replace("{title}", state.next.title || words.untitled) : "",
    next_at: state.next?.starts_at ?? null,
  };
}

export function watching(viewers, words, locale) {
  if (!viewers) return ""; // "0 watching" is not what whoever watches wants to read
  return viewers === 1 ? words.watching_one : words.watching_many.replace("{number}", viewers.toLocaleString(locale));
}

/** Markdown without its marks: its HTML is made where pages are, not in a browser. */
function plain(markdown) {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s{0,3}(#{1,6}|>|[-*+])\s+/gm, "")
    .replace(/(\*\*|__|`)(.+?)\1/g, "$2")
    .replace(/(^|\W)[*_](\S.*?)[*_](?=\W|$)/g, "$1$2")
    .trim();
}

/** Put values into a copy of a template's part; what has none is taken out, with all that only makes sense with it. */
export function fill(part, values, locale) {
  for (const element of part.querySelectorAll("[data-fill]")) put(element, values[element.dataset.fill]);
  for (const element of part.querySelectorAll("[data-link]")) {
    const address = values[element.dataset.link];
    if (address) element.href = address;
    else leave(element, false);
  }
  for (const element of part.querySelectorAll("[data-at]")) at(element, values[element.dataset.at], locale);
  for (const element of part.querySelectorAll("[data-if]")) if (!values[element.dataset.if]) element.remove();
  for (const element of part.querySelectorAll(".actions")) if (!element.children.length) element.remove();
  return part;
}

function put(element, value) {
  if (value) {
    const paragraphs = value.split(/\n\s*\n/);
    if (element.matches("div")) element.replaceChildren(...paragraphs.map((text) => make("p", {}, text)));
    else element.textContent = value;
  } else if (element.dataset.fill !== "viewers" && element.dataset.fill !== "since") leave(element, true);
}

function leave(element, whole) {
  const part = element.closest("[data-part]");
  (part && (whole || part.querySelectorAll("[data-fill], [data-link]").length < 2) ? part : element).remove();
}

function at(element, iso, locale) {
  if (!iso) return element.remove();
  element.dateTime = iso;
  element.textContent = written(iso, locale);
  return undefined;
}

/** A show's own picture, which comes in two widths. */
export function coverOf(cover) {
  const widths = Object.entries(cover).map(([width, address]) => `${address} ${width}w`);
  return make("img", { class: "player-poster", src: cover[1280], srcset: widths.join(", "), sizes: "(min-width: 60rem) 66vw, 100vw", alt: "" });
}

/** Thursday 20:00 GMT+1, or with the date where it is further away than a week. */
export function written(iso, locale) {
  const when = new Date(iso);
  const near = Math.abs(when - Date.now()) < WEEK;
  const day = near ? { weekday: "long" } : { weekday: "short", day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(locale, { ...day, hour: "numeric", minute: "2-digit", timeZoneName: "short" }).format(when);
}

/** "3 days 04:12:09" until then; the words for "any moment" once it is over. */
export function remaining(iso, words) {
  const seconds = Math.floor((new Date(iso) - Date.now()) / 1000);
  if (seconds <= 0) return words.soon;
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
  if (!days) return clock;
  return `${days === 1 ? words.days_one : words.days_many.replace("{number}", days)} ${clock}`;
}

/** "for 1 h 12 min". */
export function elapsed(iso, words) {
  const whole = Math.floor((Date.now() - new Date(iso)) / 60_000);
  if (!(whole >= 1)) return words.just_now;
  const [hours, minutes] = [Math.floor(whole / 60), whole % 60];
  const time = hours ? words.hours.replace("{hours}", hours).replace("{minutes}", minutes) : words.minutes.replace("{minutes}", minutes);
  return words.since.replace("{time}", time);
}
