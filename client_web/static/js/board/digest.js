/** One word for what lies on the board, the same as the server's (`server/domain/board/digest.py`). Pure. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let rest = n;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest >>> 0;
});

/**
 * @param {Uint8Array} data
 * @returns {number} CRC-32 (ISO 3309)
 */
function crc32(data) {
  let rest = 0xffffffff;
  for (const byte of data) rest = TABLE[(rest ^ byte) & 255] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

/** @param {number} value */
const hex = (value) => value.toString(16).padStart(8, "0");

/**
 * @param {import("../fold/board.js").Item} item
 * @returns {string}
 */
function line(item) {
  if (!("points" in item)) return `text ${item.item} ${item.x} ${item.y} ${item.size} ${item.color}`;
  return `${"tool" in item ? item.tool : item.shape} ${item.item} ${item.width} ${item.color} ${item.points}`;
}

/** @type {WeakMap<import("../fold/board.js").Item, string>} an item never changes: its word is made once */
const known = new WeakMap();

/** @param {import("../fold/board.js").Item} item */
function word(item) {
  const found = known.get(item) ?? hex(crc32(new TextEncoder().encode(line(item))));
  known.set(item, found);
  return found;
}

/**
 * One word for the ink of one page, in its order: two pages that show the same have the same.
 * @param {readonly import("../fold/board.js").Item[]} items
 * @returns {string}
 */
export function inkHash(items) {
  return hex(crc32(new TextEncoder().encode(items.map(word).join()))) + hex(items.length);
}

/**
 * Sheets, the open page and the ink; what a text says is not in it.
 * @param {import("../fold/board.js").Board} board
 * @returns {string}
 */
export function boardHash(board) {
  const sheets = board.sheets.map((one) => `sheet ${one.sheet} ${one.version} ${one.pages}`);
  const at = board.at ? `at ${board.at.sheet}/${board.at.page}` : "at";
  const pages = Object.keys(board.ink).sort().flatMap((key) => [`page ${key}`, ...board.ink[key].map(line)]);
  const data = new TextEncoder().encode([...sheets, at, ...pages].join("\n"));
  return hex(crc32(data)) + hex(data.length);
}
