/**
 * The part `talk` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Question
 * @property {string} participant
 * @property {number} [seat] 0: the room's; not told of other rooms' answered questions, nor to a big screen
 * @property {string | null} text null: erased, or held and not for a big screen
 * @property {"held" | "released" | "answered"} stage
 * @property {"spoken" | "written" | null} mode
 * @property {string | null} answer
 * @property {number} at when its stage was reached
 *
 * @typedef {object} Talk
 * @property {Record<string, Question>} questions
 * @property {Record<string, {text: string | null, participant: string, at: number}>} announcements participant empty: everybody's
 */
import { without } from "./records.js";

/**
 * @param {Question["stage"]} stage
 * @returns {(part: Talk, event: import("../fold.js").Event) => Talk}
 */
const reached = (stage) => (part, { at, payload: { id, participant, seat, text, mode, answer } }) => {
  const known = part.questions[id];
  const whose = seat === undefined ? known?.seat : seat;
  const question = { participant, text: text ?? null, stage, mode: mode ?? null, answer: answer ?? null, at };
  return { ...part, questions: { ...part.questions, [id]: whose === undefined ? question : { ...question, seat: whose } } };
};

/**
 * @param {Talk} part
 * @param {import("../fold.js").Event} event
 * @returns {Talk}
 */
const made = (part, { at, payload: { id, text, participant } }) => ({
  ...part,
  announcements: { ...part.announcements, [id]: { text, participant: participant ?? "", at } },
});

/**
 * @param {Talk} part
 * @param {import("../fold.js").Event} event
 * @returns {Talk}
 */
const withdrawn = (part, { payload: { id } }) => ({ ...part, announcements: without(part.announcements, id) });

/** @type {import("../fold.js").PartFolds<Talk>} */
export const TALK = {
  "question.asked": reached("held"),
  "question.released": reached("released"),
  "question.answered": reached("answered"),
  "question.discarded": (part, { payload: { id } }) => ({ ...part, questions: without(part.questions, id) }),
  "announcement.made": made,
  "announcement.posted": made,
  "announcement.withdrawn": withdrawn,
  "announcement.cleared": withdrawn,
};
