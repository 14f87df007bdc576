/** Draws ink on a canvas. `scale`: pixels of the canvas for 1/10000 of the page's width. */
import { decode } from "./codec.js";

const MARKER_ALPHA = 0.35;
const LINE_HEIGHT = 1.3;

/**
 * @typedef {import("../fold/board.js").Item} Item
 * @typedef {import("./codec.js").Point} Point
 * @typedef {Pick<CanvasRenderingContext2D, "beginPath" | "moveTo" | "lineTo" | "quadraticCurveTo" | "stroke" | "fill" | "arc" | "ellipse" | "rect"
 *   | "closePath" | "fillText" | "lineWidth" | "strokeStyle" | "fillStyle" | "lineCap" | "lineJoin" | "globalAlpha" | "font" | "textBaseline">} Pen
 */

/**
 * @param {Pen} pen
 * @param {Item} item
 * @param {number} scale
 * @param {string} font family
 * @param {string} gone words in place of a text that was erased
 */
export function paint(pen, item, scale, font, gone) {
  pen.strokeStyle = pen.fillStyle = item.color;
  pen.lineCap = pen.lineJoin = "round";
  if (!("points" in item)) {
    words(pen, item, scale, font, gone);
    return;
  }
  pen.lineWidth = Math.max(1, item.width * scale);
  if ("shape" in item) shape(pen, item, scale);
  else stroke(pen, item, scale);
}

/**
 * @param {Pen} pen
 * @param {import("../fold/board.js").Stroke} item
 * @param {number} scale
 */
function stroke(pen, item, scale) {
  const runs = decode(item.points).filter((run) => run.length);
  pen.globalAlpha = item.tool === "marker" ? MARKER_ALPHA : 1;
  if (item.tool !== "marker" && runs.some((run) => run[0].length === 3)) runs.forEach((run) => pressed(pen, run, item.width, scale));
  else flowing(pen, runs, scale);
  pen.globalAlpha = 1;
}

/**
 * One path, so that a marker is as light where it crosses itself; through the middles between points, so that it has no corners.
 * @param {Pen} pen
 * @param {Point[][]} runs
 * @param {number} scale
 */
function flowing(pen, runs, scale) {
  pen.beginPath();
  for (const run of runs) {
    const line = run.map(([x, y]) => [x * scale, y * scale]);
    pen.moveTo(line[0][0], line[0][1]);
    for (let n = 1; n < line.length - 1; n++) {
      const [[x, y], [toX, toY]] = [line[n], line[n + 1]];
      pen.quadraticCurveTo(x, y, (x + toX) / 2, (y + toY) / 2);
    }
    // A line to where it stands is a dot.
    const [x, y] = line[line.length - 1];
    pen.lineTo(x, y);
  }
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {Point[]} run
 * @param {number} width
 * @param {number} scale
 */
function pressed(pen, run, width, scale) {
  let [fromX, fromY] = run[0];
  for (const [x, y, pressure = 128] of run) {
    pen.lineWidth = Math.max(1, width * scale * (0.4 + (1.2 * pressure) / 255));
    pen.beginPath();
    pen.moveTo(fromX * scale, fromY * scale);
    pen.lineTo(x * scale, y * scale);
    pen.stroke();
    [fromX, fromY] = [x, y];
  }
}

/**
 * @param {Pen} pen
 * @param {import("../fold/board.js").Shape} item
 * @param {number} scale
 */
function shape(pen, item, scale) {
  const [a, b] = decode(item.points).flat();
  if (!a || !b) return;
  const [ax, ay, bx, by] = [a[0] * scale, a[1] * scale, b[0] * scale, b[1] * scale];
  pen.beginPath();
  if (item.shape === "rect") pen.rect(Math.min(ax, bx), Math.min(ay, by), Math.abs(bx - ax), Math.abs(by - ay));
  else if (item.shape === "ellipse") pen.ellipse((ax + bx) / 2, (ay + by) / 2, Math.abs(bx - ax) / 2, Math.abs(by - ay) / 2, 0, 0, 2 * Math.PI);
  else {
    pen.moveTo(ax, ay);
    pen.lineTo(bx, by);
  }
  pen.stroke();
  if (item.shape === "arrow") head(pen, ax, ay, bx, by);
}

/**
 * @param {Pen} pen
 * @param {number} ax
 * @param {number} ay
 * @param {number} bx
 * @param {number} by
 */
function head(pen, ax, ay, bx, by) {
  const [turn, size] = [Math.atan2(by - ay, bx - ax), Math.max(12, pen.lineWidth * 4)];
  pen.beginPath();
  pen.moveTo(bx, by);
  for (const side of [-1, 1]) pen.lineTo(bx - size * Math.cos(turn + side * 0.45), by - size * Math.sin(turn + side * 0.45));
  pen.closePath();
  pen.fill();
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {import("../fold/board.js").Words} item
 * @param {number} scale
 * @param {string} font
 * @param {string} gone
 */
function words(pen, item, scale, font, gone) {
  pen.globalAlpha = item.text === null ? 0.5 : 1;
  pen.textBaseline = "top";
  pen.font = `${item.size * scale}px ${font}`;
  (item.text ?? gone).split("\n").forEach((line, n) => pen.fillText(line, item.x * scale, (item.y + n * item.size * LINE_HEIGHT) * scale));
  pen.globalAlpha = 1;
}
