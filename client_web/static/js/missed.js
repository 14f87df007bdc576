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

/** @returns {Store | null} where this browser keeps things, if it lets us */
export function keptHere() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** @param {string} lesson id */
export const keyOf = (lesson) => `missed.${lesson}`;

/**
 * @param {Store | null} store
 * @param {string} lesson id
 * @returns {{spans: Span[], seen: number | null}} what was kept; nothing where something else was
 */
export function recallMissed(store, lesson) {
  try {
    const { spans, seen } = JSON.parse(store?.getItem(keyOf(lesson)) ?? "{}");
    const good = Array.isArray(spans) ? spans.filter(({ begin, end }) => Number.isFinite(begin) && begin < end).slice(-MOST) : [];
    return { spans: good.map(({ begin, end }) => ({ begin, end })), seen: Number.isFinite(seen) ? seen : null };
  } catch {
    return { spans: [], seen: null };
  }
}

export class Missed {
  /**
   * @param {Store | null} store null: the browser keeps nothing
   * @param {string} lesson id
   */
  constructor(store, lesson) {
    this.store = store;
    this.lesson = lesson;
    const { spans, seen } = recallMissed(store, lesson);
    this.spans = spans;
    /** When all was well last; null: it never was. */
    this.seen = seen;
    this.written = seen ?? -Infinity;
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
    if (missed || at - this.written >= WRITE_MS || at < this.written) this.#write();
    return missed;
  }

  /** @param {Span} span it was watched, or nobody wants it */
  done(span) {
    this.spans = this.spans.filter((one) => one.begin < span.begin || one.end > span.end);
    this.#write();
  }

  /** Of everything, ms. */
  get length() {
    return this.spans.reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  /** @param {Span} span */
  #add(span) {
    const last = this.spans[this.spans.length - 1];
    if (last && span.begin - last.end <= NEAR_MS) last.end = span.end;
    else this.spans = [...this.spans, span].slice(-MOST);
  }

  #write() {
    this.written = this.seen ?? -Infinity;
    try {
      this.store?.setItem(keyOf(this.lesson), JSON.stringify({ spans: this.spans, seen: this.seen }));
    } catch {
      // full, or forbidden: it is known as long as the page is open
    }
  }
}
