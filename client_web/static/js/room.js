/**
 * What a classroom's own page does next, from what the server said. No DOM.
 *
 * @typedef {{name: string, starts_at: number, state: string, door: string}} Next
 * @typedef {{now: number, build: string, next: Next | null}} Answer
 * @typedef {{go: string} | {reload: true} | {wait: number}} Step address to go to, a changed page to load, or ms until asking again
 */

export const NEXT = "/room/next";
const EVERY = 10_000;
const SPREAD = 5_000;

/**
 * @param {Answer} answer
 * @param {{name: string | null, build: string}} shown the page as it stands
 * @param {() => number} random 0 … 1
 * @returns {Step}
 */
export function step(answer, shown, random) {
  if (answer.next?.door) return { go: answer.next.door };
  if (answer.build !== shown.build || (answer.next?.name ?? null) !== shown.name) return { reload: true };
  return { wait: EVERY + random() * SPREAD };
}

/**
 * What comes next, for whoever can wait: null when there is no answer now.
 * @returns {Promise<Answer | null>}
 */
export async function askNext() {
  try {
    const response = await fetch(NEXT, { cache: "no-store", headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/**
 * Milliseconds until the next try after so many failures in a row: a whole county must not come back at the same moment.
 * @param {number} failures
 * @param {() => number} random
 */
export function retry(failures, random) {
  return Math.min(2 ** failures, 15) * 1_000 * (0.5 + random() / 2);
}
