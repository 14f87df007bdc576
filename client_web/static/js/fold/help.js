/**
 * The part `help` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Help
 */

/** @type {import("../fold.js").PartFolds<Help>} */
export const HELP = {};
