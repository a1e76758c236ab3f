/* A browser source of OBS: hears the chat room, and shows the part that its address names. */

import { ask } from "./parts/chat-api.js";
import { ChatConnection } from "./parts/chat-connection.js";
import { messageOf } from "./parts/chat-row.js";
import { AlertOverlay } from "./parts/overlay-alerts.js";
import { ChatOverlay } from "./parts/overlay-chat.js";
import { GoalOverlay } from "./parts/overlay-goal.js";
import { dress, newer } from "./parts/overlay-settings.js";

const AGAIN = 60_000;
const KINDS = { chat: ChatOverlay, alerts: AlertOverlay, goal: GoalOverlay };

const root = document.querySelector("[data-overlay]");
const { overlay: kind, sprite } = root.dataset;
const words = JSON.parse(root.dataset.words);
let settings = JSON.parse(root.dataset.settings);
let goal = JSON.parse(root.dataset.goal);
const shown = new KINDS[kind](root, { words, sprite, settings, goal });
dress(root, settings);

const connection = new ChatConnection({
  // Beside this page, below the same secret.
  ask: () => ask(new URL("token", location.href).pathname, {}),
  hear: {
    // What an address that was replaced has shown is gone from the stream; any other refusal is asked about again.
    status: (state, code) => {
      if (state !== "refused") return;
      root.hidden = true;
      if (code !== "not_found") setTimeout(() => connection.start(), AGAIN);
    },
    arrived: (answer) => {
      root.hidden = false;
      change(answer.settings);
      reach(answer.goal);
    },
    opened: pictures,
    frame: hear,
  },
});
connection.start();
addEventListener("online", () => connection.start());

function hear(entity) {
  const { Type: type, EventName: name, Attributes: attributes = {} } = entity;
  if (type === "MESSAGE") {
    const message = messageOf(entity);
    if (message) shown.message?.(message);
  } else if (type !== "EVENT") return;
  else if (name === "aws:DELETE_MESSAGE") shown.deleted?.(attributes.MessageID ?? attributes.MessageId);
  // On stream whoever has to go takes along what they said, whatever the reason: rather too little than too much.
  else if (name === "aws:DISCONNECT_USER" && attributes.Reason !== "access") shown.gone?.(attributes.UserId);
  else if (name === "prism:room" && attributes.emotes) pictures();
  else if (name === "prism:overlays") change(attributes);
  else if (name === "prism:goal") reach(attributes);
  else if (name === "prism:alert") shown.alert?.(attributes);
}

/** The room's emotes, where everyone may see them; where not, their names stay words. */
async function pictures() {
  if (!shown.draw) return;
  const { ok, body } = await ask("/api/chat/room", undefined, "GET");
  if (ok) shown.draw(body.emotes ?? []);
}

function change(wanted) {
  if (!newer(wanted, settings)) return;
  settings = wanted;
  dress(root, settings);
  shown.change?.(settings);
}

function reach(wanted) {
  if (!newer(wanted, goal)) return;
  goal = wanted;
  shown.reach?.(goal);
}
