/** The master's queue of raised hands: the fair order, a button and a digit key for each of the first nine. */
import { queue } from "../fold/hands.js";
import { t } from "../i18n.js";
import { make, plainKey, setText } from "./dom.js";

const SHOWN = 9;

/**
 * @typedef {object} HandActions
 * @property {(participant: string, seat: number) => void} call
 * @property {(mode: string) => void} order
 * @property {() => void} clear
 */

export class HandsView {
  /**
   * @param {{list: HTMLElement, mode: HTMLSelectElement, clear: HTMLElement, count: HTMLElement}} parts
   * @param {HandActions} actions
   */
  constructor(parts, actions) {
    this.parts = parts;
    this.actions = actions;
    /** @type {import("../fold/hands.js").Waiting[]} */
    this.waiting = [];
    this.shown = "";
    parts.mode.addEventListener("change", () => actions.order(parts.mode.value));
    parts.clear.addEventListener("click", () => actions.clear());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state, phase }) {
    if (!state) return;
    const { list, mode, clear, count } = this.parts;
    this.waiting = queue(state);
    const callable = phase === "live";
    if (document.activeElement !== mode) mode.value = state.hands.mode;
    clear.hidden = this.waiting.length === 0;
    setText(count, this.waiting.length ? String(this.waiting.length) : "");
    const rows = this.waiting.slice(0, SHOWN).map((one) => [state.participants[one.participant]?.name ?? "", one.seat, one.participant]);
    const now = JSON.stringify([rows, callable, this.waiting.length]);
    if (now === this.shown) return;
    this.shown = now;
    list.replaceChildren(...rows.map(([name, seat], n) => this.#row(String(name), Number(seat), n, callable)));
    const more = this.waiting.length - SHOWN;
    if (more > 0) list.append(make("li", "more", t("hands.more", { n: more })));
    if (!rows.length) list.append(make("li", "quiet", t("hands.none")));
  }

  /**
   * @param {string} name
   * @param {number} seat
   * @param {number} n
   * @param {boolean} callable
   */
  #row(name, seat, n, callable) {
    const call = make("button", n ? "button" : "button next", make("span", "words", t("hands.call")), make("kbd", "", String(n + 1)));
    call.type = "button";
    call.setAttribute("aria-label", t("hands.call_name", { room: name, seat }));
    call.setAttribute("aria-keyshortcuts", String(n + 1));
    call.disabled = !callable;
    call.addEventListener("click", () => this.#call(n));
    return make("li", "hand", make("span", "place", String(n + 1)), make("span", "who", name, " ", make("strong", "", t("seat.n", { seat }))), call);
  }

  /** @param {number} n */
  #call(n) {
    const one = this.waiting[n];
    if (one) this.actions.call(one.participant, one.seat);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!plainKey(event) || !/^[1-9]$/.test(event.key)) return;
    const button = this.parts.list.querySelectorAll("button")[Number(event.key) - 1];
    if (button && !button.disabled) this.#call(Number(event.key) - 1);
  }
}
