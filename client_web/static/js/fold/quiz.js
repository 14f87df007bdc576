/**
 * The part `quiz` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Quiz
 */

/** @type {import("../fold.js").PartFolds<Quiz>} */
export const QUIZ = {};
