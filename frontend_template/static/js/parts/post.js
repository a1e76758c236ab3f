const PAUSES = [1000, 3000];
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

/**
 * Sends JSON and answers {ok, status, body}; status 0 where no answer came.
 *
 * Tries again after a lost connection or a 502, 503 or 504: the key makes the server do it once.
 */
export async function postJson(address, content, key) {
  for (let tried = 0; ; tried++) {
    const answer = await attempt(address, content, key);
    const passing = answer.status === 0 || (answer.status >= 502 && answer.status <= 504);
    if (!passing || tried === PAUSES.length || navigator.onLine === false) return answer;
    await pause(PAUSES[tried]);
  }
}

async function attempt(address, content, key) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", "idempotency-key": key },
      body: JSON.stringify(content),
    });
    const body = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, body };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}
