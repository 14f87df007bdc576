/** Where things are on a page: fitting it into its place, and what an eraser touches. Pure. Unit: 1/10000 of the page's width. */
import { decode, distance, WIDTH } from "./codec.js";

/** A blank page's height. */
export const BLANK = { width: 16, height: 9 };

/**
 * @typedef {import("../fold/board.js").Item} Item
 * @typedef {[number, number]} XY
 * @typedef {{left: number, top: number, width: number, height: number}} Box pixels
 */

/**
 * The largest box of a page's shape in a place.
 * @param {{width: number, height: number}} page
 * @param {{width: number, height: number}} place
 * @returns {Box}
 */
export function fit(page, place) {
  const scale = Math.min(place.width / page.width, place.height / page.height) || 0;
  const [width, height] = [page.width * scale, page.height * scale];
  return { left: (place.width - width) / 2, top: (place.height - height) / 2, width, height };
}

/**
 * @param {{x: number, y: number}} point pixels from the box's corner
 * @param {Box} box
 * @returns {XY}
 */
export const toPage = (point, box) => [Math.round((point.x / box.width) * WIDTH), Math.round((point.y / box.width) * WIDTH)];

/** @type {WeakMap<Item, XY[][]>} an eraser asks again and again */
const LINES = new WeakMap();

/**
 * @param {Item} item
 * @returns {XY[][]} lines that it is made of
 */
export function linesOf(item) {
  const lines = LINES.get(item) ?? traced(item);
  LINES.set(item, lines);
  return lines;
}

/**
 * @param {Item} item
 * @returns {XY[][]}
 */
function traced(item) {
  if (!("points" in item)) return [textBox(item)];
  const runs = decode(item.points).filter((run) => run.length);
  if (!("shape" in item)) return /** @type {XY[][]} */ (runs);
  const [a, b] = runs.flat();
  if (!a || !b) return [];
  return [shapeLine(item.shape, /** @type {XY} */ (a), /** @type {XY} */ (b))];
}

/**
 * @param {"line" | "arrow" | "rect" | "ellipse"} shape
 * @param {XY} a
 * @param {XY} b
 * @returns {XY[]}
 */
function shapeLine(shape, a, b) {
  if (shape === "rect") return [a, [b[0], a[1]], b, [a[0], b[1]], a];
  if (shape !== "ellipse") return [a, b];
  const [cx, cy, rx, ry] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, Math.abs(b[0] - a[0]) / 2, Math.abs(b[1] - a[1]) / 2];
  return Array.from({ length: 25 }, (_, n) => {
    const turn = (n / 24) * 2 * Math.PI;
    return /** @type {XY} */ ([cx + rx * Math.cos(turn), cy + ry * Math.sin(turn)]);
  });
}

/**
 * About the box around a text: letters of a text are as wide as high at most.
 * @param {import("../fold/board.js").Words} words
 * @returns {XY[]}
 */
function textBox({ x, y, size, text }) {
  const lines = (text ?? "").split("\n");
  const [right, bottom] = [x + size * Math.max(1, ...lines.map((line) => line.length)), y + size * 1.3 * lines.length];
  return [[x, y], [right, y], [right, bottom], [x, bottom], [x, y], [right, bottom]];
}

/**
 * Whether an eraser that goes from `a` to `b` touches something.
 * @param {Item} item
 * @param {XY} a
 * @param {XY} b
 * @param {number} reach
 */
export function touches(item, a, b, reach) {
  const near = reach + ("width" in item ? item.width / 2 : 0);
  return linesOf(item).some((line) => line.some((point, n) => (n ? between(line[n - 1], point, a, b) : distance(point, a, b)) <= near));
}

/**
 * Distance of two lines.
 * @param {XY} a
 * @param {XY} b
 * @param {XY} c
 * @param {XY} d
 */
function between(a, b, c, d) {
  if (cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0) return 0;
  return Math.min(distance(a, c, d), distance(b, c, d), distance(c, a, b), distance(d, a, b));
}

/**
 * @param {XY} a
 * @param {XY} b
 * @param {XY} p
 */
const cross = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
