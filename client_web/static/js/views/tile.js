/** A remote classroom on the wall: picture, name, link state in words and shape, and the way on stage. */
import { t } from "../i18n.js";
import { button, chip, icon, make, setChip, setIcon, setText } from "./dom.js";
import { Picture } from "./picture.js";

/**
 * @typedef {object} TileState
 * @property {string} name
 * @property {import("../health.js").Health} health
 * @property {boolean} onStage
 * @property {boolean} canCall
 * @property {string | null} noPicture words in place of the picture
 * @property {number} hands how many are up
 * @property {import("../fold/help.js").Signal | null} signal the room's last word
 * @property {boolean} rung it was rung and has not answered
 * @property {boolean} request it asks to be heard
 * @property {string | null} closed on stage and not heard: who closed the microphone
 *
 * @typedef {object} TileActions
 * @property {(participant: string, onStage: boolean) => void} call
 * @property {(participant: string) => void} acknowledge
 * @property {(participant: string) => void} ring
 * @property {(participant: string, open: boolean) => void} mic
 */

/** @type {Record<import("../health.js").Health, string>} */
const TONES = { good: "good", weak: "amber", deaf: "amber", blind: "amber", connecting: "", offline: "" };

export class Tile {
  /**
   * @param {string} room
   * @param {TileActions | null} actions null: a wall without buttons
   */
  constructor(room, actions) {
    this.picture = new Picture("fill", "room");
    this.title = make("h3");
    this.chip = chip();
    this.onStage = false;
    this.handsUp = make("span");
    this.hands = make("span", "hands-up", icon("hand"), this.handsUp);
    this.word = make("p", "word");
    this.element = make("li", "tile", this.picture.element, make("div", "about", this.title, this.hands, this.chip), this.word);
    this.button = actions ? button("tile.call", "stage", "", () => actions.call(room, this.onStage)) : null;
    this.buttons = actions ? this.#buttons(room, actions) : null;
    if (this.button && this.buttons) this.element.append(make("div", "acts", this.button, ...Object.values(this.buttons)));
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
    this.hands.hidden = state.hands === 0;
    setText(this.handsUp, String(state.hands));
    this.hands.title = t("hands.up", { n: state.hands });
    setText(this.word, words(state));
    this.word.hidden = !words(state);
    if (this.button) this.#update(this.button, state);
    if (!this.buttons) return;
    this.buttons.seen.hidden = !state.signal || state.signal.acknowledged !== null;
    this.buttons.ring.hidden = state.onStage || state.rung || (state.health !== "deaf" && state.health !== "blind" && state.health !== "offline");
    this.buttons.mute.hidden = !state.onStage || state.closed !== null;
    this.buttons.open.hidden = !(state.request || (state.onStage && state.closed !== null));
  }

  /**
   * @param {string} room
   * @param {TileActions} actions
   */
  #buttons(room, actions) {
    return {
      seen: button("help.acknowledge", "good", "next", () => actions.acknowledge(room)),
      open: button("mic.grant", "mic", "next", () => actions.mic(room, true)),
      mute: button("mic.mute", "mic-off", "", () => actions.mic(room, false)),
      ring: button("help.ring_it", "sound", "", () => actions.ring(room)),
    };
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

/**
 * The most urgent thing to know of a room.
 * @param {TileState} state
 * @returns {string}
 */
function words({ signal, rung, request, onStage, closed }) {
  if (signal && signal.acknowledged === null) return t(`help.${signal.word}`);
  if (request) return t("mic.asks");
  if (onStage && closed) return t(`mic.closed.${closed}`);
  if (rung) return t("help.ringing");
  return signal ? t(`help.${signal.word}.seen`) : "";
}
