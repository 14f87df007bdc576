/** The board as it was: the open page with everything drawn on it up to the moment that is shown. */
import { Face } from "../board/face.js";
import { PageStore } from "../board/store.js";
import { browserClock } from "../clock.js";
import { pageKey } from "../fold/board.js";

export class Deck {
  /**
   * @param {HTMLElement} holder
   * @param {string} base address of the courseware
   * @param {string} admission of a page that is in the lesson, else empty
   */
  constructor(holder, base, admission) {
    this.store = new PageStore({ lesson: "", base, admission, clock: browserClock, caches: undefined, fetch: (url, init) => fetch(url, init) });
    this.face = new Face(holder, this.store, () => {});
    this.face.element.dataset.tool = "none";
    this.key = "";
    /** @type {readonly import("../fold/board.js").Item[] | null} */
    this.ink = null;
    this.store.on("files", () => this.face.informed());
    void this.store.load();
  }

  /** @param {import("../fold/board.js").Board} board */
  show(board) {
    const { at } = board;
    const sheet = board.sheets.find((one) => one.sheet === at?.sheet);
    const key = at ? pageKey(at.sheet, at.page) : "";
    if (key !== this.key || !this.ink) {
      this.key = key;
      this.ink = null;
      this.face.show(at, sheet?.version ?? "", sheet?.pages ?? 0);
    }
    const ink = (key && board.ink[key]) || [];
    if (ink === this.ink) return;
    this.ink = ink;
    this.face.ink(ink);
  }
}
