/** How loud a microphone is, and whether it is dead. */

const FLOOR_DB = -60;
/** Below this (-80 dB) a microphone is dead; a quiet room behind the browser's noise suppression is still above it. */
export const DEAD = 0.0001;
/** Pages look once a second, and the second in which the sound ended still counts as heard. */
const SILENT_AFTER = 2_900;

/**
 * @param {number} amplitude 0 … 1
 * @returns {number} 0 … 1 on a decibel scale, as ears and meters have it
 */
export function loudness(amplitude) {
  if (amplitude <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(amplitude)) / FLOOR_DB));
}

/** Says when a microphone has been dead for 3 s, so that the warning is on the page within 5 s (S11). */
export class SilenceWatch {
  /** @param {number} now ms */
  constructor(now) {
    this.heard = now;
  }

  /**
   * @param {number | null} amplitude null: not known, which is no reason to alarm
   * @param {number} now ms
   * @returns {boolean} silent
   */
  update(amplitude, now) {
    if (amplitude === null || amplitude >= DEAD) this.heard = now;
    return now - this.heard >= SILENT_AFTER;
  }
}

/** Reads a track's peak amplitude through an AnalyserNode. */
export class LevelMeter {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AnalyserNode | null} */
    this.analyser = null;
    /** @type {MediaStreamAudioSourceNode | null} */
    this.source = null;
    /** 170 ms at 48 kHz: longer than the 100 ms between two readings, so that no sound falls between them. */
    this.samples = new Float32Array(8192);
  }

  /** @param {MediaStreamTrack | null} track */
  attach(track) {
    this.source?.disconnect();
    this.source = null;
    if (!track) return;
    this.context ??= new AudioContext();
    this.analyser ??= Object.assign(this.context.createAnalyser(), { fftSize: this.samples.length });
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.source.connect(this.analyser);
    void this.context.resume().catch(() => {});
  }

  /** Browsers hold audio contexts until a touch; call from any click. */
  wake() {
    if (this.context?.state === "suspended") void this.context.resume().catch(() => {});
  }

  /** @returns {number | null} peak 0 … 1 since the last reading, null while the browser holds the audio context */
  read() {
    if (!this.source || !this.analyser || this.context?.state !== "running") return null;
    this.analyser.getFloatTimeDomainData(this.samples);
    return this.samples.reduce((peak, x) => Math.max(peak, Math.abs(x)), 0);
  }
}

/**
 * The sender's own measure: it needs no audio context, counts what is really sent, and misses nothing while the page is hidden
 * and its timers are slow.
 */
export class SentLevel {
  constructor() {
    this.before = { energy: 0, seconds: 0 };
  }

  /**
   * @param {Iterable<any>} entries of the sender's RTCStatsReport
   * @returns {number | null} RMS 0 … 1 since the last look (webrtc-stats, totalAudioEnergy), null when nothing was measured
   */
  step(entries) {
    for (const e of entries) {
      if (e.type !== "media-source" || typeof e.totalAudioEnergy !== "number") continue;
      const now = { energy: e.totalAudioEnergy, seconds: e.totalSamplesDuration };
      const { before } = this;
      this.before = now;
      const seconds = now.seconds - before.seconds;
      return seconds > 0 ? Math.sqrt(Math.max(0, now.energy - before.energy) / seconds) : null;
    }
    return null;
  }

  /**
   * @param {RTCRtpSender | undefined} sender
   * @returns {Promise<number | null>}
   */
  async read(sender) {
    const report = await sender?.getStats().catch(() => null);
    return this.step(report?.values() ?? []);
  }
}
