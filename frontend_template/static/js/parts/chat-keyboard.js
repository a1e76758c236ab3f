/**
 * While one writes on a phone, the keyboard covers half of what there is: the panel takes what is left below the
 * video, which stays in view. The style sheet does it, told by two properties of the page how much can be seen.
 */
export function keepAboveKeyboard(root, field) {
  const seen = globalThis.visualViewport;
  if (!seen) return;
  const page = document.documentElement;
  const small = matchMedia("(max-width: 60rem)");

  function fit() {
    // A keyboard takes more than a quarter of the screen; a browser's own bars take less.
    const covered = seen.height < innerHeight * 0.75 || seen.height < screen.height * 0.6;
    const writing = document.activeElement === field && small.matches && seen.scale < 1.1 && covered;
    page.classList.toggle("chat-writing", writing);
    if (!writing) return;
    const video = document.querySelector("[data-player]")?.getBoundingClientRect();
    // The video's own height where it is there, and never more than leaves a few messages and the field in view.
    const above = Math.min(video?.height ?? 0, seen.height - 200);
    page.style.setProperty("--chat-top", `${Math.round(seen.offsetTop + Math.max(0, above))}px`);
    page.style.setProperty("--chat-height", `${Math.round(seen.height - Math.max(0, above))}px`);
    page.style.setProperty("--seen-top", `${Math.round(seen.offsetTop)}px`);
    page.style.setProperty("--video-height", `${Math.round(Math.max(0, above))}px`);
  }

  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
  field.addEventListener("focus", () => requestAnimationFrame(fit));
  field.addEventListener("blur", fit);
  new ResizeObserver(fit).observe(root);
}
