/** Listens to what the page plays and to its open microphone, and says when the one is in the other. */
import { BANDS, EchoDetector } from "./detector.js";

export class EchoGuard {
  /**
   * @param {string} worklet address of `bands.js`
   * @param {(echo: import("./detector.js").Echo) => void} found
   */
  constructor(worklet, found) {
    this.worklet = worklet;
    this.found = found;
    this.detector = new EchoDetector();
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** @type {Map<string, MediaStreamAudioSourceNode>} */
    this.sources = new Map();
    /** @type {Map<string, MediaStreamTrack>} */
    this.tracks = new Map();
    this.open = false;
    /** @type {Promise<void> | null} */
    this.starting = null;
  }

  /**
   * What the loudspeaker plays.
   * @param {string} slot
   * @param {MediaStreamTrack} track
   */
  play(slot, track) {
    this.tracks.set(slot, track);
    this.#connect(slot, 0);
  }

  /**
   * The microphone while it is open; null closes it.
   * @param {MediaStreamTrack | null} track
   */
  async listen(track) {
    const open = track !== null;
    if (open === this.open && track === (this.tracks.get("mic") ?? null)) return;
    this.open = open;
    this.detector.reset();
    if (!track) {
      this.tracks.delete("mic");
      this.#drop("mic");
      return;
    }
    this.tracks.set("mic", track);
    this.starting ??= this.#start();
    await this.starting;
    for (const slot of this.tracks.keys()) this.#connect(slot, slot === "mic" ? 1 : 0);
  }

  async #start() {
    try {
      const context = new AudioContext();
      await context.audioWorklet.addModule(this.worklet);
      const node = new AudioWorkletNode(context, "echo-bands", { numberOfInputs: 2, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
      node.port.onmessage = (event) => this.#hops(event.data);
      this.context = context;
      this.node = node;
    } catch {
      // A browser without worklets has no guard; the teacher can still mute the room.
      this.starting = null;
    }
  }

  /**
   * @param {string} slot
   * @param {number} input
   */
  #connect(slot, input) {
    const track = this.tracks.get(slot);
    if (!this.context || !this.node || !track || !this.open) return;
    this.#drop(slot);
    const source = this.context.createMediaStreamSource(new MediaStream([track]));
    source.connect(this.node, 0, input);
    this.sources.set(slot, source);
    void this.context.resume();
  }

  /** @param {string} slot */
  #drop(slot) {
    this.sources.get(slot)?.disconnect();
    this.sources.delete(slot);
  }

  /** @param {Float32Array} hops */
  #hops(hops) {
    if (!this.open) return;
    for (let at = 0; at < hops.length; at += 2 * BANDS) {
      const echo = this.detector.push(hops.subarray(at, at + BANDS), hops.subarray(at + BANDS, at + 2 * BANDS));
      if (!echo) continue;
      this.detector.reset();
      this.found(echo);
      return;
    }
  }
}
