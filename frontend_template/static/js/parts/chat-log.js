/* What was said, in the order in which it was said: no DOM here. */

/**
 * The last messages of a room. They come live, from the history, twice, late, and after they were deleted:
 * whatever the order, each is there once, and what is gone stays gone.
 */
export class ChatLog {
  #most;
  #items = [];
  #known = new Set();
  #gone = new Set();
  #sent = new Map();

  constructor(most = 200) {
    this.#most = most;
  }

  /** The messages, the oldest first. */
  get items() {
    return this.#items;
  }

  /**
   * Takes in a message {id, at (ms), sender: {id}, …}.
   * Whether it is new, and which had to go for it. Older than all that is kept is not new.
   */
  add(message) {
    const { id, at } = message;
    const gone = this.#gone.has(id) || (this.#sent.get(message.sender.id) ?? -1) >= at;
    if (gone || this.#known.has(id)) return { added: false, dropped: [] };
    const place = this.#place(message);
    if (place === 0 && this.#items.length >= this.#most) return { added: false, dropped: [] };
    this.#items.splice(place, 0, message);
    this.#known.add(id);
    const dropped = this.#items.splice(0, this.#items.length - this.#most);
    for (const one of dropped) this.#known.delete(one.id);
    return { added: true, dropped };
  }

  /** Takes a message away, also one that has not come yet; what was there, if it was. */
  delete(id) {
    remember(this.#gone, id);
    if (!this.#known.delete(id)) return undefined;
    const place = this.#items.findIndex((message) => message.id === id);
    return this.#items.splice(place, 1)[0];
  }

  /** Takes away all that somebody said until `at` (ms), what comes late of it too; what was there. */
  deleteOf(userId, at) {
    this.#sent.set(userId, Math.max(at, this.#sent.get(userId) ?? 0));
    const [gone, kept] = [[], []];
    for (const message of this.#items) (message.sender.id === userId && message.at <= at ? gone : kept).push(message);
    this.#items = kept;
    for (const message of gone) this.#known.delete(message.id);
    return gone;
  }

  /** What follows a message, undefined where it is the last. */
  after(id) {
    const place = this.#items.findLastIndex((message) => message.id === id);
    return place < 0 ? undefined : this.#items[place + 1];
  }

  /** After everything that is not later: two of one moment are in the order in which they came. */
  #place({ at }) {
    let place = this.#items.length;
    while (place > 0 && this.#items[place - 1].at > at) place--;
    return place;
  }
}

/** The newest thousand of what happened: who waits for older things than these does not wait. */
export function remember(set, value, most = 1000) {
  if (set.has(value)) return false;
  set.add(value);
  if (set.size > most) set.delete(set.values().next().value);
  return true;
}
