const SIDE = 1024;
const ENOUGH = 1_000_000;
const LOOKS = [1500, 2500, 4000, 8000, 15000];

/**
 * Shows the picture that is chosen, cut as it will be, and sends it no larger than it needs to be: a phone's own
 * may be more than the server takes. What the browser cannot read goes as it is, and the server says what is wrong.
 */
export function makeSmaller(form) {
  const input = form.querySelector("input[type=file]");
  const place = form.querySelector(".avatar");
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      const bitmap = await createImageBitmap(file);
      const canvas = cut(bitmap);
      const shown = cut(bitmap, 256);
      shown.setAttribute("aria-hidden", "true");
      place.replaceChildren(shown);
      if (file.size > ENOUGH) await replace(input, file, canvas);
    } catch {
      // No picture, or one that this browser does not know.
    }
  });
}

/** The middle of a picture, square. */
function cut(bitmap, most = SIDE) {
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(side, most);
  const place = [(bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side];
  canvas.getContext("2d").drawImage(bitmap, ...place, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function replace(input, file, canvas) {
  const blob = await new Promise((resume) => canvas.toBlob(resume, "image/jpeg", 0.9));
  if (!blob || blob.size >= file.size || input.files[0] !== file) return;
  const files = new DataTransfer();
  files.items.add(new File([blob], "picture.jpg", { type: blob.type }));
  input.files = files.files;
}

/** Shows the page again once the picture is another one; after half a minute the page says itself how to look. */
export async function watchPreparation(address) {
  let before;
  for (const wait of LOOKS) {
    const picture = await ask(address);
    before ??= picture;
    if (picture !== undefined && picture !== before) return location.replace(location.pathname);
    await new Promise((resume) => setTimeout(resume, wait));
  }
  return undefined;
}

async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    return answer.ok ? ((await answer.json()).person?.picture ?? "") : undefined;
  } catch {
    return undefined;
  }
}
