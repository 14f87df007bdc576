/**
 * What time it is on the lesson clock while nobody can be asked: the device's own clock, corrected as far as the server last showed it to
 * be wrong. A clock that fell behind (an old PC after a power cut) never says less than the server said last. No DOM.
 */

/** @typedef {{skew: number, at: number}} Learned `skew`: lesson clock − device clock, ms; `at`: what the server said last */

export class ServerTime {
  /**
   * @param {() => number} wall the device's clock, UTC ms
   * @param {Learned} [learned]
   */
  constructor(wall, learned = { skew: 0, at: 0 }) {
    this.wall = wall;
    this.learned = learned;
  }

  /** @param {number} at the lesson clock now, from the server */
  learn(at) {
    this.learned = { skew: Math.round(at - this.wall()), at: Math.round(at) };
    return this.learned;
  }

  /** ms on the lesson clock */
  get now() {
    return Math.max(Math.round(this.wall() + this.learned.skew), this.learned.at);
  }
}
