/** Quiet bands under the title: one per reason, newest wins per reason. */
import { icon, make, setText } from "./dom.js";

/**
 * @typedef {object} Band
 * @property {"amber" | "red" | ""} tone
 * @property {string} icon
 * @property {string} words
 * @property {HTMLElement} [action] made once per reason, kept while the band stays
 */

export class Bands {
  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.holder = holder;
    /** @type {Map<string, HTMLElement>} */
    this.shown = new Map();
  }

  /**
   * @param {string} reason
   * @param {Band | null} band null takes it away
   */
  set(reason, band) {
    const old = this.shown.get(reason);
    if (!band) {
      old?.remove();
      this.shown.delete(reason);
      return;
    }
    const element = old ?? this.#add(reason, band);
    element.className = `band ${band.tone}`;
    setText(element.querySelector(".words") ?? element, band.words);
  }

  /** @param {string} reason */
  has(reason) {
    return this.shown.has(reason);
  }

  /**
   * @param {string} reason
   * @param {Band} band
   */
  #add(reason, band) {
    const element = make("div", "band", icon(band.icon), make("span", "words"));
    element.setAttribute("role", band.tone === "red" ? "alert" : "status");
    if (band.action) element.append(band.action);
    this.shown.set(reason, element);
    this.holder.append(element);
    return element;
  }
}
