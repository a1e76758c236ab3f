import { Faults } from "./faults.js";
import { postJson } from "./post.js";

/** Adds a passkey: the password is proven, the browser makes the passkey, the server keeps it. */
export function addPasskeys(form) {
  if (!globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) return form.remove();
  const words = JSON.parse(form.dataset.words);
  const faults = new Faults(form, words, form.dataset.sprite);
  const button = form.querySelector("button[type=submit]");
  const label = button.querySelector("span");
  const status = form.querySelector("[role=status]");
  let busy = false;

  form.hidden = false;
  form.noValidate = true;
  form.addEventListener("input", ({ target }) => faults.clearField(target));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    const typed = ["name", "password"].map((name) => form.elements.namedItem(name));
    const missing = typed.filter((control) => !control.value.trim());
    if (missing.length) return faults.show(missing.map((control) => ({ path: control.name, code: "missing" })));
    work(true);
    const fault = await add(...typed.map((control) => control.value));
    work(false);
    if (!fault) location.assign(form.dataset.done);
    else if (fault.errors?.length) faults.show(fault.errors);
    else faults.problem(fault.code);
  });

  /** What went wrong, if anything: {code} or {errors}. */
  async function add(name, password) {
    const language = form.elements.namedItem("language").value;
    const begun = await postJson(form.action, { password, language }, crypto.randomUUID());
    if (!begun.ok) return fault(begun);
    let credential;
    try {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.body.options);
      credential = (await navigator.credentials.create({ publicKey })).toJSON();
    } catch {
      return { code: "no_passkeys" };
    }
    const added = await postJson(form.dataset.newPasskey, { name: name.trim(), credential, language }, crypto.randomUUID());
    return added.ok ? null : fault(added);
  }

  function work(on) {
    busy = on;
    if (on) {
      faults.clear();
      button.setAttribute("aria-disabled", "true");
    } else {
      button.removeAttribute("aria-disabled");
    }
    label.textContent = on ? words.sending : words.send;
    status.textContent = on ? words.sending : "";
  }
}

function fault({ status, body }) {
  return status ? body : { code: "unavailable" };
}
