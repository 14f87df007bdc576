/**
 * The part `quiz` of a lesson's state, folded as the server folds it. Pure.
 * What a page is told depends on who looks: the master has `answers` and `counts` of every room, a room's pages `answered`,
 * a student's device `own`; plain viewers have the cards only.
 *
 * @typedef {"single" | "multiple" | "boolean" | "number" | "text" | "poll"} QuizType
 * @typedef {number[] | number | string | null} Choice options, a number or a text; null: the text was erased
 * @typedef {{options: number[], number: number | null, tolerance: number, texts: (string | null)[]}} Key
 * @typedef {{answered: number, options: number[], right: number | null, counted: number[] | null}} Tally seats and counted hands, never one sum
 * @typedef {object} Card
 * @property {QuizType} type
 * @property {string | null} question empty: asked aloud; null: erased
 * @property {(string | null)[]} options
 * @property {number} seconds 0: until it is closed
 * @property {number | null} deadline as shown; answers come in for two seconds more
 * @property {string} group activity group that is asked; empty: everybody
 * @property {number} opened_at
 * @property {number | null} closed_at
 * @property {Key | null} key to the master always, to others once it is revealed
 * @property {Tally | null} total once it is revealed
 * @typedef {{choice: Choice, source: "device" | "pad" | "card"}} Answer
 *
 * @typedef {object} Quiz
 * @property {string} open id of the card that takes answers; empty: none
 * @property {Record<string, Card>} cards
 * @property {Record<string, Record<string, Record<string, Answer>>>} [answers] card → room → seat; to the master
 * @property {Record<string, any>} [counts] card → room → hands per option (master), card → hands per option (staff)
 * @property {Record<string, any>} [tallies] card → room → result (master), card → the own room's result
 * @property {Record<string, number[]>} [answered] card → seats of the own room that answered; to its pages
 * @property {Record<string, true>} [counted] cards for which hands were counted; to the big screen
 * @property {Record<string, Choice>} [own] card → what counts for the own seat; to a student's device
 */
import { without } from "./records.js";

/**
 * @param {Quiz} part
 * @param {string} quiz
 * @param {Partial<Card>} change
 * @returns {Quiz}
 */
const card = (part, quiz, change) => ({ ...part, cards: { ...part.cards, [quiz]: { ...part.cards[quiz], ...change } } });

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
function opened(part, { at, payload: { quiz, ...shown } }) {
  const fresh = { ...shown, key: shown.key ?? null, opened_at: at, closed_at: null, total: null };
  return { ...part, open: quiz, cards: { ...part.cards, [quiz]: fresh } };
}

/**
 * @param {Record<string, Record<string, any>>} record
 * @param {string} quiz
 * @param {string} room
 * @param {any} value
 * @returns {Record<string, Record<string, any>>}
 */
const ofRoom = (record, quiz, room, value) => ({ ...record, [quiz]: { ...record[quiz], [room]: value } });

/**
 * @param {Quiz} part
 * @param {{quiz: string, participant: string}} where
 * @param {number[]} seats
 * @param {(n: number) => Answer} answer of the n-th of them
 * @returns {Quiz}
 */
function taken(part, { quiz, participant }, seats, answer) {
  if (part.answers) {
    const fresh = Object.fromEntries(seats.map((seat, n) => [seat, answer(n)]));
    return { ...part, answers: ofRoom(part.answers, quiz, participant, { ...part.answers[quiz]?.[participant], ...fresh }) };
  }
  if (!part.answered) return part;
  const all = new Set([...(part.answered[quiz] ?? []), ...seats]);
  return { ...part, answered: { ...part.answered, [quiz]: [...all].sort((a, b) => a - b) } };
}

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
function answered(part, { payload }) {
  if (part.own) return { ...part, own: { ...part.own, [payload.quiz]: payload.choice } };
  return taken(part, payload, [payload.seat], () => ({ choice: payload.choice, source: payload.source }));
}

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
function counted(part, { payload: { quiz, participant, counts } }) {
  if (part.counted) return { ...part, counted: { ...part.counted, [quiz]: true } };
  const known = part.counts ?? {};
  return { ...part, counts: part.answers ? ofRoom(known, quiz, participant, counts) : { ...known, [quiz]: counts } };
}

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
function tallied(part, { payload: { quiz, participant, tally } }) {
  const known = part.tallies ?? {};
  return { ...part, tallies: part.answers ? ofRoom(known, quiz, participant, tally) : { ...known, [quiz]: tally } };
}

/**
 * @param {Quiz} part
 * @param {string} quiz
 * @param {number} at
 * @returns {Quiz}
 */
const closed = (part, quiz, at) => ({ ...card(part, quiz, { closed_at: at }), open: part.open === quiz ? "" : part.open });

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
const over = (part, { at }) => (part.open ? closed(part, part.open, at) : part);

/**
 * @param {Quiz} part
 * @param {import("../fold.js").Event} event
 * @returns {Quiz}
 */
function discarded(part, { payload: { quiz } }) {
  const { open, ...records } = part;
  const left = Object.fromEntries(Object.entries(records).map(([name, record]) => [name, without(record, quiz)]));
  return /** @type {Quiz} */ ({ ...left, open: open === quiz ? "" : open });
}

/** @type {import("../fold.js").PartFolds<Quiz>} */
export const QUIZ = {
  "quiz.opened": opened,
  "quiz.answered": answered,
  "quiz.scanned": (part, { payload }) =>
    taken(part, payload, payload.seats, (n) => ({ choice: [payload.options?.[n]], source: "card" })),
  "quiz.counted": counted,
  "quiz.closed": (part, { at, payload: { quiz } }) => closed(part, quiz, at),
  "quiz.revealed": (part, { payload: { quiz, key, total } }) => card(part, quiz, { key, total }),
  "quiz.tallied": tallied,
  "quiz.discarded": discarded,
  "lesson.ended": over,
  "lesson.cancelled": over,
};
