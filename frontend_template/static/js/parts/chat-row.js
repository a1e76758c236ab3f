/* One message as a row of a list, in the panel and on stream. */

import { icon, make } from "./dom.js";
import { hueOf, partsOf, plain } from "./chat-text.js";

const BADGES = { team: "shield", member: "star" };
const SMALL_EMOTE = 28;

/** `words` has the names of the badges, `sprite` the address of the icons; `badges` says which are shown: {team, member}. */
export function nameOf(sender, { words, sprite, badges = {} }) {
  const badge = badges[sender.role] !== false && BADGES[sender.role];
  const sign = badge ? [icon(badge, sprite), make("span", { class: "hidden" }, words[sender.role])] : [];
  const name = make("bdi", {}, plain(sender.name) || words.someone);
  return make("span", { class: "chat-name", "data-hue": hueOf(sender.id), "data-role": sender.role || null }, ...sign, name);
}

/** What was said, with links, emotes and names set off; in its own direction. */
export function saidOf(content, { emotes, names, me, links = true }) {
  return make("span", { class: "chat-said", dir: "auto" }, ...partsOf(content, { emotes, names, me }).map(elementOf));

  function elementOf({ link, emote, url, mention, me: mine, text }) {
    if (emote) return make("img", { class: "chat-emote", src: url, alt: emote, title: emote, width: SMALL_EMOTE, height: SMALL_EMOTE, loading: "lazy" });
    if (mention) return make("span", { class: mine ? "chat-mention chat-mention-me" : "chat-mention" }, mention);
    if (link && links) return make("a", { href: link, rel: "noopener nofollow ugc", target: "_blank", dir: "ltr" }, text);
    return text;
  }
}

/** A message {id, content, at, sender: {id, name, role}} from a frame or from the history; undefined where it is none. */
export function messageOf(given) {
  const live = given.Type === "MESSAGE";
  const sender = live ? (given.Sender ?? {}) : (given.sender ?? {});
  const message = {
    id: live ? given.Id : given.id,
    request: live ? given.RequestId : undefined,
    content: String((live ? given.Content : given.content) ?? ""),
    at: Date.parse(live ? given.SendTime : given.sent_at),
    sender: live
      ? { id: sender.UserId, name: sender.Attributes?.name ?? "", role: sender.Attributes?.role ?? "" }
      : { id: sender.id, name: sender.name ?? "", role: sender.role ?? "" },
  };
  return message.id && message.sender.id && Number.isFinite(message.at) ? message : undefined;
}
