/** Publishing: one WHIP session; tracks come and go by replaceTrack, never by renegotiation (M31, M32). */
import { narrow } from "./codecs.js";
import { Keeper } from "./keeper.js";
import { Peer } from "./peer.js";
import { endpoint } from "./slots.js";

/**
 * @typedef {"mic" | "camera" | "screen"} Source
 * @typedef {object} PublishOptions
 * @property {import("./boot.js").Boot} boot
 * @property {import("./clock.js").Clock} clock
 * @property {Source[]} sources
 * @property {boolean} layers two rids: `q` always, `f` only on stage (M32)
 * @property {(state: import("./keeper.js").MediaState) => void} onchange
 */

const SMALL = { height: 180, bitrate: 100_000 };
const STAGE_BITRATE = 700_000;
/** Upper limits of the master's videos, bit/s. */
const CAPS = { camera: 1_500_000, screen: 2_000_000 };

/**
 * @param {MediaStreamTrack | null} track
 * @returns {number} how much smaller than the camera the small layer is
 */
function shrink(track) {
  const height = track?.getSettings().height ?? 720;
  return Math.max(1, height / SMALL.height);
}

/**
 * @param {MediaStreamTrack | null} track
 * @param {boolean} stage
 * @returns {RTCRtpEncodingParameters[]}
 */
function layers(track, stage) {
  return [
    { rid: "q", active: true, maxBitrate: SMALL.bitrate, scaleResolutionDownBy: shrink(track) },
    { rid: "f", active: stage, maxBitrate: STAGE_BITRATE, scaleResolutionDownBy: 1 },
  ];
}

export class Publisher {
  /** @param {PublishOptions} options */
  constructor(options) {
    this.options = options;
    this.stage = false;
    this.takeover = false;
    /** @type {Map<Source, MediaStreamTrack | null>} */
    this.tracks = new Map();
    /** @type {Map<Source, RTCRtpSender>} */
    this.senders = new Map();
    this.keeper = new Keeper({ make: (onstate) => this.#make(onstate), clock: options.clock, onchange: options.onchange });
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async set(source, track) {
    this.tracks.set(source, track);
    await this.senders.get(source)?.replaceTrack(track).catch(() => this.keeper.swap());
    if (source === "camera") await this.#applyLayers();
  }

  /** @param {boolean} on */
  async setStage(on) {
    if (this.stage === on) return;
    this.stage = on;
    await this.#applyLayers();
  }

  /** Another holds this place and we may have it: post again and take it (S4). */
  takeOver() {
    this.takeover = true;
    this.keeper.start();
  }

  async #applyLayers() {
    const sender = this.senders.get("camera");
    if (!sender || !this.options.layers) return;
    const parameters = sender.getParameters();
    const wanted = layers(this.tracks.get("camera") ?? null, this.stage);
    parameters.encodings.forEach((encoding, i) => Object.assign(encoding, { ...wanted[i], rid: encoding.rid }));
    await sender.setParameters(parameters).catch(() => {});
  }

  /** @param {(state: string) => void} onstate */
  #make(onstate) {
    const { boot, sources } = this.options;
    const query = { sources: sources.join(","), takeover: this.takeover ? "1" : undefined, page: boot.page, a: boot.admission };
    const url = endpoint(`/whip/${boot.lesson.id}`, query, location.origin);
    this.takeover = false;
    return new Peer({ url, iceServers: boot.iceServers, onstate, prepare: (pc) => this.#prepare(pc) });
  }

  /** @param {RTCPeerConnection} pc */
  #prepare(pc) {
    for (const source of this.options.sources) {
      const track = this.tracks.get(source) ?? null;
      const transceiver = pc.addTransceiver(track ?? (source === "mic" ? "audio" : "video"), {
        direction: "sendonly",
        ...this.#encodings(source, track),
      });
      if (source !== "mic") narrow(transceiver, "send");
      this.senders.set(source, transceiver.sender);
    }
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   * @returns {{sendEncodings?: RTCRtpEncodingParameters[]}}
   */
  #encodings(source, track) {
    if (source === "mic") return {};
    if (this.options.layers) return { sendEncodings: layers(track, this.stage) };
    return { sendEncodings: [{ maxBitrate: CAPS[source] }] };
  }
}
