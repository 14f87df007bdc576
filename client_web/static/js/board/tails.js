/** What others draw and point at now, as far as signals tell: the latest of each, for a moment. No DOM. */

/** Signals come many times a second; one that stays alone was the last, and its end was lost. */
export const STALE_MS = 4_000;

/**
 * @typedef {"master" | "room"} By
 * @typedef {{sheet: string, page: number, x: number, y: number}} Spot
 * @typedef {import("../fold/board.js").Stroke & {sheet: string, page: number}} Tail
 */

export class Tails {
  /** @param {import("../clock.js").Clock} clock */
  constructor(clock) {
    this.clock = clock;
    /** @type {Map<By, {at: number, spot: Spot}>} */
    this.pointers = new Map();
    /** @type {Map<By, {at: number, tail: Tail}>} */
    this.inks = new Map();
  }

  /** @param {{kind: string, by: By, payload: any}} signal */
  hear({ kind, by, payload }) {
    const at = this.clock.now();
    if (kind === "pointer") {
      if (payload.sheet && payload.x !== undefined) this.pointers.set(by, { at, spot: payload });
      else this.pointers.delete(by);
    } else if (kind === "ink") {
      if (payload.item && payload.points) this.inks.set(by, { at, tail: { tool: "pen", ...payload } });
      else this.inks.delete(by);
    }
  }

  /**
   * An event put the beginning of it into the log: the next signal brings what is left.
   * @param {string} item
   */
  logged(item) {
    for (const [by, { tail }] of this.inks) if (tail.item === item) this.inks.delete(by);
  }

  /**
   * @param {string} sheet
   * @param {number} page
   * @returns {{pointers: {by: By, x: number, y: number}[], inks: Tail[], next: number | null}} `next`: when one of them is gone, ms
   */
  on(sheet, page) {
    const oldest = this.clock.now() - STALE_MS;
    for (const kept of [this.pointers, this.inks]) for (const [by, { at }] of kept) if (at <= oldest) kept.delete(by);
    const here = (/** @type {{sheet: string, page: number}} */ it) => it.sheet === sheet && it.page === page;
    const pointers = [...this.pointers].filter(([, { spot }]) => here(spot)).map(([by, { spot }]) => ({ by, x: spot.x, y: spot.y }));
    const inks = [...this.inks.values()].map(({ tail }) => tail).filter(here);
    const times = [...this.pointers.values(), ...this.inks.values()].map(({ at }) => at + STALE_MS);
    return { pointers, inks, next: times.length ? Math.min(...times) : null };
  }
}
