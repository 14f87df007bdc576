/**
 * Where a replay is, and how it goes on: a clock of its own that waits for films which are not there yet. Pure: the caller says what time it is.
 *
 * @typedef {{begin: number, end: number}} Span lesson time
 */

/** Slower and faster than in class. */
export const RATES = [0.75, 1, 1.25, 1.5, 2];

export class Course {
  /**
   * @param {Span} span
   * @param {number} at where it begins
   */
  constructor(span, at) {
    this.span = span;
    this.rate = 1;
    this.playing = false;
    /** Something that is shown now has no data yet. */
    this.held = false;
    this.mark = { at: this.#inside(at), now: 0 };
  }

  /** @param {number} now ms @returns {number} lesson time */
  at(now) {
    const moved = this.playing && !this.held ? (now - this.mark.now) * this.rate : 0;
    return this.#inside(this.mark.at + moved);
  }

  /** @param {number} now */
  over(now) {
    return this.at(now) >= this.span.end;
  }

  /** @param {number} at @param {number} now */
  seek(at, now) {
    this.mark = { at: this.#inside(at), now };
  }

  /** @param {boolean} playing @param {number} now */
  play(playing, now) {
    const at = this.at(now);
    this.mark = { at: playing && at >= this.span.end ? this.span.begin : at, now };
    this.playing = playing;
  }

  /** @param {boolean} held @param {number} now */
  hold(held, now) {
    if (held === this.held) return;
    this.mark = { at: this.at(now), now };
    this.held = held;
  }

  /** @param {number} rate @param {number} now */
  speed(rate, now) {
    this.mark = { at: this.at(now), now };
    this.rate = rate;
  }

  /** @param {number} at */
  #inside(at) {
    return Math.min(Math.max(at, this.span.begin), this.span.end);
  }
}

/**
 * Where a gap in everything ends in which a replay stands: nobody wants to look at it. Null: it stands in none, or the gap is short.
 * @param {{begin: number, end: number}[]} files
 * @param {number} at
 * @param {number} patience ms
 * @returns {number | null}
 */
export function beyond(files, at, patience) {
  if (files.some(({ begin, end }) => begin <= at && at < end)) return null;
  const next = Math.min(...files.filter(({ begin }) => begin > at).map(({ begin }) => begin));
  return Number.isFinite(next) && next - at > patience ? next : null;
}
