/** The seats of a room as buttons. Each says in words and by a shape, not by colour alone, what is with it. */
import { t } from "../i18n.js";
import { icon, make, setText } from "./dom.js";

/**
 * @typedef {object} SeatShow
 * @property {boolean} hand
 * @property {"here" | "late" | "absent" | "unknown" | ""} status
 * @property {boolean} device
 * @property {number} [stars]
 */

/** @type {Record<string, string>} */
const SIGNS = { here: "✓", late: "◔", absent: "✕" };

export class SeatMap {
  /**
   * @param {HTMLElement} holder
   * @param {(seat: number) => void} press
   */
  constructor(holder, press) {
    this.holder = holder;
    this.press = press;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
  }

  /**
   * @param {number} seats
   * @param {(seat: number) => SeatShow} look
   */
  update(seats, look) {
    if (this.buttons.length !== seats) this.#build(seats);
    this.buttons.forEach((button, n) => this.#show(button, n + 1, look(n + 1)));
  }

  /** @param {number} seats */
  #build(seats) {
    this.buttons = Array.from({ length: seats }, (_, n) => {
      const button = make("button", "seat", icon("hand"), make("span", "n", String(n + 1)), make("span", "sign"), icon("phone"));
      button.type = "button";
      button.addEventListener("click", () => this.press(n + 1));
      return button;
    });
    this.holder.replaceChildren(...this.buttons);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {number} seat
   * @param {SeatShow} show
   */
  #show(button, seat, { hand, status, device, stars = 0 }) {
    button.dataset.status = status || "unknown";
    button.dataset.hand = hand ? "1" : "0";
    button.setAttribute("aria-pressed", String(hand));
    button.dataset.device = device ? "1" : "0";
    const signs = [SIGNS[status] ?? "", stars ? `★${stars}` : ""].filter(Boolean).join(" ");
    setText(/** @type {Element} */ (button.querySelector(".sign")), signs);
    const words = [hand ? t("seat.hand") : "", status && status !== "unknown" ? t(`seat.${status}`) : "", device ? t("seat.device") : ""];
    button.setAttribute("aria-label", [t("seat.n", { seat }), ...words.filter(Boolean)].join(", "));
  }
}
