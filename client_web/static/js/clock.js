/**
 * Time and chance, handed in so that tests can hold both.
 * @typedef {object} Clock
 * @property {() => number} now milliseconds, monotonic
 * @property {(ms: number, run: () => void) => () => void} after runs once later; the result cancels
 * @property {() => number} random 0 ≤ x < 1
 */

/** @type {Clock} */
export const browserClock = {
  now: () => performance.now(),
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
  random: Math.random,
};

/**
 * Exponential delay with full jitter in its upper half, so that 300 rooms do not return in the same instant.
 * @param {number} attempt 0 for the first retry
 * @param {() => number} random
 * @param {number} [base] ms
 * @param {number} [cap] ms
 * @returns {number} ms
 */
export function backoff(attempt, random, base = 500, cap = 8000) {
  const full = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (random() * full) / 2);
}

/**
 * Calls `run` every `ms` until the result is called.
 * @param {Clock} clock
 * @param {number} ms
 * @param {() => void} run
 * @returns {() => void}
 */
export function every(clock, ms, run) {
  let stopped = false;
  let cancel = () => {};
  const tick = () => {
    cancel = clock.after(ms, () => {
      run();
      if (!stopped) tick();
    });
  };
  tick();
  return () => {
    stopped = true;
    cancel();
  };
}
