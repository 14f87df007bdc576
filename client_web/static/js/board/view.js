/**
 * The board: the open page of the courseware with everything drawn on it, for the master's and the classrooms' pages alike.
 *
 * It follows the lesson by itself. Whoever may draw gets a tool from `BoardTools` (`tools.js`), or sets `tool`.
 */
import { browserClock, every } from "../clock.js";
import { Emitter } from "../emitter.js";
import { pageKey } from "../fold/board.js";
import { Face } from "./face.js";
import { Drawing, Erasing, Pointing, Shaping } from "./gestures.js";
import { Input } from "./input.js";
import { beside } from "./sheets.js";
import { PageStore } from "./store.js";
import { Tails } from "./tails.js";
import { write } from "./writing.js";

/** Height of written letters, 1/10000 of the page's width. */
const TEXT_SIZE = 340;
/** Before class a page looks so often for courseware that was brought meanwhile. */
const LOOK_MS = 60_000;
/** A marker is so many times as wide as a pen. */
const MARKER = 6;

/**
 * @typedef {import("../fold/board.js").Item} Item
 * @typedef {import("../fold/board.js").Board} Board
 * @typedef {import("./face.js").Place} Place
 * @typedef {"point" | "pen" | "marker" | "eraser" | "text" | import("./gestures.js").ShapeKind} Tool
 * @typedef {object} Send
 * @property {(kind: string, payload: object) => Promise<unknown>} command settles when it was carried out or refused
 * @property {(kind: string, payload: object) => void} signal
 * @typedef {object} Options
 * @property {Pick<import("../boot.js").Boot, "lesson" | "admission" | "page" | "you">} boot
 * @property {import("../lesson.js").Lesson} lesson
 * @property {() => boolean} canDraw asked before every stroke
 * @property {Send} send
 * @property {import("../clock.js").Clock} [clock]
 */

/** @extends {Emitter<{page: Place | null, tool: Tool, progress: {done: number, total: number}}>} */
export class BoardView extends Emitter {
  /**
   * @param {HTMLElement} holder
   * @param {Options} options
   */
  constructor(holder, options) {
    super();
    this.options = options;
    this.clock = options.clock ?? browserClock;
    /** @type {Tool} */
    this.using = "point";
    this.style = { color: "#d02030", width: 30 };
    /** @type {Board | null} */
    this.board = null;
    /** @type {Place | null} */
    this.at = null;
    /** @type {Map<number, {key: string, item: Item}>} on their way into the log */
    this.pending = new Map();
    /** @type {Set<string>} on their way out of it */
    this.leaving = new Set();
    this.count = 0;
    this.frame = 0;
    this.cancelStale = () => {};
    this.cancelLooks = () => {};
    this.asking = false;
    const { lesson, admission } = { lesson: options.boot.lesson.id, admission: options.boot.admission };
    const caches = window.isSecureContext ? window.caches : undefined;
    this.store = new PageStore({ lesson, admission, clock: this.clock, caches, fetch: (url, init) => fetch(url, init) });
    this.tails = new Tails(this.clock);
    this.face = new Face(holder, this.store, () => this.redraw());
    this.input = new Input(this.face.layers.moving, {
      begin: () => this.#gesture(),
      hover: () => (this.using === "point" ? this.#gesture() : null),
      press: (at) => this.using === "text" && this.#write(at),
    });
    this.#listen();
    void this.#files();
  }

  get element() {
    return this.face.element;
  }

  /** @returns {Tool} */
  get tool() {
    return this.using;
  }

  /** @param {Tool} tool */
  set tool(tool) {
    this.using = tool;
    this.#ready();
    this.emit("tool", tool);
  }

  /** @returns {import("../fold/board.js").Sheet | null} the open sheet */
  get sheet() {
    return this.board?.sheets.find((one) => one.sheet === this.at?.sheet) ?? null;
  }

  next() {
    this.#step(1);
  }

  previous() {
    this.#step(-1);
  }

  /**
   * @param {string} sheet
   * @param {number} page
   */
  open(sheet, page) {
    this.order("board.page", { sheet, page });
  }

  undo() {
    if (this.at) this.order("board.undo", this.at);
  }

  /**
   * A command about the board, by whoever may draw.
   * @param {string} kind
   * @param {object} payload
   */
  order(kind, payload) {
    if (this.options.canDraw()) void this.options.send.command(kind, payload).catch(() => {});
  }

  /** The board is taken off the page. */
  close() {
    this.store.stop();
    this.face.close();
    this.cancelStale();
    this.cancelLooks();
    cancelAnimationFrame(this.frame);
  }

  #listen() {
    const { lesson } = this.options;
    lesson.on("change", () => this.update());
    lesson.socket.on("event", ({ payload }) => payload?.item && this.tails.logged(payload.item));
    lesson.socket.on("signal", (signal) => {
      this.tails.hear(signal);
      this.redraw();
    });
    lesson.socket.on("link", ({ state }) => {
      if (state !== "online") return;
      void this.#files();
      if (this.face.waiting) this.#show();
    });
    this.store.on("progress", (progress) => this.emit("progress", progress));
    this.store.on("files", () => (this.face.waiting && !this.store.showing ? this.#show() : this.face.informed()));
    this.cancelLooks = every(this.clock, LOOK_MS, () => lesson.phase !== "live" && void this.#files());
    this.update();
  }

  /** Follows the lesson; called by its every change. */
  update() {
    const board = this.options.lesson.state?.board ?? null;
    const before = this.board;
    this.#ready();
    if (board === before) return;
    this.board = board;
    const unknown = board?.sheets.some((one) => one.version && !this.store.files.has(one.sheet));
    if (unknown && board?.sheets !== before?.sheets) void this.#files();
    const at = board?.at ?? null;
    if (at?.sheet !== this.at?.sheet || at?.page !== this.at?.page) {
      this.at = at;
      this.input.drop();
      this.#show();
      this.emit("page", at);
    }
    this.#ink();
    if (board && !before && this.store.files.size) void this.store.preload();
  }

  async #files() {
    if (this.asking) return;
    this.asking = true;
    const known = await this.store.load();
    this.asking = false;
    if (known && this.board) void this.store.preload(); // not before the lesson is there: its page and ink come first
  }

  #ready() {
    this.element.dataset.tool = this.options.canDraw() && this.at ? this.using : "none";
  }

  #show() {
    this.#ready();
    this.face.show(this.at, this.sheet?.version ?? "", this.sheet?.pages ?? 0);
    this.#ink();
  }

