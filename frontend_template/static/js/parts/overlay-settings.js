/* How overlays look: all settings are texts, as the room tells them. */

const within = (text, low, high, otherwise) => {
  const number = Number(text);
  return Number.isFinite(number) && text !== "" ? Math.min(high, Math.max(low, number)) : otherwise;
};

/** The numbers among the settings, whatever they were sent as. */
export function numbersOf({ scale, messages, fade_seconds: fade, alert_seconds: alert }) {
  return {
    scale: within(scale, 50, 300, 100),
    messages: within(messages, 1, 50, 12),
    fade: within(fade, 0, 600, 0),
    alert: within(alert, 3, 30, 7),
  };
}

export const isOn = (value) => value === "yes";

/** Whether something told is later than what is shown: events come twice, and after a token's answer. */
export function newer(told, shown) {
  return Boolean(told) && Number(told.version) > Number(shown.version);
}

/** Look, side and size, for the style sheet. */
export function dress(root, settings) {
  const { look = "brand", side = "left" } = settings;
  root.dataset.look = look;
  root.dataset.side = side;
  root.dataset.theme = look === "light" ? "light" : "dark";
  root.style.setProperty("--scale", numbersOf(settings).scale / 100);
}
