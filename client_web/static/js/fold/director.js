/**
 * The part `director` of a lesson's state, folded as the server folds it, and the layout made of it. Pure.
 *
 * @typedef {"teacher" | "screen" | "courseware" | "side" | "pip" | "stage"} Layout
 * @typedef {object} Director
 * @property {"auto" | Layout} mode chosen by hand; `auto`: the rules say
 * @property {"stage" | "courseware"} latest what the teacher turned to last
 */

/** @type {import("../fold.js").PartFolds<Director>} */
export const DIRECTOR = {
  "layout.changed": (part, { payload: { layout } }) => ({ ...part, mode: layout }),
  "stage.called": (part) => ({ ...part, latest: "stage" }),
  "board.turned": (part) => ({ ...part, latest: "courseware" }),
  "board.shown": (part, { payload: { on } }) => (on ? { ...part, latest: "courseware" } : part),
};

/**
 * What the rooms see now, by hand or by rule: the same as `director/layout.py`. A page in `auto` shows a shared screen, which only
 * the media knows of, in the courseware's or the teacher's place while it is there.
 * @param {Pick<import("../fold.js").LessonState, "stage" | "board" | "director">} state
 * @returns {Layout}
 */
export function layoutOf({ stage, board, director }) {
  if (director.mode !== "auto") return director.mode;
  const courseware = board.shown && board.at !== null;
  if (Object.keys(stage).length && (director.latest === "stage" || !courseware)) return "stage";
  return courseware ? "courseware" : "teacher";
}
