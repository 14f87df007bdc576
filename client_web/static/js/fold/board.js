/**
 * The part `board` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Board
 */

/** @type {import("../fold.js").PartFolds<Board>} */
export const BOARD = {};
