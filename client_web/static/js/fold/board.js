/**
 * The part `board` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {{sheet: string, version: string, pages: number}} Sheet `version` empty: a blank page
 * @typedef {{item: string, participant?: string, points: string, color: string, width: number, tool: "pen" | "marker"}} Stroke
 * @typedef {{item: string, participant?: string, points: string, color: string, width: number, shape: "line" | "arrow" | "rect" | "ellipse"}} Shape
 * @typedef {{item: string, participant?: string, x: number, y: number, size: number, color: string, text: string | null}} Words `text` null: erased
 * @typedef {Stroke | Shape | Words} Item `participant` is not told to plain viewers
 * @typedef {object} Board
 * @property {Sheet[]} sheets
 * @property {{sheet: string, page: number} | null} at the open page
 * @property {boolean} shown
 * @property {string | null} [pen] the room that may draw; not told to plain viewers
 * @property {Record<string, Item[]>} ink "sheet/page" → what was drawn there, in its order
 */

/**
 * @param {string} sheet
 * @param {number} page
 */
export const pageKey = (sheet, page) => `${sheet}/${page}`;

/**
 * @param {Record<string, Item[]>} ink
 * @param {string} key
 * @param {Item[]} items
 */
function withInk(ink, key, items) {
  const next = { ...ink, [key]: items };
  if (!items.length) delete next[key];
  return next;
}

/**
 * @param {Board} board
 * @param {Sheet} sheet
 * @returns {Board}
 */
const withSheet = (board, sheet) => ({ ...board, sheets: [...board.sheets, sheet], at: board.at ?? { sheet: sheet.sheet, page: 1 } });

/**
 * @param {Board} board
 * @param {{payload: any}} event
 * @returns {Board}
 */
function drawn(board, { payload }) {
  const { sheet, page, ...item } = payload;
  const key = pageKey(sheet, page);
  return { ...board, ink: { ...board.ink, [key]: [...(board.ink[key] ?? []), item] } };
}

/**
 * Also: its room left the stage or the lesson.
 * @param {Board} board
 * @param {{payload: any}} event
 * @returns {Board}
 */
const penGone = (board, { payload }) => (board.pen && board.pen === payload.participant ? { ...board, pen: null } : board);

/** @type {import("../fold.js").PartFolds<Board>} */
export const BOARD = {
  "board.attached": (b, { payload: { courseware, version, pages } }) => withSheet(b, { sheet: courseware, version, pages }),
  "board.blanked": (b, { payload: { sheet } }) => withSheet(b, { sheet, version: "", pages: 1 }),
  "board.detached": (b, { payload }) => {
    const sheets = b.sheets.filter((one) => one.sheet !== payload.sheet);
    const ink = Object.fromEntries(Object.entries(b.ink).filter(([key]) => !key.startsWith(`${payload.sheet}/`)));
    const first = sheets.length ? { sheet: sheets[0].sheet, page: 1 } : null;
    return { ...b, sheets, ink, at: b.at?.sheet === payload.sheet ? first : b.at };
  },
  "board.turned": (b, { payload: { sheet, page } }) => ({ ...b, at: { sheet, page } }),
  "board.drawn": drawn,
  "board.shaped": drawn,
  "board.texted": drawn,
  "board.extended": (b, { payload }) => {
    const key = pageKey(payload.sheet, payload.page);
    const longer = (b.ink[key] ?? []).map((one) =>
      one.item === payload.item && "tool" in one ? { ...one, points: `${one.points}.${payload.points}` } : one,
    );
    return { ...b, ink: withInk(b.ink, key, longer) };
  },
  "board.erased": (b, { payload }) => {
    const key = pageKey(payload.sheet, payload.page);
    return { ...b, ink: withInk(b.ink, key, (b.ink[key] ?? []).filter((one) => !payload.items.includes(one.item))) };
  },
  "board.cleared": (b, { payload }) => ({ ...b, ink: withInk(b.ink, pageKey(payload.sheet, payload.page), []) }),
  "board.shown": (b, { payload }) => ({ ...b, shown: payload.on }),
  "pen.given": (b, { payload }) => ({ ...b, pen: payload.participant }),
  "pen.taken": penGone,
  "stage.released": penGone,
  "participant.left": penGone,
  "participant.removed": penGone,
};
