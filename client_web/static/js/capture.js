/** The microphone and camera of this page: opened once, muted and swapped without anybody else noticing. */
import * as devices from "./devices.js";
import { Emitter } from "./emitter.js";

/** @extends {Emitter<{change: null}>} */
export class Capture extends Emitter {
  constructor() {
    super();
    /** @type {MediaStreamTrack | null} */
    this.mic = null;
    /** @type {MediaStreamTrack | null} */
    this.camera = null;
    /** @type {devices.DeviceProblem | null} */
    this.problem = null;
    this.switched = { mic: true, camera: true };
  }

  /** Opens what is missing; plugging something in later calls it again. */
  async open() {
    const want = { mic: !alive(this.mic), camera: !alive(this.camera) };
    if (!want.mic && !want.camera) return;
    const opened = want.mic && want.camera ? await devices.open() : await devices.openOnly(want);
    this.problem = opened.problem;
    this.#take("mic", opened.mic);
    this.#take("camera", opened.camera);
    this.emit("change", null);
  }

  /** Opens again whenever something is plugged in or the device in use disappears. */
  watch() {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.open());
  }

  /**
   * @param {"mic" | "camera"} source
   * @param {string} deviceId
   */
  async choose(source, deviceId) {
    devices.remember({ [source]: deviceId });
    // Some cameras cannot be opened twice: let go first.
    this[source]?.stop();
    const opened = await devices.openOnly({ mic: source === "mic", camera: source === "camera" });
    this.problem = opened.problem;
    this.#take(source, opened[source]);
    this.emit("change", null);
  }

  /**
   * @param {"mic" | "camera"} source
   * @param {boolean} on
   */
  enable(source, on) {
    this.switched[source] = on;
    const track = this[source];
    if (track) track.enabled = on;
  }

  /**
   * @param {"mic" | "camera"} source
   * @returns {boolean} the device is there and switched on
   */
  live(source) {
    return this.switched[source] && alive(this[source]);
  }

  /**
   * @param {"mic" | "camera"} source
   * @param {MediaStreamTrack | null} track
   */
  #take(source, track) {
    if (!track) {
      if (!alive(this[source])) this[source] = null;
      return;
    }
    track.enabled = this.switched[source];
    track.addEventListener("ended", () => void this.open());
    this[source] = track;
  }
}

/** @param {MediaStreamTrack | null} track */
const alive = (track) => track?.readyState === "live";
