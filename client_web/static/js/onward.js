/** A lesson that nobody ends must not keep a classroom from its next one: after the planned end the room looks for it. No DOM. */
import { every } from "./clock.js";

export const ASK_EVERY = 20_000;

/**
 * @typedef {object} Options
 * @property {import("./clock.js").Clock} clock
 * @property {Pick<import("./lesson.js").Lesson, "now" | "plan">} lesson
 * @property {string} here path of this page
 * @property {() => boolean} stays now it must not leave: on stage, or it does not know yet
 * @property {() => Promise<Pick<import("./room.js").Answer, "next"> | null>} ask what the room's own page asks; null: no answer now
 * @property {(door: string) => void} go
 */
export class Onward {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.asking = false;
  }

  start() {
    every(this.options.clock, ASK_EVERY, () => void this.look());
  }

  get overdue() {
    const { lesson } = this.options;
    return lesson.plan.ends_at !== null && lesson.now >= lesson.plan.ends_at;
  }

  async look() {
    const { ask, go, here, stays } = this.options;
    if (this.asking || !this.overdue || stays()) return;
    this.asking = true;
    const answer = await ask();
    this.asking = false;
    const door = answer?.next?.door;
    // Called on stage meanwhile: everybody hears the room now.
    if (door && door.split("?")[0] !== here && !stays()) go(door);
  }
}
