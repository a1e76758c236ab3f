/* Comfort where recovery codes are shown: they can be copied and printed. */

const codes = document.querySelector("[data-codes]");
if (codes) offerCopies(codes);

function offerCopies(place) {
  const copy = place.querySelector("[data-copy]");
  const print = place.querySelector("[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
  if (!navigator.clipboard) return copy.remove();
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
