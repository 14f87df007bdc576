/**
 * Addresses of films work for some hours, and what failed may have been the network: films are fetched anew, or by newer addresses. No DOM.
 */
import { backoff } from "../clock.js";

const RENEW_BEFORE_MS = 10 * 60_000;
/** Whatever played for so long is whole again. */
const MENDED_MS = 180_000;

/**
 * @template {{now: number, expires: number}} T
 * @typedef {object} Options
 * @property {() => number} now ms
 * @property {() => number} random 0 … 1
 * @property {() => Promise<T | null>} ask for what there is, with newer addresses; null: there is nothing any more
 * @property {() => void} retry fetch those films anew that failed
 * @property {(fresh: T | null) => void} renew
 */

/** @template {{now: number, expires: number}} T */
export class Addresses {
  /** @param {Options<T>} options */
  constructor(options) {
    this.options = options;
    this.expires = Infinity;
    /** Films that failed are fetched anew so often, and not before. */
    this.tries = 0;
    this.next = 0;
    this.renewing = false;
  }

  /** @param {T} told */
  known(told) {
    this.expires = this.options.now() + told.expires - told.now;
  }

  /** To be called often. @param {boolean} broken a film that is wanted now failed */
  look(broken) {
    const { now, random, retry } = this.options;
    if (now() > this.expires - RENEW_BEFORE_MS) void this.#renew();
    else if (broken && now() >= this.next) {
      this.tries = now() > this.next + MENDED_MS ? 1 : this.tries + 1;
      this.next = now() + backoff(this.tries, random, 2_000, 120_000);
      if (this.tries % 2) retry();
      else void this.#renew();
    }
  }

  async #renew() {
    if (this.renewing) return;
    this.renewing = true;
    const fresh = await this.options.ask();
    if (fresh) this.known(fresh);
    this.options.renew(fresh);
    this.renewing = fresh === null;
  }
}
