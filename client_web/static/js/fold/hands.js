/**
 * The part `hands` of a lesson's state, folded as the server folds it, and the queue made of it. Pure.
 *
 * @typedef {{at: number, wave: number, lot: number, before: number}} Hand up since `at`; hands of one wave came at the same time
 * @typedef {{participant: string, seat: number, at: number, waited: number | null}} Call `waited` ms; null: without a hand
 * @typedef {object} Hands
 * @property {"first" | "least" | "random"} mode
 * @property {Record<string, Record<string, Hand>>} raised participant → seat → hand
 * @property {number} wave number of the last wave
 * @property {number | null} last when the last hand went up
 * @property {Record<string, number>} called room → the seat that was called last, until the room leaves the stage
 * @property {Record<string, Record<string, number>>} calls room → seat → calls in this lesson
 * @property {Call[]} recent the last calls, the latest at the end
 *
 * @typedef {{participant: string, seat: number, hand: Hand}} Waiting
 * @typedef {Pick<import("../fold.js").LessonState, "participants" | "hands">} Lesson what the queue is made of
 */
import { without } from "./records.js";

/** Hands that follow one another this closely came at the same time (`hands/state.py`). */
const SIMULTANEOUS_MS = 1000;
const RECENT = 30;

/**
 * @param {Hands} part
 * @param {{participant: string, seat: number}} hand
 * @returns {Hands}
 */
function down(part, { participant, seat }) {
  const seats = without(part.raised[participant] ?? {}, String(seat));
  const others = without(part.raised, participant);
  return { ...part, raised: Object.keys(seats).length ? { ...others, [participant]: seats } : others };
}

/**
 * @param {Hands} part
 * @param {import("../fold.js").Event} event
 * @returns {Hands}
 */
function raised(part, { at, payload: { participant, seat, lot, before } }) {
  const wave = part.last !== null && at - part.last <= SIMULTANEOUS_MS ? part.wave : part.wave + 1;
  const seats = { ...part.raised[participant], [seat]: { at, wave, lot, before } };
  return { ...part, raised: { ...part.raised, [participant]: seats }, wave, last: at };
}

/**
 * @param {Hands} part
 * @param {import("../fold.js").Event} event
 * @returns {Hands}
 */
function called(part, { at, payload: { participant, seat, waited } }) {
  const room = part.calls[participant] ?? {};
  return {
    ...down(part, { participant, seat }),
    called: { ...part.called, [participant]: seat },
    calls: { ...part.calls, [participant]: { ...room, [seat]: (room[seat] ?? 0) + 1 } },
    recent: [...part.recent, { participant, seat, at, waited }].slice(-RECENT),
  };
}

/**
 * @param {Hands} part
 * @returns {Hands}
 */
const over = (part) => ({ ...part, raised: {}, called: {} });

/** @type {import("../fold.js").PartFolds<Hands>} */
export const HANDS = {
  "hand.raised": raised,
  "hand.cancelled": (part, { payload }) => down(part, payload),
  "hand.cleared": (part) => ({ ...part, raised: {} }),
  "hand.ordered": (part, { payload: { mode } }) => ({ ...part, mode }),
  "hand.called": called,
  "stage.released": (part, { payload: { participant } }) => ({ ...part, called: without(part.called, participant) }),
  "participant.removed": (part, { payload: { participant } }) => ({
    ...part,
    raised: without(part.raised, participant),
    called: without(part.called, participant),
  }),
  "lesson.paused": over,
  "lesson.ended": over,
};

/**
 * Calls in this lesson of a room, or of one seat of it.
 * @param {Hands} hands
 * @param {string} participant
 * @param {number} [seat]
 * @returns {number}
 */
export function callsOf(hands, participant, seat) {
  const seats = hands.calls[participant] ?? {};
  return seat ? (seats[seat] ?? 0) : Object.values(seats).reduce((sum, calls) => sum + calls, 0);
}

/** @type {Record<Hands["mode"], (hands: Hands, one: Waiting) => number[]>} */
const KEYS = {
  first: (hands, one) => [one.hand.wave, ...weight(hands, one), one.hand.lot],
  least: (hands, one) => [...weight(hands, one), one.hand.at, one.hand.lot],
  random: (_, one) => [one.hand.lot],
};

/**
 * @param {Hands} hands
 * @param {Waiting} one
 */
const weight = (hands, one) => [one.hand.before + callsOf(hands, one.participant), callsOf(hands, one.participant, one.seat)];

/**
 * @param {readonly (number | string)[]} a
 * @param {readonly (number | string)[]} b
 */
function compare(a, b) {
  const n = a.findIndex((value, i) => value !== b[i]);
  return n < 0 ? 0 : a[n] < b[n] ? -1 : 1;
}

/**
 * Hands of the rooms that are here, the next one first: the order of `hands/queue.py`, the same in every room.
 * @param {Lesson} state
 * @returns {Waiting[]}
 */
export function queue({ participants, hands }) {
  return Object.entries(hands.raised)
    .filter(([participant]) => participants[participant]?.present)
    .flatMap(([participant, seats]) => Object.entries(seats).map(([seat, hand]) => ({ participant, seat: Number(seat), hand })))
    .map((one) => ({ one, key: [...KEYS[hands.mode](hands, one), one.participant, one.seat] }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ one }) => one);
}

/**
 * From 1, as every room sees it; null: no hand, or its room is away.
 * @param {Lesson} state
 * @param {string} participant
 * @param {number} seat
 * @returns {number | null}
 */
export function placeInQueue(state, participant, seat) {
  return queue(state).findIndex((one) => one.participant === participant && one.seat === seat) + 1 || null;
}
