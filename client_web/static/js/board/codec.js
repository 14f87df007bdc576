/**
 * Points of ink as text, as `server/domain/board/codec.py` says. Pure.
 *
 * Runs divided by `.`; in a run each number is written as its difference from the one before it in the same direction, zigzagged,
 * in groups of five bits, lowest first, each a letter of base64url with 32 added while more follow. A run that begins with `~` has a
 * pressure (0–255) after each x and y. Unit: 1/10000 of the page's width.
 *
 * @typedef {number[]} Point x, y, or x, y, pressure
 */

export const WIDTH = 10_000;
export const MOST_POINTS = 4_000;
export const MOST_TEXT = 16_384;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = new Map([...ALPHABET].map((letter, value) => [letter, value]));
const REACH = 250_000;

/**
 * @param {Point[][]} runs whole numbers
 * @returns {string}
 */
export const encode = (runs) => runs.map(encodeRun).join(".");

/**
 * What is damaged ends its run: a picture with a stroke too short is better than none.
 * @param {string} text
 * @returns {Point[][]}
 */
export const decode = (text) => text.split(".").map(decodeRun);

/**
 * @param {Point[]} points
 * @returns {string}
 */
function encodeRun(points) {
  const last = points[0].map(() => 0);
  let text = last.length === 3 ? "~" : "";
  for (const point of points) {
    for (let i = 0; i < last.length; i++) {
      text += number(point[i] - last[i]);
      last[i] = point[i];
    }
  }
  return text;
}

/** @param {number} value */
function number(value) {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let letters = "";
  for (; rest >= 32; rest = Math.floor(rest / 32)) letters += ALPHABET[32 + (rest % 32)];
  return letters + ALPHABET[rest];
}

/**
 * @param {string} run
 * @returns {Point[]}
 */
function decodeRun(run) {
  const size = run.startsWith("~") ? 3 : 2;
  const numbers = decodeNumbers(size === 3 ? run.slice(1) : run);
  const last = new Array(size).fill(0);
  const points = [];
  for (let at = 0; at + size <= numbers.length; at += size) {
    for (let i = 0; i < size; i++) last[i] += numbers[at + i];
    if (Math.abs(last[0]) > REACH || Math.abs(last[1]) > REACH) break;
    points.push([...last]);
  }
  return points;
}

/** @param {string} letters */
function decodeNumbers(letters) {
  const numbers = [];
  let [value, unit] = [0, 1];
  for (const letter of letters) {
    const bits = VALUE.get(letter);
    if (bits === undefined || unit > 2 ** 25) break;
    value += (bits & 31) * unit;
    unit *= 32;
    if (bits >= 32) continue;
    numbers.push(value % 2 ? -(value + 1) / 2 : value / 2);
    [value, unit] = [0, 1];
  }
  return numbers;
}

/**
 * Leaves out the points that a line drawn without them would pass within `reach` (Douglas and Peucker), so that a stroke is short on
 * the wire and looks the same.
 * @param {Point[]} points
 * @param {number} [reach] 1/10000 of the page's width
 * @returns {Point[]}
 */
export function simplify(points, reach = 4) {
  if (points.length < 3) return points;
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const spans = [[0, points.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    const [at, far] = farthest(points, from, to);
    if (far <= reach) continue;
    keep[at] = 1;
    spans.push([from, at], [at, to]);
  }
  return points.filter((_, n) => keep[n]);
}

/**
 * @param {Point[]} points
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]} which point between lies farthest from the line, and how far
 */
function farthest(points, from, to) {
  let [at, far] = [from, 0];
  for (let n = from + 1; n < to; n++) {
    const away = distance(points[n], points[from], points[to]);
    if (away > far) [at, far] = [n, away];
  }
  return [at, far];
}

/**
 * Distance of a point from the line between two others.
 * @param {Point} p
 * @param {Point} a
 * @param {Point} b
 */
export function distance(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length)) : 0;
  return Math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy);
}
