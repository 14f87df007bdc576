/** Records that are never changed, only made anew. */

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {string} key
 * @returns {Record<string, T>} the others
 */
export function without(record, key) {
  const { [key]: _, ...others } = record;
  return others;
}
