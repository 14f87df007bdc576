/** A classroom without devices: a seat number typed on its keyboard and Enter raises that seat's hand; Escape takes it down. */
import { t } from "../i18n.js";
import { make, plainKey, setText } from "./dom.js";

const FORGET = 6_000;

export class SeatPad {
  /**
   * @param {HTMLElement} element where the digits appear, large
   * @param {{raise: (seat: number) => Promise<unknown>, cancel: (seat: number) => void, raised: (seat: number) => boolean, seats: () => number,
   *   options: () => number, answer: (seat: number, option: number) => void}} actions `options`: letters that answer an open card; 0: none
   */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
    this.digits = "";
    this.timer = 0;
    /** Seats whose hand is on its way up: it may be taken down before it is seen. */
    this.rising = new Set();
    this.number = make("span", "number");
    this.words = make("span", "words");
    element.append(this.number, this.words);
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!plainKey(event)) return;
    if (/^[0-9]$/.test(event.key)) this.#show((this.digits + event.key).replace(/^0+/, "").slice(0, 3));
    else if (this.digits && this.#letter(event.key) >= 0) this.#answer(event.key);
    else if (this.digits && event.key === "Backspace") this.#show(this.digits.slice(0, -1));
    else if (this.digits && (event.key === "Enter" || event.key === "Escape")) this.#done(event);
  }

  /**
   * A letter after the number answers the open card for that seat.
   * @param {string} key
   * @returns {number} option, −1: no letter of it
   */
  #letter(key) {
    const n = key.length === 1 ? key.toUpperCase().charCodeAt(0) - 65 : -1;
    return n >= 0 && n < this.actions.options() ? n : -1;
  }

  /** @param {string} key */
  #answer(key) {
    const seat = Number(this.digits);
    this.#show("");
    this.actions.answer(seat, this.#letter(key));
  }

  /** @param {KeyboardEvent} event */
  #done(event) {
    event.preventDefault();
    const seat = Number(this.digits);
    this.#show("");
    if (event.key === "Enter") void this.#raise(seat);
    else if (this.#raised(seat)) this.actions.cancel(seat);
  }

  /** @param {number} seat */
  async #raise(seat) {
    this.rising.add(seat);
    await this.actions.raise(seat);
    this.rising.delete(seat);
  }

  /** @param {number} seat */
  #raised(seat) {
    return this.rising.has(seat) || this.actions.raised(seat);
  }

  /** @param {string} digits */
  #show(digits) {
    clearTimeout(this.timer);
    this.digits = digits;
    this.element.hidden = !digits;
    if (!digits) return;
    setText(this.number, digits);
    setText(this.words, this.#words(Number(digits)));
    this.timer = window.setTimeout(() => this.#show(""), FORGET);
  }

  /** @param {number} seat */
  #words(seat) {
    if (seat > this.actions.seats()) return t("seat.no_such");
    if (this.actions.options() > 0) return t("seat.letter");
    return this.#raised(seat) ? t("seat.escape") : t("seat.enter");
  }
}
