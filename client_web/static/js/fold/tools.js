/**
 * The part `tools` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Tools
 */

/** @type {import("../fold.js").PartFolds<Tools>} */
export const TOOLS = {};
