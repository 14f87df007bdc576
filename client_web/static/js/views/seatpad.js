/** A classroom without devices: a seat number typed on its keyboard and Enter raises that seat's hand; Escape takes it down. */
import { t } from "../i18n.js";
import { make, setText } from "./dom.js";

const FORGET = 6_000;

export class SeatPad {
  /**
   * @param {HTMLElement} element where the digits appear, large
   * @param {{raise: (seat: number) => void, cancel: (seat: number) => void, raised: (seat: number) => boolean, seats: () => number}} actions
   */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
    this.digits = "";
    this.timer = 0;
    this.number = make("span", "number");
    this.words = make("span", "words");
    element.append(this.number, this.words);
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const typing = event.target instanceof Element && event.target.closest("select, input, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    if (/^[0-9]$/.test(event.key)) this.#show((this.digits + event.key).replace(/^0+/, "").slice(0, 3));
    else if (this.digits && event.key === "Backspace") this.#show(this.digits.slice(0, -1));
    else if (this.digits && (event.key === "Enter" || event.key === "Escape")) this.#done(event);
  }

  /** @param {KeyboardEvent} event */
  #done(event) {
    event.preventDefault();
    const seat = Number(this.digits);
    this.#show("");
    if (event.key === "Enter") this.actions.raise(seat);
    else if (this.actions.raised(seat)) this.actions.cancel(seat);
  }

  /** @param {string} digits */
  #show(digits) {
    clearTimeout(this.timer);
    this.digits = digits;
    this.element.hidden = !digits;
    if (!digits) return;
    const known = Number(digits) <= this.actions.seats();
    setText(this.number, digits);
    setText(this.words, t(!known ? "seat.no_such" : this.actions.raised(Number(digits)) ? "seat.escape" : "seat.enter"));
    this.timer = window.setTimeout(() => this.#show(""), FORGET);
  }
}
