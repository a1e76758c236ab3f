/** Mailed codes as they are written in the mail: "1234 5678", while they are typed or pasted. */
export function formatCodes() {
  for (const input of document.querySelectorAll("input.code[inputmode=numeric]")) {
    input.addEventListener("input", () => {
      // Who corrects something in the middle is left alone: the server forgives every space.
      if (input.selectionStart !== input.value.length) return;
      const digits = input.value.replace(/\D/g, "").slice(0, 8);
      input.value = digits.length > 4 ? `${digits.slice(0, 4)} ${digits.slice(4)}` : digits;
    });
  }
}
