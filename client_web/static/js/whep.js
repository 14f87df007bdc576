/** Watching: one WHEP session whose m-lines are named slots (M30). */
import { narrow } from "./codecs.js";
import { Keeper } from "./keeper.js";
import { Peer } from "./peer.js";
import { endpoint, kindOf } from "./slots.js";

/**
 * @typedef {object} WatchOptions
 * @property {import("./boot.js").Boot} boot
 * @property {import("./clock.js").Clock} clock
 * @property {string[]} slots
 * @property {(slot: string, track: MediaStreamTrack) => void} ontrack
 * @property {(state: import("./keeper.js").MediaState) => void} onchange
 */

export class Watcher {
  /** @param {WatchOptions} options */
  constructor(options) {
    this.options = options;
    this.slots = options.slots;
    /** @type {Map<string, RTCRtpReceiver>} */
    this.receivers = new Map();
    this.keeper = new Keeper({ make: (onstate) => this.#make(onstate), clock: options.clock, onchange: options.onchange });
  }

  /** @param {string[]} slots a new layout, taken by a second session */
  relayout(slots) {
    if (slots.length === this.slots.length) return;
    this.slots = slots;
    this.keeper.swap();
  }

  /** @param {(state: string) => void} onstate */
  #make(onstate) {
    const { boot } = this.options;
    const { slots } = this;
    const url = endpoint(`/whep/${boot.lesson.id}`, { slots: slots.join(","), page: boot.page, a: boot.admission }, location.origin);
    return new Peer({ url, iceServers: boot.iceServers, onstate, prepare: (pc) => this.#prepare(pc, slots) });
  }

  /**
   * @param {RTCPeerConnection} pc
   * @param {string[]} slots
   */
  #prepare(pc, slots) {
    /** @type {Map<RTCRtpTransceiver, string>} */
    const names = new Map();
    for (const slot of slots) {
      const transceiver = pc.addTransceiver(kindOf(slot), { direction: "recvonly" });
      if (kindOf(slot) === "video") narrow(transceiver, "receive");
      names.set(transceiver, slot);
    }
    pc.ontrack = ({ transceiver, track }) => {
      const slot = names.get(transceiver);
      if (!slot) return;
      this.receivers.set(slot, transceiver.receiver);
      this.options.ontrack(slot, track);
    };
  }
}
