/* Comfort on the pages of one's account: they all work without. */

import { formatCodes } from "./parts/code.js";
import { Draft } from "./parts/draft.js";
import { sendOnce } from "./parts/once.js";

const entering = document.querySelector("form[data-entering]");
const email = entering?.elements.namedItem("email");
const typed = new Draft("account", email ? [email] : []);

if (email) {
  // The same address from sign-in to sign-up to a forgotten password.
  typed.restore();
  email.addEventListener("input", () => typed.keep());
} else if (!entering) {
  typed.forget();
}
document.querySelectorAll("form[data-busy]").forEach(sendOnce);
formatCodes();
const button = document.querySelector("[data-passkey]");
if (button && email) import("./parts/passkey.js").then(({ offerPasskey }) => offerPasskey(button, entering));
