/**
 * The part `help` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {"ready" | "deaf" | "blind" | "fast" | "help"} Word
 * @typedef {{word: Word, at: number, acknowledged: number | null}} Signal a room's last word, and when the teacher saw it
 * @typedef {object} Help
 * @property {Record<string, Signal>} signals told to the teacher and the own room
 * @property {Record<string, number>} rung room → when the teacher rang, until the room says something
 */
import { without } from "./records.js";

/**
 * @param {Help} part
 * @param {import("../fold.js").Event} event
 * @returns {Help}
 */
function acknowledged(part, { at, payload: { participant } }) {
  const signal = part.signals[participant];
  return signal ? { ...part, signals: { ...part.signals, [participant]: { ...signal, acknowledged: at } } } : part;
}

/**
 * @param {Help} part
 * @param {import("../fold.js").Event} event
 * @returns {Help}
 */
const gone = (part, { payload: { participant } }) => ({
  signals: without(part.signals, participant),
  rung: without(part.rung, participant),
});

/** @type {import("../fold.js").PartFolds<Help>} */
export const HELP = {
  "help.signalled": (part, { at, payload: { participant, word } }) => ({
    signals: { ...part.signals, [participant]: { word, at, acknowledged: null } },
    rung: without(part.rung, participant),
  }),
  "help.acknowledged": acknowledged,
  "help.rung": (part, { at, payload: { participant } }) => ({ ...part, rung: { ...part.rung, [participant]: at } }),
  "participant.left": gone,
  "participant.removed": gone,
  // Pupils run out: nobody is ready any more; who needs help still does.
  "lesson.paused": (part) => ({
    ...part,
    signals: Object.fromEntries(Object.entries(part.signals).filter(([, signal]) => signal.word !== "ready")),
  }),
  "lesson.ended": () => ({ signals: {}, rung: {} }),
};
