/**
 * What this screen did not get of a live lesson: spans of the lesson clock in which it had no media, also those in which the page was
 * closed or the computer off. Kept by the browser for the lesson, so that a room can watch them later. Pure, but for the store that it is given.
 *
 * @typedef {{begin: number, end: number}} Span lesson time, ms
 * @typedef {Pick<Storage, "getItem" | "setItem">} Store
 */

/** Shorter ones are not worth anybody's time. */
const WORTH_MS = 8_000;
/** What lies so near together is one. */
const NEAR_MS = 5_000;
/** So often it is written down that all is well. */
const WRITE_MS = 2_000;
const MOST = 20;

/** @returns {Store} where this browser keeps things; where it does not let us, as long as the page is open */
export function keptHere() {
  try {
    return window.localStorage;
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  }
}

/** @param {string} lesson id */
export const keyOf = (lesson) => `missed.${lesson}`;

/**
 * @param {Store} store
 * @param {string} key
 * @returns {any} null: nothing is kept, or the browser keeps nothing
 */
function recall(store, key) {
  try {
    return JSON.parse(store.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {Store} store
 * @param {string} lesson id
 * @returns {Span[]} what was kept; nothing where something else was
 */
export function recallMissed(store, lesson) {
  const kept = recall(store, keyOf(lesson));
  const good = Array.isArray(kept) ? kept.filter((one) => Number.isFinite(one?.begin) && one.begin < one.end).slice(-MOST) : [];
  return good.map(({ begin, end }) => ({ begin, end }));
}

/** Spans are read anew whenever they are needed: the page of the replay crosses them off beside the page of the lesson. */
export class Missed {
  /**
   * @param {Store} store
   * @param {string} lesson id
   */
  constructor(store, lesson) {
    this.store = store;
    this.lesson = lesson;
    const seen = recall(store, this.#seenKey);
    /** When all was well last; null: it never was. @type {number | null} */
    this.seen = Number.isFinite(seen) ? seen : null;
    this.written = this.seen ?? -Infinity;
  }

  get spans() {
    return recallMissed(this.store, this.lesson);
  }

  /**
   * To be called every second.
   * @param {number} at lesson time
   * @param {boolean} live there is something to miss
   * @param {boolean} here it arrives
   * @returns {boolean} a span has become known
   */
  look(at, live, here) {
    if (live && !here) return false;
    const since = this.seen;
    this.seen = at;
    const missed = live && since !== null && at - since >= WORTH_MS;
    if (missed) this.#add({ begin: since, end: at });
    if (missed || Math.abs(at - this.written) >= WRITE_MS) {
      this.written = at;
      this.#keep(this.#seenKey, at);
    }
    return missed;
  }

  /** @param {Span} span it was watched, or nobody wants it */
  done(span) {
    this.#keep(keyOf(this.lesson), this.spans.filter((one) => one.begin < span.begin || one.end > span.end));
  }

  get #seenKey() {
    return `${keyOf(this.lesson)}.seen`;
  }

  /** @param {Span} span */
  #add(span) {
    const { spans } = this;
    const last = spans[spans.length - 1];
    if (last && span.begin - last.end <= NEAR_MS) last.end = span.end;
    else spans.push(span);
    this.#keep(keyOf(this.lesson), spans.slice(-MOST));
  }

  /**
   * @param {string} key
   * @param {unknown} value
   */
  #keep(key, value) {
    try {
      this.store.setItem(key, JSON.stringify(value));
    } catch {
      // full, or forbidden: nobody will know
    }
  }
}
