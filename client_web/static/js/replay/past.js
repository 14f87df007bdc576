/**
 * The lesson at any of its moments: its log folded up to there, from the nearest state that was kept. Pure.
 *
 * @typedef {import("../fold.js").LessonState} LessonState
 * @typedef {[number, string, any]} Told lesson time, kind, payload
 */
import { fold } from "../fold.js";

/** Events between two states that are kept. */
const STEP = 200;

export class Past {
  /**
   * @param {LessonState} start where the replay begins
   * @param {Told[]} events what happened since, in order
   */
  constructor(start, events) {
    this.events = events;
    /** @type {LessonState[]} the state before event 0, STEP, 2 × STEP, … as far as anybody looked */
    this.kept = [start];
    this.shown = { count: 0, state: start };
  }

  /**
   * @param {number} at lesson time
   * @returns {number} how many events have happened
   */
  count(at) {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle][0] <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * @param {number} at lesson time
   * @returns {LessonState}
   */
  at(at) {
    const wanted = this.count(at);
    const near = Math.min(Math.floor(wanted / STEP), this.kept.length - 1);
    const ahead = this.shown.count <= wanted && this.shown.count >= near * STEP;
    let { count, state } = ahead ? this.shown : { count: near * STEP, state: this.kept[near] };
    while (count < wanted) {
      const [when, kind, payload] = this.events[count];
      state = fold(state, { kind, at: when, payload });
      count += 1;
      if (count % STEP === 0 && this.kept.length === count / STEP) this.kept.push(state);
    }
    this.shown = { count, state };
    return state;
  }

  /** @param {Told[]} events what happened after all the others */
  add(events) {
    this.events = [...this.events, ...events];
  }

  /**
   * @param {number} after lesson time
   * @param {number} until lesson time
   * @returns {Told[]} what happened in between
   */
  between(after, until) {
    return this.events.slice(this.count(after), this.count(until));
  }
}
