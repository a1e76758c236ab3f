/* What is said, taken apart: no DOM here, and nothing that was typed is ever markup. */

export const LONGEST = 500;
const HUES = 12;
const MARKS_IN_A_ROW = 4;

const LINK = /https?:\/\/[^\s<>"`]+/giu;
const EMOTE = /:([A-Za-z0-9_-]{1,40}):/g;
// What turns the direction of text around, or hides in it, and everything below space.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const TOO_MANY_MARKS = new RegExp(`(\\p{M}{${MARKS_IN_A_ROW}})\\p{M}+`, "gu");
const WORD = /[\p{L}\p{N}_]/u;

/** How long IVS Chat says a text is: in code points, so that an emoji is one or a few and never half of one. */
export const lengthOf = (text) => [...text].length;

/** A text on one line, without what would turn its surroundings around or climb over them. */
export function plain(text) {
  return String(text ?? "")
    .replace(UNSEEN, "")
    .replace(/\s+/gu, " ")
    .replace(TOO_MANY_MARKS, "$1")
    .trim();
}

/** One of twelve colours of names: the same for the same person on every page and every day. */
export function hueOf(userId) {
  let hash = 0x811c9dc5;
  for (const character of String(userId)) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  // The last step spreads ids that differ in their last letters only.
  hash ^= hash >>> 15;
  return (hash >>> 0) % HUES;
}

/**
 * The parts of a message in their order: {text}, {link, text}, {emote, url}, {mention, me}.
 *
 * `emotes` are addresses by name, `names` whoever may be meant by an @, `me` one's own name.
 */
export function partsOf(content, { emotes = new Map(), names = [], me = "" } = {}) {
  const text = plain(content);
  const found = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const typed = withoutEnd(match[0]);
    const link = addressOf(typed);
    if (!link) continue;
    found.push(...words(text.slice(from, match.index), { emotes, names, me }));
    found.push({ link, text: shown(typed, link) });
    from = match.index + typed.length;
  }
  return [...found, ...words(text.slice(from), { emotes, names, me })];
}

/** Whether a message speaks to somebody by name. */
export function speaksTo(content, name) {
  return Boolean(name) && mentions(plain(content), [name]).length > 0;
}

function words(text, { emotes, names, me }) {
  const marks = [
    ...[...text.matchAll(EMOTE)]
      .filter((match) => emotes.has(match[1]))
      .map((match) => ({ at: match.index, length: match[0].length, part: { emote: match[0], url: emotes.get(match[1]) } })),
    ...mentions(text, me ? [...names, me] : names).map(({ at, length, name }) => ({
      at,
      length,
      part: { mention: text.slice(at, at + length), me: Boolean(me) && folded(name) === folded(me) },
    })),
  ].sort((one, other) => one.at - other.at);
  const parts = [];
  let from = 0;
  for (const { at, length, part } of marks) {
    if (at < from) continue;
    if (at > from) parts.push({ text: text.slice(from, at) });
    parts.push(part);
    from = at + length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

const folded = (name) => plain(name).toLowerCase();

/** Where an @ stands before one of these names, the longest that fits, and not in the middle of a word. */
function mentions(text, names) {
  if (!text.includes("@")) return [];
  const wanted = [...new Set(names.map(folded))].filter(Boolean).sort((one, other) => other.length - one.length);
  const found = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    if (at > 0 && WORD.test(text[at - 1])) continue;
    const rest = text.slice(at + 1).toLowerCase();
    const name = wanted.find((one) => rest.startsWith(one) && !WORD.test(rest[one.length] ?? " "));
    if (name) found.push({ at, length: name.length + 1, name });
  }
  return found;
}

/** A sentence's end is no part of the address it ends with; a bracket is where the address opened it. */
function withoutEnd(typed) {
  let text = typed;
  for (;;) {
    const last = text.at(-1);
    const opens = { ")": "(", "]": "[", "}": "{" }[last];
    const alone = opens && text.split(opens).length < text.split(last).length;
    if (!alone && !/[.,;:!?'’”»…]/u.test(last)) return text;
    text = text.slice(0, -1);
  }
}

/** The address, where it is one of the web and names no user: name@elsewhere reads like a place that it is not. */
function addressOf(typed) {
  try {
    const url = new URL(typed);
    const fine = (url.protocol === "https:" || url.protocol === "http:") && !url.username && !url.password;
    return fine && url.hostname.includes(".") ? url.href : "";
  } catch {
    return "";
  }
}

/* What is read is where it leads: letters that look like others are shown as what they are. */
const shown = (typed, link) => (/^[\x21-\x7e]+$/.test(typed) ? typed : link);
