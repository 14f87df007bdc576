/** The tools of whoever may draw: pages, pointer, pen, marker, eraser, shapes, text, colours, undo; the master's also blank and clear. */
import { t } from "../i18n.js";
import { button, icon, make, setText } from "../views/dom.js";

/** @type {readonly (readonly [string, string])[]} colour and the key of its name */
const COLORS = [
  ["#d02030", "board.red"],
  ["#1e1c19", "board.black"],
  ["#1f5fbf", "board.blue"],
  ["#1d6b3f", "board.green"],
  ["#ffffff", "board.white"],
];
const THICK = 3;

/**
 * @typedef {import("./view.js").BoardView} BoardView
 * @typedef {import("./view.js").Tool} Tool
 */

export class BoardTools {
  /**
   * @param {HTMLElement} holder
   * @param {BoardView} view
   * @param {boolean} master blank pages and clearing are the master's
   */
  constructor(holder, view, master) {
    this.view = view;
    this.count = make("span", "board-count");
    this.count.setAttribute("role", "status");
    /** @type {Map<Tool, HTMLButtonElement>} */
    this.buttons = new Map();
    /** @type {Map<string, HTMLButtonElement>} */
    this.swatches = new Map();
    this.thin = view.style.width;
    this.shapes = this.#shapes();
    this.thick = button("board.thick", "thick", "", () => this.#style({ width: view.style.width > this.thin ? this.thin : this.thin * THICK }));
    this.bar = make("div", "board-tools", this.#pages(), this.#pens(), this.#colors(), this.#acts(master));
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", t("board.tools"));
    holder.append(this.bar);
    this.keys = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    document.addEventListener("keydown", this.keys);
    view.on("tool", () => this.update());
    view.on("page", () => this.update());
    view.options.lesson.on("change", () => this.update());
    this.update();
  }

  /** Takes the tools away. */
  close() {
    document.removeEventListener("keydown", this.keys);
    this.bar.remove();
  }

  update() {
    const { view } = this;
    this.bar.hidden = !view.options.canDraw() || !view.at;
    setText(this.count, view.at ? t("board.count", { n: view.at.page, of: view.sheet?.pages ?? 1 }) : "");
    for (const [tool, press] of this.buttons) press.setAttribute("aria-pressed", String(tool === view.tool));
    for (const [color, press] of this.swatches) press.setAttribute("aria-pressed", String(color === view.style.color));
    this.thick.setAttribute("aria-pressed", String(view.style.width > this.thin));
    this.shapes.value = this.buttons.has(view.tool) ? "" : view.tool;
  }

  #pages() {
    const back = button("board.previous", "previous", "", () => this.view.previous());
    const on = button("board.next", "next", "", () => this.view.next());
    back.setAttribute("aria-keyshortcuts", "PageUp");
    on.setAttribute("aria-keyshortcuts", "PageDown");
    return make("div", "group", back, this.count, on);
  }

  #pens() {
    const group = make("div", "group");
    const add = (/** @type {Tool} */ tool, /** @type {HTMLButtonElement} */ press) => {
      this.buttons.set(tool, press);
      group.append(press);
    };
    const use = (/** @type {Tool} */ tool) => () => (this.view.tool = tool);
    add("point", button("board.point", "pointer", "", use("point")));
    add("pen", button("board.pen", "pen", "", use("pen")));
    add("marker", button("board.marker", "marker", "", use("marker")));
    add("eraser", button("board.eraser", "eraser", "", use("eraser")));
    add("text", button("board.text", "text", "", use("text")));
    group.append(this.shapes);
    return group;
  }

  #shapes() {
    const names = [["", t("board.shapes")], ["line", t("board.line")], ["arrow", t("board.arrow")], ["rect", t("board.rect")], ["ellipse", t("board.ellipse")]];
    const shapes = make("select", "board-shapes", ...names.map(([value, words]) => new Option(words, value)));
    shapes.setAttribute("aria-label", t("board.shapes"));
    shapes.addEventListener("change", () => (this.view.tool = /** @type {Tool} */ (shapes.value || "pen")));
    return shapes;
  }

  #colors() {
    const group = make("div", "group");
    for (const [color, name] of COLORS) {
      const dot = make("span", "board-swatch");
      dot.style.background = color;
      const press = make("button", "button", dot, make("span", "sr", t(name)));
      press.type = "button";
      press.addEventListener("click", () => this.#style({ color }));
      this.swatches.set(color, press);
      group.append(press);
    }
    group.append(this.thick);
    return group;
  }

  /** @param {boolean} master */
  #acts(master) {
    const undo = button("board.undo", "undo", "", () => this.view.undo());
    undo.setAttribute("aria-keyshortcuts", "Control+Z");
    const group = make("div", "group", undo);
    if (!master) return group;
    group.append(
      button("board.blank", "blank", "", () => this.view.order("board.blank", {})),
      button("board.clear", "clear", "", () => this.view.at && this.view.order("board.clear", this.view.at)),
    );
    return group;
  }

  /** @param {Partial<import("./gestures.js").Style>} change */
  #style(change) {
    Object.assign(this.view.style, change);
    // Whoever chooses a colour wants to draw with it.
    if (this.view.tool === "point" || this.view.tool === "eraser") this.view.tool = "pen";
    else this.update();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (this.bar.hidden || typing || event.defaultPrevented) return;
    const undo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (event.key === "PageDown") this.view.next();
    else if (event.key === "PageUp") this.view.previous();
    else if (undo) this.view.undo();
    else return;
    event.preventDefault();
  }
}

/**
 * "课件 12 / 60": how much of the courseware this room has already; empty when it has all.
 * @param {HTMLElement} holder
 * @param {BoardView} view
 */
export function showProgress(holder, view) {
  const words = make("span", "words");
  holder.append(icon("download"), words);
  holder.hidden = true;
  view.on("progress", ({ done, total }) => {
    holder.hidden = done >= total;
    setText(words, t("board.progress", { done, total }));
  });
}
