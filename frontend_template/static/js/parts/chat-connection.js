/**
 * A connection to a room of Amazon IVS Chat that lasts: it asks for a token for each socket (they open one each),
 * comes back when it is lost, and moves to a new socket before its session ends. No DOM here.
 *
 * Protocol: Amazon IVS Chat Messaging API. The token is the socket's only subprotocol; frames are JSON objects
 * with a `Type` of MESSAGE, EVENT or ERROR, and what is sent has an `Action` and a `RequestId`.
 */

import { remember } from "./chat-log.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const TOKEN_LIVES = 60_000;
const RENEW_BEFORE = 60_000;
const STEADY = 10_000;
const OPENS_WITHIN = 15_000;
// What another try does not change: it is not for this visitor, or there is nothing.
const FINAL = new Set([400, 401, 403, 404, 409, 410, 422]);

/** How long to wait before a try: longer each time, and never together with everyone else. */
export function waitBefore(tried, random = Math.random) {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tried);
  return most / 2 + (random() * most) / 2;
}

/**
 * `ask()` gives {ok, status, body, retryAfter}: the answer to POST …/token, with `token`, `endpoint`, `expires_at`,
 * `session_until`. `hear` is told: `status(state, code)` with "connecting", "open", "waiting", "refused" or "closed";
 * `arrived(body)` with each token's answer; `opened(again)` where history may be missing; `frame(entity)`, each once.
 */
export class ChatConnection {
  #ask;
  #hear;
  #Socket;
  #timers;
  #random;
  #socket;
  #turn = 0;
  #tried = 0;
  #waiting;
  #renewing;
  #opened = false;
  #wanted = false;
  #seen = new Set();

  constructor({ ask, hear, Socket = globalThis.WebSocket, timers = globalThis, random = Math.random }) {
    this.#ask = ask;
    this.#hear = hear;
    this.#Socket = Socket;
    this.#timers = timers;
    this.#random = random;
  }

  get open() {
    return this.#socket?.readyState === 1;
  }

  /** Connect, or try again at once where it waits. */
  start() {
    this.#wanted = true;
    if (this.open) return;
    this.#tried = 0;
    this.#connect("connecting");
  }

  stop() {
    this.#wanted = false;
    this.#turn++;
    this.#clear();
    this.#leave(this.#socket);
    this.#socket = undefined;
    this.#hear.status("closed", "");
  }

  /** A new token: what one may do here has changed. The socket of the old one stays until the new one is there. */
  renew() {
    if (this.#wanted) this.#connect("");
  }

  /** Whether it could be handed to the socket; what became of it comes as a frame with its RequestId. */
  send(action) {
    if (!this.open) return false;
    this.#socket.send(JSON.stringify(action));
    return true;
  }

  async #connect(status) {
    const turn = ++this.#turn;
    this.#clear();
    if (status) this.#hear.status(status, "");
    const answer = await this.#ask().catch(() => ({ ok: false, status: 0, body: {} }));
    if (turn !== this.#turn) return;
    if (answer.ok) this.#arrive(answer.body, turn);
    else if (FINAL.has(answer.status)) this.#refused(answer);
    else this.#later(answer.retryAfter);
  }

  #refused({ status, body }) {
    // What the old socket may still hear is not for this visitor any more.
    this.#leave(this.#socket);
    this.#socket = undefined;
    this.#hear.status("refused", body?.code ?? String(status));
  }

  #arrive(body, turn) {
    const before = this.#socket;
    let socket;
    try {
      socket = new this.#Socket(body.endpoint, body.token);
    } catch {
      // The address is none that a page like this may connect to: perhaps the next answer has another.
      return this.#later();
    }
    this.#hear.arrived(body);
    const tooLate = this.#timers.setTimeout(() => socket.close(), OPENS_WITHIN);
    socket.onopen = () => {
      this.#timers.clearTimeout(tooLate);
      if (turn !== this.#turn) return this.#leave(socket);
      const gap = before?.readyState !== 1;
      this.#socket = socket;
      this.#leave(before);
      this.#renewBefore(body);
      this.#waiting = this.#timers.setTimeout(() => (this.#tried = 0), STEADY);
      this.#hear.status("open", "");
      // Where the old socket was there until now, nothing was missed.
      if (gap || !this.#opened) this.#hear.opened(this.#opened);
      this.#opened = true;
      return undefined;
    };
    socket.onmessage = ({ data }) => this.#frame(data);
    socket.onclose = () => {
      this.#timers.clearTimeout(tooLate);
      // A socket that was replaced, or never took over, is not missed.
      if (socket === this.#socket || (turn === this.#turn && !this.open)) this.#lost();
      else if (turn === this.#turn) this.#later();
    };
    return undefined;
  }

  #frame(data) {
    const entity = parsed(data);
    // While one socket takes over from the other, both hear the same.
    const known = entity?.Id && entity.Type !== "ERROR" && !remember(this.#seen, `${entity.Type} ${entity.Id}`);
    if (entity && !known) this.#hear.frame(entity);
  }

  #lost() {
    this.#socket = undefined;
    if (this.#wanted) this.#later();
  }

  #later(atLeast = 0) {
    this.#clear();
    const turn = ++this.#turn;
    const wait = Math.max(atLeast * 1000, waitBefore(this.#tried++, this.#random));
    if (!this.open) this.#hear.status("waiting", "");
    this.#waiting = this.#timers.setTimeout(() => turn === this.#turn && this.#connect(""), wait);
  }

  /** The server's clock, not ours, says how long: a token lives a minute, so it was made a minute before it expires. */
  #renewBefore({ session_until: until, expires_at: expires }) {
    const lasts = Date.parse(until) - (Date.parse(expires) - TOKEN_LIVES);
    if (!Number.isFinite(lasts)) return;
    const jitter = this.#random() * RENEW_BEFORE * 0.5;
    this.#renewing = this.#timers.setTimeout(() => this.#connect(""), Math.max(lasts / 2, lasts - RENEW_BEFORE - jitter));
  }

  #leave(socket) {
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #clear() {
    this.#timers.clearTimeout(this.#waiting);
    this.#timers.clearTimeout(this.#renewing);
  }
}

function parsed(data) {
  try {
    const entity = JSON.parse(data);
    return entity && typeof entity.Type === "string" ? entity : undefined;
  } catch {
    return undefined;
  }
}
