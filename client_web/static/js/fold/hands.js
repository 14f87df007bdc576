/**
 * The part `hands` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Hands
 */

/** @type {import("../fold.js").PartFolds<Hands>} */
export const HANDS = {};
