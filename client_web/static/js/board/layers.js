/** The two canvases over a page: ink that is in the log, painted once, and what changes all the time. */
import { make } from "../views/dom.js";
import { WIDTH } from "./codec.js";
import { paint } from "./paint.js";

/** A canvas finer than this costs memory and nobody sees it. */
const FINEST = 2;
const MOST_PIXELS = 2560;
const POINTER = "#e5251b";
const POINTER_PX = 9;

/** @typedef {import("../fold/board.js").Item} Item */

export class Layers {
  /**
   * @param {HTMLElement} holder
   * @param {string} gone words in place of an erased text
   */
  constructor(holder, gone) {
    this.logged = make("canvas", "board-layer");
    this.moving = make("canvas", "board-layer board-top");
    holder.append(this.logged, this.moving);
    this.gone = gone;
    this.scale = 0;
    this.fine = 1;
    /** @type {readonly Item[]} as painted */
    this.items = [];
    this.font = getComputedStyle(document.body).fontFamily || "sans-serif";
  }

  /** @param {{width: number, height: number}} box pixels of the page on the screen */
  resize(box) {
    const fine = Math.min(window.devicePixelRatio || 1, FINEST, MOST_PIXELS / Math.max(box.width, 1));
    const [width, height] = [Math.round(box.width * fine), Math.round(box.height * fine)];
    if (this.logged.width === width && this.logged.height === height) return;
    for (const canvas of [this.logged, this.moving]) [canvas.width, canvas.height] = [width, height];
    this.fine = fine;
    this.scale = width / WIDTH;
    const { items } = this;
    this.items = [];
    this.show(items);
  }

  /**
   * Ink of the page as it is now: what is new is painted over the rest, all of it only where something went away.
   * @param {readonly Item[]} items
   */
  show(items) {
    const same = items.findIndex((item, n) => item !== this.items[n]);
    const kept = same < 0 ? items.length : same;
    const added = kept === this.items.length ? items.slice(kept) : extension(this.items, items, kept);
    const pen = this.logged.getContext("2d");
    if (!pen) return;
    if (!added) pen.clearRect(0, 0, this.logged.width, this.logged.height);
    for (const item of added ?? items) paint(pen, item, this.scale, this.font, this.gone);
    this.items = items;
  }

  /**
   * @param {readonly Item[]} items
   * @param {readonly {x: number, y: number}[]} pointers
   */
  move(items, pointers) {
    const pen = this.moving.getContext("2d");
    if (!pen) return;
    pen.clearRect(0, 0, this.moving.width, this.moving.height);
    for (const item of items) paint(pen, item, this.scale, this.font, this.gone);
    for (const { x, y } of pointers) this.#point(pen, x * this.scale, y * this.scale);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} x
   * @param {number} y
   */
  #point(pen, x, y) {
    const radius = POINTER_PX * this.fine;
    for (const [size, color] of /** @type {[number, string][]} */ ([[radius * 1.6, "rgb(229 37 27 / 30%)"], [radius * 1.15, "#ffffff"], [radius, POINTER]])) {
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

/**
 * A pen's stroke that only became longer is painted on at its end.
 * @param {readonly Item[]} before
 * @param {readonly Item[]} now
 * @param {number} at the first that differs
 * @returns {Item[] | null} null: something else happened
 */
function extension(before, now, at) {
  const [old, item] = [before[at], now[at]];
  if (before.length !== now.length || at !== now.length - 1 || !old || !item) return null;
  if (!("tool" in old) || !("tool" in item) || item.tool !== "pen" || old.item !== item.item) return null;
  return item.points.startsWith(`${old.points}.`) ? [{ ...item, points: item.points.slice(old.points.length + 1) }] : null;
}
