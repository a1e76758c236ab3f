/** Sends JSON once; {ok, body}, and `body.code` is "unavailable" where no answer came. */
export async function ask(address, content) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(content),
    });
    return { ok: response.ok, body: await response.json() };
  } catch {
    return { ok: false, body: { code: "unavailable" } };
  }
}

/** Shows the button that signs in with a passkey, in browsers that can. The form's e-mail says whose. */
export function offerPasskey(button, form) {
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) return button.remove();
  const { options, answer } = button.dataset;
  const words = JSON.parse(button.dataset.words);
  const said = form.querySelector("[data-said]");
  const email = form.elements.namedItem("email");
  let busy = false;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (busy) return;
    if (!email.value.trim() || !email.validity.valid) {
      said.textContent = words.email;
      email.focus();
      return;
    }
    busy = true;
    button.setAttribute("aria-disabled", "true");
    said.textContent = words.waiting;
    const next = await signIn(email.value.trim());
    if (next) return location.assign(next);
    busy = false;
    button.removeAttribute("aria-disabled");
  });

  /** Where to go on, or undefined where it failed, which has been said. */
  async function signIn(whose) {
    const common = { language: form.elements.namedItem("language").value, next: form.elements.namedItem("next")?.value ?? "" };
    const asked = await ask(options, { ...common, email: whose });
    if (!asked.ok) return fail(asked.body.code);
    let credential;
    try {
      credential = await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.body.options),
      });
    } catch {
      // Dismissed, timed out, or there is none on this device: browsers do not say which.
      return fail();
    }
    const proved = await ask(answer, { ...common, credential: credential.toJSON() });
    return proved.ok ? proved.body.next : fail(proved.body.code);
  }

  function fail(code) {
    said.textContent = words[["unavailable", "too_many_requests"].includes(code) ? code : "failed"];
  }
}
