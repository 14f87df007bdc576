/** Trying camera, microphone and loudspeaker in a classroom between lessons: seen, heard, and said in one sentence. */
import { open } from "../devices.js";
import { t } from "../i18n.js";
import { LevelMeter, loudness } from "../level.js";
import { byId, setText } from "./dom.js";
import { MeterView } from "./meter.js";

/** It ends by itself: nobody leaves a camera open in an empty room. */
const LASTS = 60_000;
const HEARD = 0.3;

export class Trial {
  constructor() {
    this.meter = new MeterView();
    this.level = new LevelMeter();
    this.heard = false;
    /** @type {MediaStreamTrack[]} */
    this.tracks = [];
    this.timers = { look: 0, end: 0 };
    byId("trial-level").append(this.meter.element);
    byId("trial").addEventListener("click", () => void (this.tracks.length ? this.stop() : this.start()));
  }

  async start() {
    const { mic, camera, problem } = await open();
    this.tracks = [mic, camera].filter((track) => track !== null);
    if (!mic || !camera) {
      this.say(problem ? t(`device.class.${problem === "insecure" ? "missing" : problem}`) : "");
      if (!this.tracks.length) return;
    }
    const video = /** @type {HTMLVideoElement} */ (byId("trial-picture"));
    video.srcObject = camera ? new MediaStream([camera]) : null;
    byId("trial-part").hidden = false;
    setText(byId("trial"), t("trial.stop"));
    this.level.attach(mic);
    if (mic && camera) this.say(t("trial.speak"));
    this.#chime();
    this.timers = { look: window.setInterval(() => this.look(), 100), end: window.setTimeout(() => this.stop(), LASTS) };
  }

  look() {
    const loud = loudness(this.level.read() ?? 0);
    this.meter.set(loud);
    if (this.heard || loud < HEARD) return;
    this.heard = true;
    this.say(t("trial.good"));
  }

  /** Two tones out of the loudspeaker; this click is the touch that browsers wait for. */
  #chime() {
    const context = new AudioContext();
    [660, 880].forEach((frequency, i) => {
      const tone = new OscillatorNode(context, { frequency });
      const gain = new GainNode(context, { gain: 0.15 });
      tone.connect(gain).connect(context.destination);
      tone.start(context.currentTime + i * 0.3);
      tone.stop(context.currentTime + i * 0.3 + 0.25);
    });
    setTimeout(() => void context.close(), 1_000);
  }

  stop() {
    clearInterval(this.timers.look);
    clearTimeout(this.timers.end);
    for (const track of this.tracks) track.stop();
    this.level.attach(null);
    this.tracks = [];
    this.heard = false;
    byId("trial-part").hidden = true;
    setText(byId("trial"), t("trial.start"));
    this.say("");
  }

  /** @param {string} words */
  say(words) {
    setText(byId("trial-words"), words);
  }
}
