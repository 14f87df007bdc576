/** Where somebody left who has no place on the server: the browser keeps it, if it keeps anything. */

/**
 * @param {string} key
 * @returns {number | null} lesson time; null: nothing is kept
 */
export function recall(key) {
  try {
    return Number(localStorage.getItem(key) ?? "") || null;
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {number} at lesson time
 */
export function remember(key, at) {
  try {
    localStorage.setItem(key, String(at));
  } catch {
    // full, or forbidden: the next time begins at the beginning
  }
}
