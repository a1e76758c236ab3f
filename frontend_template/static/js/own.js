/* Comfort on pages of one's own things: a picture made smaller and shown before it is sent, passkeys, codes to copy. */

import { watchPreparation, makeSmaller } from "./parts/picture.js";
import { addPasskeys } from "./parts/new-passkey.js";

const picture = document.querySelector("form[data-picture]");
if (picture) makeSmaller(picture);

const preparing = document.querySelector("[data-preparing]");
if (preparing) watchPreparation(preparing.dataset.preparing);

const passkey = document.querySelector("form[data-new-passkey]");
if (passkey) addPasskeys(passkey);

const codes = document.querySelector("[data-codes]");
if (codes) offerCopies(codes);

function offerCopies(place) {
  const copy = place.querySelector("[data-copy]");
  const print = place.querySelector("[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
  if (!navigator.clipboard) return;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const text = [...place.querySelectorAll(".codes li")].map((code) => code.textContent.trim()).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = copy.dataset.copied;
    } catch {
      // Refused: they are there to be copied by hand.
      copy.hidden = true;
    }
  });
}
