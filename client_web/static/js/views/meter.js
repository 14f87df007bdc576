/** Five bars of loudness. */
import { make } from "./dom.js";

const BARS = 5;

export class MeterView {
  constructor() {
    this.bars = Array.from({ length: BARS }, () => make("i"));
    this.element = make("span", "meter", ...this.bars);
    this.element.setAttribute("aria-hidden", "true");
  }

  /** @param {number} loudness 0 … 1 */
  set(loudness) {
    const lit = Math.ceil(loudness * BARS);
    this.bars.forEach((bar, i) => bar.classList.toggle("lit", i < lit));
  }
}
