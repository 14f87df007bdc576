/**
 * One page as it is seen: its picture as it comes, the canvases over it, its sound and film.
 *
 * Its element says what is to be seen: `data-quality`, `data-shows` (content address and number of the page, once its picture is there;
 * of a blank one its sheet) and `data-ink` (`inkHash`). Where these are equal, two screens are.
 */
import { t } from "../i18n.js";
import { icon, make } from "../views/dom.js";
import { inkHash } from "./digest.js";
import { BLANK, fit } from "./geometry.js";
import { Layers } from "./layers.js";

/** @typedef {{sheet: string, page: number}} Place */

export class Face {
  /**
   * @param {HTMLElement} holder
   * @param {import("./store.js").PageStore} store
   * @param {() => void} fitted
   */
  constructor(holder, store, fitted) {
    this.store = store;
    this.fitted = fitted;
    /** @type {Place | null} */
    this.at = null;
    /** Counts what was shown: what comes later for an earlier page is not. */
    this.turn = 0;
    this.url = "";
    this.playing = "";
    this.picture = make("img", "board-picture");
    this.picture.alt = "";
    this.page = make("div", "board-page", this.picture);
    this.page.setAttribute("role", "img");
    this.empty = make("p", "board-empty", t("board.empty"));
    this.media = make("div", "board-media");
    this.element = make("div", "board", this.page, this.empty, this.media);
    holder.append(this.element);
    this.layers = new Layers(this.page, t("board.text.gone"));
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.element);
  }

  /** Something of the open page is still missing. */
  get waiting() {
    return this.at !== null && (this.page.dataset.quality === "none" || this.page.dataset.quality === "preview");
  }

  close() {
    this.sizes.disconnect();
    if (this.url) URL.revokeObjectURL(this.url);
  }

  /**
   * @param {Place | null} at
   * @param {string} version empty: a blank page
   * @param {number} of how many pages the sheet has
   */
  show(at, version, of) {
    const turn = ++this.turn;
    this.at = at;
    this.page.hidden = !at;
    this.empty.hidden = !!at;
    this.#media();
    if (!at) return;
    this.page.setAttribute("aria-label", t("board.page", { n: at.page, of }));
    this.page.dataset.quality = version ? "none" : "blank";
    this.page.dataset.shows = version ? "" : `${at.sheet}/${at.page}`;
    this.picture.hidden = true;
    this.fit();
    if (!version) return;
    void this.store.show(version, at.page, (blob, quality) => {
      if (turn !== this.turn) return false;
      void this.#put(blob, quality, turn, `${version}/${at.page}`);
      return true;
    });
  }

  /** @param {readonly import("../fold/board.js").Item[]} items ink of the page, as it is in the log */
  ink(items) {
    this.layers.show(items);
    this.page.dataset.ink = inkHash(items);
  }

  /** The lesson's files are known now, or others are. */
  informed() {
    this.#media();
    this.fit();
  }

  #media() {
    const { at } = this;
    const media = (at && this.store.info(at.sheet, at.page)?.media) || [];
    const known = media.map(({ address }) => address).join();
    if (known === this.playing) return;
    this.playing = known;
    this.media.replaceChildren(...media.map(player));
  }

  fit() {
    const { at, picture } = this;
    const natural = picture.naturalWidth && !picture.hidden ? { width: picture.naturalWidth, height: picture.naturalHeight } : BLANK;
    const info = at ? this.store.info(at.sheet, at.page) : null;
    const box = fit(info ?? natural, { width: this.element.clientWidth, height: this.element.clientHeight });
    for (const side of /** @type {const} */ (["left", "top", "width", "height"])) this.page.style[side] = `${box[side]}px`;
    this.layers.resize(box);
    this.fitted();
  }

  /**
   * @param {Blob} blob
   * @param {import("./store.js").Quality} quality
   * @param {number} turn
   * @param {string} address
   */
  async #put(blob, quality, turn, address) {
    const url = URL.createObjectURL(blob);
    const fresh = new Image();
    fresh.src = url;
    await fresh.decode().catch(() => {});
    if (turn !== this.turn || (quality === "preview" && this.page.dataset.quality === "page")) {
      URL.revokeObjectURL(url);
      return;
    }
    this.picture.src = url;
    this.picture.hidden = false;
    this.page.dataset.quality = quality;
    this.page.dataset.shows = address;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = url;
    this.fit();
  }
}

/**
 * Sound or film of a page, played by whoever presses it.
 * @param {{type: string, address: string}} media
 * @returns {HTMLElement}
 */
function player({ type, address }) {
  const press = make("button", "button", icon("sound"), make("span", "words", t("board.play")));
  press.type = "button";
  press.addEventListener("click", () => {
    const element = make(type.startsWith("audio/") ? "audio" : "video", "board-player");
    element.controls = element.autoplay = true;
    element.src = address;
    press.replaceWith(element);
  });
  return press;
}
