/* Adding a passkey: it cannot be done without a script. */

import { addPasskeys } from "./parts/new-passkey.js";

const form = document.querySelector("form[data-new-passkey]");
if (form) addPasskeys(form);
