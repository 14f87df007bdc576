/**
 * What came of a quiz card while it runs: the sums of `server/domain/quiz/tally.py`, from the answers that the master is told. Pure.
 * Seats that answered and hands that were counted are never one sum.
 *
 * @typedef {import("./quiz.js").Quiz} Quiz
 * @typedef {import("./quiz.js").Card} Card
 * @typedef {import("./quiz.js").Tally} Tally
 */

/** 0.1 + 0.2 is 0.3 for a pupil. */
const ROUNDING = 1e-9;

/**
 * @param {Card} card
 * @returns {number} how many options there are to choose from
 */
export const optionsOf = (card) => (card.type === "boolean" ? 2 : card.options.length);

/**
 * Whether an answer is right; null: there is no key, or it takes a person to compare texts.
 * @param {Card} card
 * @param {import("./quiz.js").Choice} choice
 * @returns {boolean | null}
 */
export function isRight({ key }, choice) {
  if (!key || choice === null || typeof choice === "string") return null;
  if (typeof choice === "object") return choice.join() === key.options.join();
  return key.number !== null && Math.abs(choice - key.number) <= key.tolerance + ROUNDING * Math.max(1, Math.abs(key.number));
}

/**
 * @param {Card} card
 * @param {import("./quiz.js").Choice[]} choices
 * @param {number[] | null} counted
 * @returns {Tally}
 */
function sum(card, choices, counted) {
  const options = Array(optionsOf(card)).fill(0);
  for (const choice of choices) if (Array.isArray(choice)) for (const option of choice) options[option] += 1;
  const graded = card.key !== null && card.type !== "text";
  const right = graded ? choices.filter((choice) => isRight(card, choice)).length : null;
  return { answered: choices.length, options, right, counted };
}

/**
 * Of each room that answered or counted.
 * @param {Quiz} part as the master has it
 * @param {string} quiz
 * @returns {Record<string, Tally>}
 */
export function tally(part, quiz) {
  const answers = part.answers?.[quiz] ?? {};
  const counts = part.counts?.[quiz] ?? {};
  const rooms = [...new Set([...Object.keys(answers), ...Object.keys(counts)])];
  const of = (/** @type {string} */ room) => Object.values(answers[room] ?? {}).map(({ choice }) => choice);
  return Object.fromEntries(rooms.map((room) => [room, sum(part.cards[quiz], of(room), counts[room] ?? null)]));
}

/**
 * Over all rooms: hands with hands, seats with seats.
 * @param {Quiz} part as the master has it
 * @param {string} quiz
 * @returns {Tally}
 */
export function total(part, quiz) {
  const choices = Object.values(part.answers?.[quiz] ?? {}).flatMap((seats) => Object.values(seats).map(({ choice }) => choice));
  const counted = Object.values(part.counts?.[quiz] ?? {});
  const hands = counted.length ? counted.reduce((a, b) => a.map((/** @type {number} */ n, /** @type {number} */ i) => n + b[i])) : null;
  return sum(part.cards[quiz], choices, hands);
}
