const EVERY = 30_000;
const KEPT = 40;
const NAME = "videos-watched";

/**
 * Where somebody is in a video: told to the server where they are signed in, so that another device can go on from there,
 * and kept by this browser where they are not.
 */
export class Memory {
  constructor(id, address) {
    this.id = id;
    this.address = address;
    this.second = 0;
    this.kept = undefined;
    this.last = performance.now();
  }

  /** The second to go on from, by what the server answered when it was asked to play. */
  from({ remembers, resume_ms: ms }) {
    this.remembers = remembers;
    return remembers ? ms / 1000 : (read()[this.id] ?? 0);
  }

  at(second) {
    this.second = second;
    this.seen = performance.now();
    if (this.seen - this.last >= EVERY) this.keep();
  }

  /** At a pause, when one leaves, and every half minute; what is known already is not told again. */
  keep() {
    if (this.seen === undefined || this.kept === this.second) return;
    this.kept = this.second;
    this.last = performance.now();
    if (this.remembers) this.#tell();
    else write(this.id, this.second);
  }

  /** It was watched to its end: next time it begins at the beginning. */
  end() {
    this.keep();
    if (!this.remembers) write(this.id, 0);
  }

  #tell() {
    fetch(this.address, {
      method: "POST",
      keepalive: true,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ ms: Math.round(this.second * 1000), age_ms: Math.round(performance.now() - this.seen) }),
    }).catch(() => (this.kept = undefined));
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

/** Of the last few videos only: a browser is no archive. */
function write(id, second) {
  const { [id]: _, ...others } = read();
  const entries = Object.entries(others).slice(1 - KEPT);
  if (second > 0) entries.push([id, Math.round(second)]);
  try {
    localStorage.setItem(NAME, JSON.stringify(Object.fromEntries(entries)));
  } catch {
    // Without a place to write to it begins at the beginning.
  }
}
