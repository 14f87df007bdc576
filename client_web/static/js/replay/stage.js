/** What is seen of a moment: the large picture, and those beside it, as the lesson's director had them (`fold/director.js`). */
import { layoutOf } from "../fold/director.js";
import { make, setText } from "../views/dom.js";
import { Film } from "./film.js";

/** @typedef {import("./film.js").File} File */

export class Stage {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLElement} board
   * @param {File[]} files
   * @param {(group: string) => string} nameOf
   */
  constructor(holder, board, files, nameOf) {
    this.holder = holder;
    this.board = board;
    this.nameOf = nameOf;
    /** Only the sound: nothing else is fetched. */
    this.listening = false;
    /** @type {Map<string, Film>} */
    this.films = new Map();
    /** @type {Map<string, {figure: HTMLElement, name: HTMLElement}>} */
    this.figures = new Map();
    for (const group of [...new Set(files.map((file) => file.group))]) this.#add(group, files.filter((file) => file.group === group));
  }

  /** Whether there is a file with the sound alone. */
  get canListen() {
    return this.films.has("sound");
  }

  /** @returns {Film[]} those that are played now */
  get playing() {
    return [...this.films.values()].filter((film) => this.#wanted(film));
  }

  /**
   * @param {number} at lesson time
   * @param {{playing: boolean, held: boolean, rate: number}} course whoever holds it goes on: some browsers fetch for nobody else
   */
  follow(at, { playing, held, rate }) {
    for (const film of this.films.values()) film.follow(this.#wanted(film) ? at : -1, playing && (!held || film.waiting), rate);
  }

  /** @param {boolean} on the films for weak links, where there are some: what plays goes on from the same moment */
  thin(on) {
    for (const film of this.films.values()) film.thin = on;
  }

  /** By hand: from now on all of them may sound. */
  unlock() {
    for (const film of this.films.values()) film.unlock();
  }

  /** Fetch those anew that failed. */
  retry() {
    for (const film of this.films.values()) if (film.broken) film.retry();
  }

  /** @param {number} at */
  waits(at) {
    return this.playing.some((film) => film.covering(at) && film.waiting);
  }

  /**
   * @param {import("../fold.js").LessonState} state
   * @param {number} at
   */
  show(state, at) {
    const seen = (/** @type {string} */ group) => !this.listening && !!this.films.get(group)?.visible(at);
    const on = [...this.films.keys()].filter((group) => group.startsWith("stage.") && seen(group));
    const main = this.listening ? "sound" : this.#main(state, seen, on);
    const { holder, board } = this;
    holder.dataset.main = main;
    holder.dataset.beside = String(on.length + (seen("teacher") && main !== "teacher" ? 1 : 0) + (main !== "board" && board.dataset.open === "1" && state.board.at ? 1 : 0));
    board.hidden = !(main === "board" || (state.board.shown && state.board.at)) || this.listening;
    board.dataset.large = main === "board" ? "1" : "0";
    for (const [group, { figure, name }] of this.figures) {
      figure.hidden = !seen(group);
      figure.dataset.large = group === main || (main === "stage" && group !== "screen") ? "1" : "0";
      setText(name, this.nameOf(group));
    }
  }

  /** @param {File[]} files the same with newer addresses */
  renew(files) {
    for (const film of this.films.values()) film.renew(files.filter((file) => file.group === film.group));
  }

  /** @param {File[]} files what there is by now of a recording that goes on */
  grow(files) {
    for (const group of new Set(files.map((file) => file.group))) {
      const own = files.filter((file) => file.group === group);
      const film = this.films.get(group);
      if (film) film.grow(own);
      else this.#add(group, own);
    }
  }

  /**
   * @param {import("../fold.js").LessonState} state
   * @param {(group: string) => boolean} seen
   * @param {string[]} on
   * @returns {string}
   */
  #main(state, seen, on) {
    const layout = layoutOf(state);
    const board = state.board.at !== null;
    if (layout === "stage" && on.length) return "stage";
    if ((layout === "screen" || state.director.mode === "auto") && seen("screen")) return "screen";
    if ((layout === "courseware" || layout === "side" || layout === "pip") && board) return "board";
    if (seen("teacher")) return "teacher";
    return board ? "board" : "none";
  }

  /** @param {Film} film */
  #wanted(film) {
    return film.apart || film.group.startsWith("sound") === this.listening;
  }

  /**
   * @param {string} group
   * @param {File[]} files
   */
  #add(group, files) {
    const film = new Film(group, files);
    const name = make("figcaption", "name");
    const figure = make("figure", `picture of-${group.split(".")[0]}`, film.element, name);
    this.films.set(group, film);
    this.figures.set(group, { figure, name });
    this.holder.append(figure);
  }
}
