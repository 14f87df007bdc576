/**
 * The part `talk` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Talk
 */

/** @type {import("../fold.js").PartFolds<Talk>} */
export const TALK = {};
