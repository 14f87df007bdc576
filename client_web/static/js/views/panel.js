/** The big screen's panel (S3): what the room says to the teacher, and by PIN the assistant's console; it closes itself. */
import { every } from "../clock.js";
import { explain, t } from "../i18n.js";
import { asRefused, refusal } from "../refused.js";
import { button, byId, make, plainKey, setText } from "./dom.js";

const CLOSES_AFTER = 15_000;
const EDGE = 8;
/** What a room says in one touch, with its icon. */
const WORDS = /** @type {const} */ ([["ready", "good"], ["deaf", "deaf"], ["blind", "blind"], ["fast", "next"], ["help", "hand"]]);

export class Panel {
  /**
   * @param {import("../pages/shell.js").Shell} shell
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   */
  constructor(shell, run) {
    this.shell = shell;
    this.element = byId("panel");
    this.dot = byId("panel-dot");
    this.pin = make("input");
    this.wrong = make("p", "error");
    this.wrong.id = "panel-wrong";
    this.wrong.setAttribute("role", "alert");
    /** @type {HTMLIFrameElement | null} */
    this.frame = null;
    this.touched = 0;
    const say = (/** @type {string} */ word) => void run("help.signal", { participant: shell.boot.you.participant, word });
    this.signals = WORDS.map(([word, icon]) => button(`help.${word}`, icon, "", () => say(word)));
    this.element.append(make("div", "signals", ...this.signals), this.#form(), button("panel.close", "back", "", () => this.close()));
    this.dot.addEventListener("click", () => this.toggle());
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointermove", (event) => event.clientY < EDGE && event.pointerType === "mouse" && this.open());
    document.addEventListener("pointerdown", (event) => event.clientY < 3 * EDGE && this.open());
    for (const touch of ["pointerdown", "keydown", "input"]) this.element.addEventListener(touch, () => this.touch());
    window.addEventListener("message", (event) => this.#told(event));
    window.addEventListener("pagehide", () => this.close());
    every(shell.clock, 1_000, () => this.#tire());
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state }) {
    const waits = Object.values(state?.talk.questions ?? {}).some(({ stage }) => stage === "held");
    setText(/** @type {Element} */ (this.dot.firstElementChild), waits ? "●" : "○");
    const said = state?.help.signals[this.shell.boot.you.participant ?? ""]?.word;
    this.signals.forEach((one, n) => one.setAttribute("aria-pressed", String(said === WORDS[n][0])));
  }

  touch() {
    this.touched = this.shell.clock.now();
  }

  toggle() {
    if (this.element.hidden) this.open();
    else this.close();
  }

  open() {
    this.touch();
    if (!this.element.hidden) return;
    this.element.hidden = false;
    this.dot.setAttribute("aria-expanded", "true");
    this.pin.focus();
  }

  /** Whatever was private on the screen is gone with its frame. */
  close() {
    if (this.frame) this.#lock();
    this.element.hidden = true;
    this.element.dataset.open = "0";
    this.pin.value = "";
    setText(this.wrong, "");
    this.dot.setAttribute("aria-expanded", "false");
    this.dot.focus();
  }

  /** The frame's address opens nothing any more, wherever it is typed. */
  #lock() {
    this.frame?.remove();
    this.frame = null;
    const { lesson, admission } = this.shell.boot;
    void fetch(`/class/${lesson.id}/panel/close?a=${admission}`, { method: "POST", keepalive: true }).catch(() => null);
  }

  #form() {
    const label = make("label", "", t("panel.pin"));
    Object.assign(this.pin, { type: "password", inputMode: "numeric", autocomplete: "off", maxLength: 8, id: "panel-pin", required: true });
    this.pin.setAttribute("aria-describedby", this.wrong.id);
    label.htmlFor = this.pin.id;
    const enter = make("button", "button next", t("panel.enter"));
    const form = make("form", "pin", label, this.pin, enter, this.wrong);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#enter();
    });
    return form;
  }

  async #enter() {
    const { boot } = this.shell;
    const pin = this.pin.value;
    this.pin.value = "";
    const url = `/class/${boot.lesson.id}/panel?a=${boot.admission}`;
    const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ pin }) };
    const response = await fetch(url, asked).catch(asRefused);
    this.touch();
    if (!(response instanceof Response) || !response.ok) {
      setText(this.wrong, explain(response instanceof Response ? await refusal(response) : response, boot.lang));
      return;
    }
    setText(this.wrong, "");
    const { address } = await response.json();
    if (!this.element.hidden) this.#show(address);
  }

  /** @param {string} address */
  #show(address) {
    this.frame = make("iframe");
    this.frame.title = t("panel.title");
    this.frame.src = address;
    this.frame.addEventListener("load", () => this.frame?.focus());
    this.element.dataset.open = "1";
    this.element.append(this.frame);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "F2" && !event.repeat) {
      event.preventDefault();
      this.toggle();
    } else if (event.key === "Escape" && !this.element.hidden && !event.repeat && (plainKey(event) || event.target === this.pin)) this.close();
  }

  /** The console in the frame says that it is in use, or done with. @param {MessageEvent} event */
  #told(event) {
    if (!this.frame || event.source !== this.frame.contentWindow || event.origin !== location.origin) return;
    if (event.data === "panel.touch") this.touch();
    if (event.data === "panel.close") this.close();
  }

  #tire() {
    if (!this.element.hidden && this.shell.clock.now() - this.touched > CLOSES_AFTER) this.close();
  }
}
