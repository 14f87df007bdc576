/** Which page comes before or after another: through all sheets of the board, as through one book. Pure. */

/**
 * @param {readonly import("../fold/board.js").Sheet[]} sheets
 * @param {{sheet: string, page: number} | null} at
 * @param {1 | -1} by
 * @returns {{sheet: string, page: number} | null} null: there is none
 */
export function beside(sheets, at, by) {
  const n = sheets.findIndex((one) => one.sheet === at?.sheet);
  if (!at || n < 0) return null;
  const page = at.page + by;
  if (page >= 1 && page <= sheets[n].pages) return { sheet: at.sheet, page };
  const other = sheets[n + by];
  return other ? { sheet: other.sheet, page: by > 0 ? 1 : other.pages } : null;
}
