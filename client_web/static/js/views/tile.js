/** A remote classroom on the wall: picture, name, link state in words and shape, and the way on stage. */
import { t } from "../i18n.js";
import { button, chip, make, setChip, setIcon, setText } from "./dom.js";
import { Picture } from "./picture.js";

/**
 * @typedef {object} TileState
 * @property {string} name
 * @property {import("../health.js").Health} health
 * @property {boolean} onStage
 * @property {boolean} canCall
 * @property {string | null} noPicture words in place of the picture
 */

/** @type {Record<import("../health.js").Health, string>} */
const TONES = { good: "good", weak: "amber", deaf: "amber", blind: "amber", connecting: "", offline: "" };

export class Tile {
  /** @param {((onStage: boolean) => void) | null} toggle null: a wall without buttons */
  constructor(toggle) {
    this.picture = new Picture("fill", "room");
    this.title = make("h3");
    this.chip = chip();
    this.onStage = false;
    this.button = toggle ? button("tile.call", "stage", "", () => toggle(this.onStage)) : null;
    this.element = make("li", "tile", this.picture.element, make("div", "about", this.title, this.chip));
    if (this.button) this.element.append(this.button);
  }

  /** @param {TileState} state */
  update(state) {
    this.onStage = state.onStage;
    this.element.dataset.health = state.health;
    this.element.dataset.stage = state.onStage ? "1" : "0";
    setText(this.title, state.name);
    this.title.title = state.name;
    setChip(this.chip, state.health, t(`health.${state.health}`), TONES[state.health]);
    this.picture.say(state.noPicture);
    if (this.button) this.#update(this.button, state);
  }

  /**
   * @param {HTMLButtonElement} element
   * @param {TileState} state
   */
  #update(element, state) {
    setIcon(element, state.onStage ? "back" : "stage");
    setText(element.querySelector(".words") ?? element, t(state.onStage ? "tile.release" : "tile.call"));
    element.setAttribute("aria-label", t(state.onStage ? "tile.release_name" : "tile.call_name", { name: state.name }));
    element.classList.toggle("on-air", state.onStage);
    element.hidden = !state.canCall && !state.onStage;
  }
}
