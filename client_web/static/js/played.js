/** What this page's receivers really played since the last look (S11): the `played` signal. */

/**
 * @typedef {{packets: number, frames: number, samples: number, concealed: number}} Counts
 * @typedef {{audio: boolean, camera: boolean, screen: boolean}} Played
 */

/** @type {Counts} */
const ZERO = { packets: 0, frames: 0, samples: 0, concealed: 0 };

/**
 * @param {Iterable<any>} entries of an RTCStatsReport
 * @returns {Counts}
 */
export function counts(entries) {
  for (const e of entries) {
    if (e.type !== "inbound-rtp") continue;
    return {
      packets: e.packetsReceived ?? 0,
      frames: e.framesDecoded ?? 0,
      samples: e.totalSamplesReceived ?? 0,
      concealed: e.concealedSamples ?? 0,
    };
  }
  return ZERO;
}

/**
 * A new session starts its counters at zero, so a step back counts from zero.
 * @param {Counts} now
 * @param {Counts} before
 * @returns {Counts}
 */
function since(now, before) {
  const base = now.packets < before.packets ? ZERO : before;
  return {
    packets: now.packets - base.packets,
    frames: now.frames - base.frames,
    samples: now.samples - base.samples,
    concealed: now.concealed - base.concealed,
  };
}

/**
 * @param {Counts} now
 * @param {Counts} before
 */
export const sawPicture = (now, before) => since(now, before).frames > 0;

/**
 * Packets came and at least half of the sound was theirs, not invented by the concealment.
 * @param {Counts} now
 * @param {Counts} before
 */
export function heardSound(now, before) {
  const step = since(now, before);
  return step.packets > 0 && step.concealed * 2 <= step.samples;
}

export class PlayedMeter {
  /** @param {import("./whep.js").Watcher} watcher */
  constructor(watcher) {
    this.watcher = watcher;
    /** @type {Map<string, Counts>} */
    this.before = new Map();
  }

  /**
   * @param {boolean} audible whether the browser lets this page sound at all
   * @returns {Promise<Played>}
   */
  async look(audible) {
    const sound = await this.#step("program.audio", heardSound);
    const camera = await this.#step("program.camera", sawPicture);
    const screen = await this.#step("program.screen", sawPicture);
    return { audio: sound && audible, camera, screen };
  }

  /**
   * @param {string} slot
   * @param {(now: Counts, before: Counts) => boolean} judge
   */
  async #step(slot, judge) {
    const report = await this.watcher.receivers.get(slot)?.getStats().catch(() => null);
    const now = counts(report?.values() ?? []);
    const before = this.before.get(slot) ?? ZERO;
    this.before.set(slot, now);
    return judge(now, before);
  }
}
