/** What a hand does on the board between pen-down and pen-up. No DOM: the view hands in a desk. */
import { encode, WIDTH } from "./codec.js";
import { touches } from "./geometry.js";
import { SIGNAL_MS, Stroke } from "./stroke.js";

/** An eraser is so thick, a shape at least so large. */
const ERASER = WIDTH / 100;
const SMALLEST = WIDTH / 200;
const ERASE_MS = 250;
const MOST_ERASED = 100;

/**
 * @typedef {import("../fold/board.js").Item} Item
 * @typedef {import("./codec.js").Point} Point
 * @typedef {{color: string, width: number}} Style
 * @typedef {"line" | "arrow" | "rect" | "ellipse"} ShapeKind
 * @typedef {{sheet: string, page: number}} Place
 * @typedef {object} Desk
 * @property {Place} place of the page where the hand came down
 * @property {import("../clock.js").Clock} clock
 * @property {() => string} draw an unused id
 * @property {(kind: string, payload: object, shown: Item) => void} ink a command, and what it looks like until it is in the log
 * @property {(kind: "pointer" | "ink", payload: object) => void} signal
 * @property {() => Item[]} erasable
 * @property {(items: string[]) => void} erase
 * @property {() => void} redraw
 * @typedef {{move(points: Point[]): void, end(): void, readonly shown: Item[]}} Gesture
 */

/** @implements {Gesture} */
export class Drawing {
  /**
   * @param {Desk} desk
   * @param {import("./stroke.js").Look} look
   */
  constructor(desk, look) {
    const { place } = desk;
    this.desk = desk;
    this.stroke = new Stroke(look, desk.draw, desk.clock, {
      part: (part) => desk.ink("board.stroke", { ...place, ...part }, part),
      signal: (part) => desk.signal("ink", part ? { ...place, ...part } : {}),
    });
  }

  /** @param {Point[]} points */
  move(points) {
    this.stroke.add(points);
    this.desk.redraw();
  }

  end() {
    this.stroke.end();
    this.desk.redraw();
  }

  /** @returns {Item[]} */
  get shown() {
    return [this.stroke.unfinished];
  }
}

/** @implements {Gesture} */
export class Shaping {
  /**
   * @param {Desk} desk
   * @param {ShapeKind} shape
   * @param {Style} style
   */
  constructor(desk, shape, style) {
    this.desk = desk;
    this.shape = shape;
    this.style = style;
    this.item = desk.draw();
    /** @type {Point[]} */
    this.ends = [];
  }

  /** @param {Point[]} points */
  move(points) {
    const [x, y] = points[points.length - 1];
    this.ends = [this.ends[0] ?? points[0].slice(0, 2), [x, y]];
    this.desk.redraw();
  }

  end() {
    const [a, b] = this.ends;
    const [shown] = this.shown;
    if (shown && Math.hypot(b[0] - a[0], b[1] - a[1]) >= SMALLEST) this.desk.ink("board.shape", { ...this.desk.place, ...shown }, shown);
    this.desk.redraw();
  }

  /** @returns {Item[]} */
  get shown() {
    return this.ends.length ? [{ item: this.item, shape: this.shape, points: encode([this.ends]), ...this.style }] : [];
  }
}

/** @implements {Gesture} */
export class Erasing {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {[number, number] | null} */
    this.last = null;
    /** @type {Set<string>} */
    this.touched = new Set();
    this.cancel = () => {};
    this.waiting = false;
  }

  /** @param {Point[]} points */
  move(points) {
    for (const [x, y] of points) {
      const from = this.last ?? [x, y];
      for (const item of this.desk.erasable()) if (touches(item, from, [x, y], ERASER)) this.touched.add(item.item);
      this.last = [x, y];
    }
    if (!this.touched.size || this.waiting) return;
    this.waiting = true;
    this.cancel = this.desk.clock.after(ERASE_MS, () => this.#flush());
  }

  end() {
    this.cancel();
    this.#flush();
  }

  /** @returns {Item[]} */
  get shown() {
    return [];
  }

  #flush() {
    this.waiting = false;
    const items = [...this.touched];
    this.touched.clear();
    while (items.length) this.desk.erase(items.splice(0, MOST_ERASED));
  }
}

/** @implements {Gesture} */
export class Pointing {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.said = -Infinity;
    /** @type {Point | null} */
    this.at = null;
    this.waiting = false;
    this.cancel = () => {};
  }

  /** @param {Point[]} points */
  move(points) {
    this.at = points[points.length - 1];
    if (this.waiting) return;
    const wait = this.said + SIGNAL_MS - this.desk.clock.now();
    if (wait <= 0) this.#say();
    else {
      this.waiting = true;
      this.cancel = this.desk.clock.after(wait, () => this.#say());
    }
  }

  end() {
    this.cancel();
    this.at = null;
    this.desk.signal("pointer", {});
  }

  /** @returns {Item[]} */
  get shown() {
    return [];
  }

  #say() {
    this.waiting = false;
    this.said = this.desk.clock.now();
    if (this.at) this.desk.signal("pointer", { ...this.desk.place, x: this.at[0], y: this.at[1] });
  }
}
