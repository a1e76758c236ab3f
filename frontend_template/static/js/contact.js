/* The contact form, made quicker: faults beside their fields at once, nothing typed is lost, sent once however often it is tried. */

import { Draft } from "./parts/draft.js";
import { Faults } from "./parts/faults.js";
import { postJson } from "./parts/post.js";
import { Token } from "./parts/token.js";

const form = document.querySelector("form[data-contact]");
if (form) begin(form);

function begin(form) {
  const { api, token: tokenAddress, sent, sprite } = form.dataset;
  const words = JSON.parse(form.dataset.words);
  const controls = ["name", "email", "subject", "message"].map((name) => form.elements.namedItem(name));
  const faults = new Faults(form, words, sprite);
  const draft = new Draft("contact", controls);
  const token = new Token(tokenAddress);
  const button = form.querySelector("button[type=submit]");
  const label = button.querySelector("span");
  const status = form.querySelector("[role=status]");
  let key = crypto.randomUUID();
  let busy = false;

  form.noValidate = true;
  draft.restore();
  form.addEventListener("focusin", () => token.want(), { once: true });
  form.addEventListener("input", ({ target }) => {
    // Another text is another message: under the old key the server would answer with the old one.
    key = crypto.randomUUID();
    faults.clearField(target);
    draft.keep();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!busy) send();
  });
  addEventListener("pageshow", () => rest());

  async function send() {
    const found = controls.map(faultOf).filter(Boolean);
    if (found.length) return faults.show(found);
    work();
    const answer = await deliver();
    if (answer.ok) {
      draft.forget();
      form.reset();
      location.assign(sent);
      return;
    }
    rest();
    if (answer.body.errors?.length) faults.show(answer.body.errors);
    else faults.problem(answer.status ? answer.body.code : navigator.onLine === false ? "offline" : "unavailable");
  }

  async function deliver() {
    const typed = Object.fromEntries(controls.map((control) => [control.name, control.value.trim()]));
    const rest = { language: form.elements.language.value, website: form.elements.website.value };
    for (let again = true; ; again = false) {
      let proof;
      try {
        proof = await token.ripe();
      } catch {
        return { ok: false, status: 0, body: {} };
      }
      const answer = await postJson(api, { ...typed, ...rest, token: proof }, key);
      if (!again || !["token_missing", "too_fast"].includes(answer.body.code)) return answer;
      token.renew();
    }
  }

  function work() {
    busy = true;
    faults.clear();
    button.setAttribute("aria-disabled", "true");
    label.textContent = status.textContent = words.sending;
  }

  function rest() {
    busy = false;
    button.removeAttribute("aria-disabled");
    label.textContent = words.send;
    status.textContent = "";
  }
}

/** What the browser itself can tell is wrong with a field, under the server's codes. */
function faultOf(control) {
  const length = [...control.value.trim()].length;
  const code =
    (control.required && !length && "missing") ||
    (control.minLength > 0 && length < control.minLength && "too_short") ||
    (control.maxLength > 0 && length > control.maxLength && "too_long") ||
    // Browsers take name@house for an address, and the server, which has to mail it, does not.
    ((control.validity.typeMismatch || (control.type === "email" && length && !/@.+\../.test(control.value))) && "invalid_email");
  return code && { path: control.name, code };
}
