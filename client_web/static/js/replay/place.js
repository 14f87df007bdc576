/** Where somebody left who has no place on the server, and what they chose: the browser keeps it, if it keeps anything. */

/**
 * @param {string} key
 * @returns {string | null} null: nothing is kept
 */
export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // full, or forbidden: the next time begins at the beginning
  }
}

/**
 * @param {string} key
 * @returns {number | null} lesson time; null: nothing is kept
 */
export function recall(key) {
  return Number(kept(key) ?? "") || null;
}

/**
 * @param {string} key
 * @param {number} at lesson time
 */
export function remember(key, at) {
  keep(key, String(at));
}
