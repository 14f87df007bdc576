/** Mouse, pen and touch on the board become gestures; a palm that lies beside a pen does not. */
import { toPage } from "./geometry.js";

/** After a pen was seen, touches are the hand that holds it. */
const PALM_MS = 1_500;

/**
 * @typedef {import("./gestures.js").Gesture} Gesture
 * @typedef {object} Hands
 * @property {() => Gesture | null} begin a hand comes down
 * @property {() => Gesture | null} hover a mouse passes over
 * @property {(at: [number, number]) => unknown} press a place was pressed
 */

export class Input {
  /**
   * @param {HTMLElement} element of the page's size
   * @param {Hands} hands
   */
  constructor(element, hands) {
    this.element = element;
    this.hands = hands;
    /** @type {Gesture | null} */
    this.gesture = null;
    this.pointer = -1;
    this.pressing = false;
    this.penAt = -Infinity;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) element.addEventListener(name, (event) => this.#up(event));
    element.addEventListener("pointerleave", () => !this.pressing && this.drop());
    // A long press of a pen must not open a menu.
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** @returns {import("../fold/board.js").Item[]} what is being drawn */
  get shown() {
    return this.gesture?.shown ?? [];
  }

  /** Ends what is going on: the page was turned, or the mouse went away. */
  drop() {
    this.gesture?.end();
    this.gesture = null;
    this.pressing = false;
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.pointerType === "pen") this.penAt = event.timeStamp;
    const palm = event.pointerType === "touch" && event.timeStamp - this.penAt < PALM_MS;
    if (event.button !== 0 || this.pressing || palm) return;
    this.drop();
    this.gesture = this.hands.begin();
    if (!this.gesture) {
      // Not before the browser has moved the focus, or it would take it from the field that opens here.
      event.preventDefault();
      const [x, y] = this.#point(event);
      this.hands.press([x, y]);
      return;
    }
    event.preventDefault();
    this.pressing = true;
    this.pointer = event.pointerId;
    this.element.setPointerCapture(event.pointerId);
    this.gesture.move([this.#point(event)]);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerType === "pen") this.penAt = event.timeStamp;
    if (this.pressing ? event.pointerId !== this.pointer : event.pointerType !== "mouse") return;
    if (!this.pressing) this.gesture ??= this.hands.hover();
    // Safari 15 has no coalesced events.
    const all = event.getCoalescedEvents?.() ?? [];
    this.gesture?.move((all.length ? all : [event]).map((each) => this.#point(each)));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (this.pressing && event.pointerId === this.pointer) this.drop();
  }

  /**
   * @param {PointerEvent} event
   * @returns {import("./codec.js").Point}
   */
  #point(event) {
    const box = this.element.getBoundingClientRect();
    const place = toPage({ x: event.clientX - box.left, y: event.clientY - box.top }, box);
    return event.pointerType === "pen" ? [...place, Math.round(event.pressure * 255)] : place;
  }
}
