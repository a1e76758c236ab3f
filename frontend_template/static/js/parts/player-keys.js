const TYPING = "input:not([type=range]), textarea, select, [contenteditable]";
const STEP = 5;
const LOUDER = 0.1;

/**
 * The player's keys. Letters work wherever on the page the focus is, unless somebody types; space, arrows, Home, End and
 * figures, which pages have a use for, only inside the player.
 */
export function listenForKeys(player, controls, signal) {
  const { element, video } = player;
  const anywhere = {
    k: () => controls.toggle(),
    m: () => controls.mute(),
    f: () => controls.fullScreen(),
    p: () => controls.smallWindow(),
    c: () => controls.captionsOnOff(),
  };
  const inside = {
    " ": () => controls.toggle(),
    ArrowLeft: () => controls.step(-STEP),
    ArrowRight: () => controls.step(STEP),
    ArrowUp: () => controls.louder(LOUDER),
    ArrowDown: () => controls.louder(-LOUDER),
    Home: () => controls.seek(0),
    End: () => (player.live ? player.goLive() : controls.seek(video.duration)),
  };

  function act(event) {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest?.(TYPING)) return;
    if (document.querySelector("dialog[open]")) return;
    const here = element.contains(target);
    const pressed = anywhere[key.toLowerCase()] ?? (here ? (inside[key] ?? figure(key)) : undefined);
    // A button's own key is the button's; a slider's arrows are the slider's.
    const own = (key === " " && target.closest?.("button")) || (target.matches?.("[type=range]") && /^(Arrow|Home|End|Page)/.test(key));
    if (!pressed || own || (!here && !player.opened)) return;
    event.preventDefault();
    controls.wake();
    pressed();
  }

  function figure(key) {
    return !player.live && /^[0-9]$/.test(key) ? () => controls.seek((video.duration * Number(key)) / 10) : undefined;
  }

  addEventListener("keydown", act, { signal });
}
