/**
 * The timeline: where the replay is, its chapters in words, what is missing, and a picture of where one would go.
 *
 * @typedef {{at: number, kind: string, n?: number, name?: string}} Chapter
 * @typedef {{begin: number, end: number, track: string, why: string}} Missing
 */
import { duration, t } from "../i18n.js";
import { make, setText } from "../views/dom.js";

/** A gap shorter than this is no mark that anybody could see. */
const SHORTEST_MARK = 1_000;

export class Bar {
  /**
   * @param {{range: HTMLInputElement, marks: Element, chapters: HTMLElement, time: Element, look: HTMLElement}} parts
   * @param {{begin: number, end: number}} span
   * @param {(at: number) => void} seek
   */
  constructor(parts, span, seek) {
    this.parts = parts;
    this.span = span;
    /** @type {{at: number, element: HTMLButtonElement}[]} */
    this.buttons = [];
    /** @type {[number, string][]} */
    this.thumbnails = [];
    const { range } = parts;
    range.min = "0";
    this.grow();
    range.step = "1000";
    range.addEventListener("input", () => seek(span.begin + Number(range.value)));
    range.addEventListener("pointermove", (event) => this.#look(event.clientX));
    range.addEventListener("pointerleave", () => (parts.look.hidden = true));
    this.seek = seek;
  }

  /** The span is another one. */
  grow() {
    this.parts.range.max = String(this.span.end - this.span.begin);
  }

  /** @param {Chapter[]} chapters */
  chapters(chapters) {
    this.buttons = chapters.map((one) => {
      const at = Math.max(one.at, this.span.begin);
      const words = t(`replay.chapter.${one.kind}`, { n: one.n ?? 0, name: one.name || t("replay.room") });
      const element = make("button", "chapter", make("span", "when", duration(at - this.span.begin)), make("span", "words", words));
      element.type = "button";
      element.addEventListener("click", () => this.seek(at));
      return { at, element };
    });
    this.parts.chapters.replaceChildren(...this.buttons.map(({ element }) => make("li", "", element)));
  }

  /** @param {Missing[]} missing */
  missing(missing) {
    const { begin, end } = this.span;
    const all = end - begin || 1;
    const shown = missing.filter((one) => one.end - one.begin >= SHORTEST_MARK);
    const marks = shown.map((one) => {
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = `${duration(one.begin - begin)} ${t(`replay.missing.${one.why}`)}`;
      mark.setAttribute("x", String((1000 * (one.begin - begin)) / all));
      mark.setAttribute("width", String(Math.max(2, (1000 * (one.end - one.begin)) / all)));
      mark.setAttribute("height", "10");
      mark.append(title);
      return mark;
    });
    this.parts.marks.replaceChildren(...marks);
  }

  /** @param {number} at */
  show(at) {
    const { range, time } = this.parts;
    const gone = at - this.span.begin;
    const words = `${duration(gone)} / ${duration(this.span.end - this.span.begin)}`;
    if (document.activeElement !== range || !range.matches(":active")) range.value = String(Math.round(gone / 1000) * 1000);
    range.setAttribute("aria-valuetext", words);
    setText(time, words);
    let here = null;
    for (const one of this.buttons) if (one.at <= at + 500) here = one;
    for (const one of this.buttons) {
      if (one === here) one.element.setAttribute("aria-current", "true");
      else one.element.removeAttribute("aria-current");
    }
  }

  /** @param {number} at @returns {number | null} where the next chapter begins */
  next(at) {
    return this.buttons.find((one) => one.at > at + 500)?.at ?? null;
  }

  /** @param {number} at @returns {number} where this one began; just begun, the one before */
  previous(at) {
    const before = this.buttons.filter((one) => one.at < at - 3_000);
    return before[before.length - 1]?.at ?? this.span.begin;
  }

  /** @param {number} x */
  #look(x) {
    const { range, look } = this.parts;
    const box = range.getBoundingClientRect();
    const share = Math.min(Math.max((x - box.left) / (box.width || 1), 0), 1);
    const at = this.span.begin + share * (this.span.end - this.span.begin);
    const picture = [...this.thumbnails].reverse().find(([when]) => when <= at) ?? this.thumbnails[0];
    look.hidden = !picture;
    if (!picture) return;
    const image = look.querySelector("img");
    if (image && image.getAttribute("src") !== picture[1]) image.src = picture[1];
    setText(look.querySelector("figcaption") ?? look, duration(at - this.span.begin));
    look.dataset.side = share > 0.5 ? "right" : "left";
  }
}
