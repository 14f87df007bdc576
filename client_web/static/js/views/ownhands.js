/** The hands of one room and their places in the queue, for everybody in the room to read. */
import { queue } from "../fold/hands.js";
import { t } from "../i18n.js";
import { icon, make } from "./dom.js";

const SHOWN = 6;

export class OwnHands {
  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.holder = holder;
    this.shown = "";
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @param {string} self
   */
  update({ state }, self) {
    if (!state) return;
    const places = queue(state)
      .map((one, n) => ({ ...one, place: n + 1 }))
      .filter((one) => one.participant === self);
    const now = JSON.stringify(places.map(({ seat, place }) => [seat, place]));
    if (now === this.shown) return;
    this.shown = now;
    this.holder.hidden = places.length === 0;
    const rows = places.slice(0, SHOWN).map(({ seat, place }) => {
      return make("li", "", icon("hand"), make("strong", "", t("seat.n", { seat })), " ", make("span", "quiet", t("hands.place", { place })));
    });
    if (places.length > SHOWN) rows.push(make("li", "quiet", t("hands.more", { n: places.length - SHOWN })));
    this.holder.replaceChildren(...rows);
  }
}
