/** "从断网处补看": what this screen did not get in class, beside the replay; each leads there, and is crossed off once it was watched. */
import { duration, t } from "../i18n.js";
import { make } from "../views/dom.js";

/** Whoever goes back sees a little of what came before. */
const LEAD_MS = 2_000;

/** @typedef {import("../missed.js").Span} Span */

export class MissedList {
  /**
   * @param {{part: HTMLElement, list: HTMLElement}} parts
   * @param {import("../missed.js").Missed} missed
   * @param {Span} span what the replay has
   * @param {(at: number) => void} watch
   */
  constructor(parts, missed, span, watch) {
    this.missed = missed;
    /** @type {Span | null} it is being watched from its beginning */
    this.watching = null;
    const inside = missed.spans.filter(({ begin, end }) => end > span.begin && begin < span.end);
    this.rows = inside.map((one) => {
      const [begin, end] = [Math.max(one.begin, span.begin), Math.min(one.end, span.end)];
      return { one, begin, end, row: this.#row(begin, end, span, watch) };
    });
    parts.list.replaceChildren(...this.rows.map(({ row }) => row));
    parts.part.hidden = !inside.length;
  }

  /** To be called often. @param {number} before lesson time @param {number} at lesson time, a little later unless somebody went elsewhere */
  look(before, at) {
    for (const { one, begin, end, row } of this.rows) {
      if (before <= begin && begin < at && at < end) this.watching = one;
      if (this.watching !== one) continue;
      const over = before < end && at >= end && at - before < LEAD_MS;
      if (over) {
        this.missed.done(one);
        row.dataset.done = "1";
        row.querySelector(".words")?.append(` · ${t("missed.done")}`);
      }
      if (over || at < begin - LEAD_MS || at >= end) this.watching = null;
    }
  }

  /**
   * @param {number} begin
   * @param {number} end
   * @param {Span} span
   * @param {(at: number) => void} watch
   */
  #row(begin, end, span, watch) {
    const from = Math.max(begin - LEAD_MS, span.begin);
    const words = make("span", "words", t("missed.span", { time: duration(end - begin) }));
    const button = make("button", "chapter", make("span", "when", duration(from - span.begin)), words);
    button.type = "button";
    button.addEventListener("click", () => watch(from));
    return make("li", "", button);
  }
}
