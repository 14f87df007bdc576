/**
 * The part `mic` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Mic
 */

/** @type {import("../fold.js").PartFolds<Mic>} */
export const MIC = {};
