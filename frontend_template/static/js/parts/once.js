/** A form that is sent once however often its button is pressed, and says meanwhile that it is being sent. */
export function sendOnce(form) {
  const button = form.querySelector("button[type=submit]");
  const label = button.querySelector("span");
  const text = label.textContent;
  let busy = false;
  form.addEventListener("submit", (event) => {
    if (busy) return event.preventDefault();
    busy = true;
    button.setAttribute("aria-disabled", "true");
    label.textContent = form.dataset.busy;
  });
  // Back from the next page, by the browser's own memory: the form is as it was.
  addEventListener("pageshow", () => {
    busy = false;
    button.removeAttribute("aria-disabled");
    label.textContent = text;
  });
}
