import { make } from "./dom.js";

const PREFIX = "studio-draft:";
const SECRET = "[type=password], [type=file], [type=hidden], [type=submit], [autocomplete=one-time-code]";

/**
 * What is typed into a `form[data-draft="name"]`, kept in this tab until the server has taken it: a reload, a lost
 * network or a session that ended meanwhile loses nothing. Secrets are not kept. The words
 * for it stand on the form's save bar; a form tells by the event "restored" that its fields have other values now.
 */
export function keepDrafts() {
  // A page that says what was done says that what was sent has arrived.
  if (document.querySelector("[data-done]")) forgetSent();
  for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
}

function keep(form) {
  const name = `${PREFIX}${location.pathname}:${form.dataset.draft}`;
  const kept = read(name);
  // After an error the server has sent back what was typed: that is newer than what we kept.
  if (kept && !form.querySelector(".summary, [aria-invalid]")) restore(form, kept.values, name);
  form.addEventListener("input", () => write(name, { values: changed(form) }));
  form.addEventListener("submit", () => write(name, { values: changed(form), sent: true }));
}

function restore(form, values, name) {
  let restored = false;
  for (const control of controls(form)) {
    const value = values[control.name];
    if (value === undefined || value === now(control)) continue;
    if (control.type === "checkbox") control.checked = value === true;
    else control.value = String(value);
    restored = true;
  }
  if (!restored) return;
  const note = form.querySelector("[data-draft-note]");
  if (!note?.dataset.restored) return;
  const button = make("button", { type: "button", class: "button button-quiet" }, note.dataset.discard);
  button.addEventListener("click", () => {
    forget(name);
    form.reset();
    note.replaceChildren();
    form.dispatchEvent(new Event("restored", { bubbles: true }));
  });
  note.replaceChildren(note.dataset.restored, button);
  form.dispatchEvent(new Event("restored", { bubbles: true }));
}

const controls = (form) => [...form.elements].filter((one) => one.name && one.type !== "radio" && !one.matches(`${SECRET}, button, fieldset`));
const now = (control) => (control.type === "checkbox" ? control.checked : control.value);

function before(control) {
  if (control.type === "checkbox") return control.defaultChecked;
  if (control.matches("select")) return [...control.options].find((option) => option.defaultSelected)?.value ?? control.options[0]?.value;
  return control.defaultValue;
}

function changed(form) {
  const different = controls(form).filter((control) => now(control) !== before(control));
  return Object.fromEntries(different.map((control) => [control.name, now(control)]));
}

/* Storage may be refused or full; then nothing is kept, and nothing breaks. */
function read(name) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name));
    return kept && typeof kept.values === "object" ? kept : null;
  } catch {
    return null;
  }
}

function write(name, kept) {
  try {
    if (Object.keys(kept.values).length) sessionStorage.setItem(name, JSON.stringify(kept));
    else sessionStorage.removeItem(name);
  } catch {
    // See above.
  }
}

function forget(name) {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // See above.
  }
}

function forgetSent() {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX) && read(name)?.sent) sessionStorage.removeItem(name);
    }
  } catch {
    // See above.
  }
}
