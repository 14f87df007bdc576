/**
 * The part `checkin` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {object} Checkin
 */

/** @type {import("../fold.js").PartFolds<Checkin>} */
export const CHECKIN = {};