  /** @returns {Item[]} ink of the open page, without what is on its way out */
  #items() {
    const items = (this.at && this.board?.ink[pageKey(this.at.sheet, this.at.page)]) || [];
    return this.leaving.size ? items.filter((one) => !this.leaving.has(one.item)) : items;
  }

  #ink() {
    this.face.ink(this.#items());
    this.redraw();
  }

  /** Paints what moves, with the next frame. */
  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const { at } = this;
      if (!at) return;
      const { pointers, inks, next } = this.tails.on(at.sheet, at.page);
      const key = pageKey(at.sheet, at.page);
      const mine = [...this.pending.values()].filter((one) => one.key === key).map((one) => one.item);
      this.face.layers.move([...mine, ...inks, ...this.input.shown], pointers);
      this.cancelStale();
      if (next !== null) this.cancelStale = this.clock.after(Math.max(0, next - this.clock.now()) + 1, () => this.redraw());
    });
  }

  /** @returns {import("./gestures.js").Gesture | null} what a hand that comes down now does */
  #gesture() {
    const { at, using, style } = this;
    if (!at || !this.options.canDraw() || using === "text") return null;
    const desk = this.#desk(at);
    if (using === "point") return new Pointing(desk);
    if (using === "eraser") return new Erasing(desk);
    if (using !== "pen" && using !== "marker") return new Shaping(desk, using, style);
    return new Drawing(desk, { color: style.color, width: using === "marker" ? style.width * MARKER : style.width, tool: using });
  }

  /**
   * @param {Place} place
   * @returns {import("./gestures.js").Desk}
   */
  #desk(place) {
    const { send, boot } = this.options;
    const own = (/** @type {Item} */ one) => boot.you.role === "master" || one.participant === boot.you.participant;
    return {
      place,
      clock: this.clock,
      draw: () => this.#draw(),
      ink: (kind, payload, shown) => void this.#send(kind, payload, shown, place),
      signal: (kind, payload) => send.signal(kind, payload),
      erasable: () => this.#items().filter(own),
      erase: (items) => void this.#erase(place, items),
      redraw: () => this.redraw(),
    };
  }

  #draw() {
    return `${this.options.boot.page.slice(0, 10)}-${(++this.count).toString(36)}`;
  }

  /**
   * @param {string} kind
   * @param {object} payload
   * @param {Item} item
   * @param {Place} place
   */
  async #send(kind, payload, item, place) {
    const number = ++this.count;
    this.pending.set(number, { key: pageKey(place.sheet, place.page), item });
    this.redraw();
    await this.options.send.command(kind, payload).catch(() => {});
    this.pending.delete(number);
    this.redraw();
  }

  /**
   * @param {Place} place
   * @param {string[]} items
   */
  async #erase(place, items) {
    items.forEach((item) => this.leaving.add(item));
    this.#ink();
    await this.options.send.command("board.erase", { ...place, items }).catch(() => {});
    items.forEach((item) => this.leaving.delete(item));
    this.#ink();
  }

  /** @param {[number, number]} at */
  #write([x, y]) {
    const place = this.at;
    if (!place || !this.options.canDraw()) return;
    const look = { x, y, size: TEXT_SIZE, color: this.style.color };
    write(this.face.page, look, (text) => {
      const shown = { ...look, item: this.#draw(), text };
      void this.#send("board.text", { ...place, ...shown }, shown, place);
    });
  }

  /** @param {1 | -1} by */
  #step(by) {
    const place = beside(this.board?.sheets ?? [], this.at, by);
    if (place) this.open(place.sheet, place.page);
  }
}
