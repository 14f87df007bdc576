/**
 * The part `director` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Director
 */

/** @type {import("../fold.js").PartFolds<Director>} */
export const DIRECTOR = {};
