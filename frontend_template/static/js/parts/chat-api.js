/* What the panel asks of the platform, and of the device it is on. */

/** JSON to and from the API: {ok, status, body, retryAfter (seconds)}; status 0 where no answer came. */
export async function ask(address, content, method = "POST") {
  try {
    const response = await fetch(address, {
      method,
      headers: { accept: "application/json", ...(content === undefined ? {} : { "content-type": "application/json" }) },
      body: content === undefined ? undefined : JSON.stringify(content),
    });
    const body = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, body, retryAfter: Number(response.headers.get("retry-after")) || 0 };
  } catch {
    return { ok: false, status: 0, body: {}, retryAfter: 0 };
  }
}

/** What is remembered on this device; where storage is refused nothing is, and nothing breaks. */
export function remembered(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function rememberHere(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}
