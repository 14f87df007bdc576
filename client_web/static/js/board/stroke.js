/**
 * One stroke on its way into the log: a part every two seconds and the rest at pen-up, what is between as signals (S17). No DOM.
 */
import { encode, MOST_POINTS, MOST_TEXT, simplify } from "./codec.js";

export const PART_MS = 2_000;
/** Fewer than the server takes from one page. */
export const SIGNAL_MS = 70;
const MOST_SIGNAL = 3_800;
/** A stroke is ended before the server would refuse more. */
const ROOM_POINTS = MOST_POINTS - 500;
const ROOM_TEXT = MOST_TEXT - 4_000;

/**
 * @typedef {import("./codec.js").Point} Point
 * @typedef {{color: string, width: number, tool: "pen" | "marker"}} Look
 * @typedef {Look & {item: string, points: string}} Part
 * @typedef {object} Out
 * @property {(part: Part) => void} part a piece of the log
 * @property {(unfinished: Part | null) => void} signal
 */

export class Stroke {
  /**
   * @param {Look} look
   * @param {() => string} draw an unused id
   * @param {import("../clock.js").Clock} clock
   * @param {Out} out
   */
  constructor(look, draw, clock, out) {
    this.look = look;
    this.draw = draw;
    this.clock = clock;
    this.out = out;
    this.item = draw();
    /** @type {Point[]} since the last part, its last point first */
    this.points = [];
    this.sent = { points: 0, text: 0 };
    this.fresh = false;
    this.signalled = -Infinity;
    this.cancel = clock.after(PART_MS, () => this.#part());
  }

  /** @param {Point[]} points whole numbers; either all have a pressure or none has */
  add(points) {
    const news = points.filter((point) => !same(point, this.points[this.points.length - 1]));
    if (!news.length) return;
    this.points.push(...news);
    this.fresh = true;
    // A hand that moves very fast must not make a part that is refused.
    if (this.points.length > ROOM_POINTS) this.#part();
    else this.#signal();
  }

  /** @returns {Part} what is not in the log yet, to be drawn */
  get unfinished() {
    return { ...this.look, item: this.item, points: this.points.length ? encode([this.points]) : "" };
  }

  /** The pen was lifted. */
  end() {
    this.cancel();
    this.#send();
    this.out.signal(null);
  }

  #part() {
    this.cancel();
    this.cancel = this.clock.after(PART_MS, () => this.#part());
    this.#send();
    if (this.sent.points < ROOM_POINTS && this.sent.text < ROOM_TEXT) return;
    this.item = this.draw();
    this.sent = { points: 0, text: 0 };
  }

  #send() {
    if (!this.fresh) return;
    this.fresh = false;
    const kept = simplify(this.points);
    const text = encode([kept]);
    this.sent = { points: this.sent.points + kept.length, text: this.sent.text + text.length + 1 };
    this.points = this.points.slice(-1);
    this.out.part({ ...this.look, item: this.item, points: text });
  }

  #signal() {
    const now = this.clock.now();
    if (now - this.signalled < SIGNAL_MS) return;
    this.signalled = now;
    const points = encode([simplify(this.points)]);
    if (points.length <= MOST_SIGNAL) this.out.signal({ ...this.look, item: this.item, points });
  }
}

/**
 * @param {Point} a
 * @param {Point | undefined} b
 */
const same = (a, b) => !!b && a[0] === b[0] && a[1] === b[1];
