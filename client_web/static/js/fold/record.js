/**
 * The part `record` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {"off" | "on" | "paused"} Mode
 * @typedef {object} Recording
 * @property {string} recording opaque; empty: nothing was recorded yet
 * @property {Mode} mode
 * @property {number | null} since when what is being recorded now began, lesson time in ms; null: nothing arrives
 * @property {number} before recorded before that, ms
 *
 * @typedef {Pick<import("../fold.js").LessonState, "lesson" | "record">} Lesson
 */

/**
 * Begin or go on to count at `at`, if something arrives now; else what arrived until then is counted up.
 * @param {Recording} part
 * @param {number} at
 * @param {boolean} live in a break nothing arrives
 * @returns {Recording}
 */
function flowing(part, at, live) {
  const { mode, since, before } = part;
  if (mode === "on" && live) return since === null ? { ...part, since: at } : part;
  return since === null ? part : { ...part, since: null, before: before + Math.max(0, at - since) };
}

/** @param {import("../fold.js").LessonState} state */
const isLive = (state) => state.lesson.phase === "live";

/** @type {import("../fold.js").PartFolds<Recording>} */
export const RECORD = {
  "record.started": (part, { at, payload: { recording } }, state) => flowing({ ...part, recording, mode: "on" }, at, isLive(state)),
  "record.paused": (part, { at }, state) => flowing({ ...part, mode: "paused" }, at, isLive(state)),
  "record.resumed": (part, { at }, state) => flowing({ ...part, mode: "on" }, at, isLive(state)),
  "record.stopped": (part, { at }, state) => flowing({ ...part, mode: "off" }, at, isLive(state)),
  "lesson.live": (part, { at }) => flowing(part, at, true),
  "lesson.reopened": (part, { at }) => flowing(part, at, true),
  "lesson.paused": (part, { at }) => flowing(part, at, false),
  "lesson.ended": (part, { at }) => flowing(part, at, false),
};

/**
 * What REC says: a break is a pause too. Null: there is nothing to say.
 * @param {Lesson | null} state
 * @returns {"on" | "paused" | null}
 */
export function recording(state) {
  if (!state || state.record.mode === "off") return null;
  return state.record.mode === "on" && state.lesson.phase === "live" ? "on" : "paused";
}

/**
 * How much is recorded, ms.
 * @param {Recording} part
 * @param {number} now lesson time, ms
 */
export function recorded({ since, before }, now) {
  return before + (since === null ? 0 : Math.max(0, now - since));
}
