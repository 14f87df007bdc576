/** The seats of a room as buttons. Each says in words and by a shape, not by colour alone, what is with it. */
import { t } from "../i18n.js";
import { icon, make, setText } from "./dom.js";

/**
 * @typedef {object} SeatShow
 * @property {boolean} hand
 * @property {"here" | "late" | "absent" | "unknown" | ""} status
 * @property {boolean} device
 * @property {number} [stars]
 * @property {string} [name] who sits there
 * @property {boolean} [waiting] the mark is not sent yet
 * @property {boolean} [differs] another device says something else
 */

/** Digits typed within this time, ms, are one seat's number. */
const TYPED = 1_500;

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
    this.digits = "";
    this.typed = 0;
    holder.addEventListener("keydown", (event) => this.#key(event));
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
      const parts = [make("span", "n", String(n + 1)), make("span", "name"), make("span", "sign")];
      const button = make("button", "seat", icon("hand"), ...parts, icon("phone"));
      button.type = "button";
      button.tabIndex = n ? -1 : 0;
      button.addEventListener("click", () => this.press(n + 1));
      return button;
    });
    this.holder.replaceChildren(...this.buttons);
  }

  /** One stop for the Tab key; inside by arrows, or by typing a seat's number. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const top = this.buttons[0]?.offsetTop;
    const columns = Math.max(1, this.buttons.filter((one) => one.offsetTop === top).length);
    /** @type {Record<string, number>} */
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: this.buttons.length - 1 };
    const next = /^[0-9]$/.test(event.key) ? this.#typed(event) : to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.#focus(this.buttons[next]);
  }

  /** @param {KeyboardEvent} event @returns {number} index of the seat whose number has been typed so far */
  #typed(event) {
    this.digits = event.timeStamp - this.typed < TYPED ? this.digits + event.key : event.key;
    this.typed = event.timeStamp;
    return Number(this.digits) - 1;
  }

  /** @param {HTMLButtonElement | undefined} button */
  #focus(button) {
    if (!button) return;
    for (const one of this.buttons) one.tabIndex = one === button ? 0 : -1;
    button.focus();
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {number} seat
   * @param {SeatShow} show
   */
  #show(button, seat, { hand, status, device, stars = 0, name = "", waiting = false, differs = false }) {
    button.dataset.status = status || "unknown";
    button.dataset.hand = hand ? "1" : "0";
    button.setAttribute("aria-pressed", String(hand));
    button.dataset.device = device ? "1" : "0";
    const signs = [SIGNS[status] ?? "", waiting ? "…" : "", differs ? "≠" : "", stars ? `★${stars}` : ""].filter(Boolean).join(" ");
    setText(/** @type {Element} */ (button.querySelector(".name")), name);
    setText(/** @type {Element} */ (button.querySelector(".sign")), signs);
    const words = [hand ? t("seat.hand") : "", status && status !== "unknown" ? t(`seat.${status}`) : "", device ? t("seat.device") : ""];
    words.push(waiting ? t("offline.seat.waiting") : "", differs ? t("offline.seat.differs") : "");
    button.setAttribute("aria-label", [t("seat.n", { seat }), name, ...words].filter(Boolean).join(", "));
  }
}
