/**
 * The echo guard (S25): does the microphone carry what the loudspeaker plays? Pure: band energies go in, a verdict comes out.
 *
 * Both sides are heard as loudness in four bands, a hundred times a second. Of the last three seconds each band of the microphone is
 * correlated with the same band of the loudspeaker for delays of 0–800 ms (Pearson's r). An echo has one delay that all bands share and
 * that stays the same; two people talking have none. Only a high correlation at a steady delay, three times in a row, counts.
 */

export const BANDS = 4;
export const HOP_MS = 10;
const WINDOW = 300;
const LAGS = 81;
const EVERY = 50;
const HIGH = 0.72;
const STEADY = 2;
const IN_A_ROW = 3;
/** Below this energy nothing is said; −60 dBov. */
const SILENT = 1e-6;
/** Less of the window than this with sound on both sides proves nothing. */
const SOUNDING = 0.25;

/** @typedef {{correlation: number, delay: number}} Echo delay in ms */

export class EchoDetector {
  constructor() {
    const ring = () => Array.from({ length: BANDS }, () => new Float64Array(WINDOW + LAGS));
    this.played = ring();
    this.heard = ring();
    this.count = 0;
    this.row = 0;
    this.lag = -1;
  }

  /**
   * One hop of 10 ms.
   * @param {ArrayLike<number>} played energy of each band at the loudspeaker, 0–1
   * @param {ArrayLike<number>} heard the same at the microphone
   * @returns {Echo | null} an echo, the moment it is certain
   */
  push(played, heard) {
    const at = this.count % (WINDOW + LAGS);
    for (let b = 0; b < BANDS; b += 1) {
      this.played[b][at] = loudness(played[b]);
      this.heard[b][at] = loudness(heard[b]);
    }
    this.count += 1;
    if (this.count < WINDOW + LAGS || this.count % EVERY) return null;
    return this.#judge();
  }

  /** Begin again: the microphone was closed, or another one is in use. */
  reset() {
    this.count = 0;
    this.row = 0;
  }

  /** @returns {Echo | null} */
  #judge() {
    const played = this.played.map((ring) => this.#line(ring));
    const heard = this.heard.map((ring) => this.#line(ring).subarray(LAGS));
    if (sounding(heard) < SOUNDING || sounding(played) < SOUNDING) {
      this.row = 0;
      return null;
    }
    let best = { correlation: -1, lag: 0 };
    for (let lag = 0; lag < LAGS; lag += 1) {
      const correlation = mean(heard.map((line, b) => pearson(line, played[b].subarray(LAGS - lag, LAGS - lag + WINDOW))));
      if (correlation > best.correlation) best = { correlation, lag };
    }
    const same = Math.abs(best.lag - this.lag) <= STEADY;
    this.row = best.correlation < HIGH ? 0 : same && this.row ? this.row + 1 : 1;
    this.lag = best.lag;
    return this.row >= IN_A_ROW ? { correlation: best.correlation, delay: best.lag * HOP_MS } : null;
  }

  /** Oldest first. @param {Float64Array} ring */
  #line(ring) {
    const at = this.count % ring.length;
    const line = new Float64Array(ring.length);
    line.set(ring.subarray(at));
    line.set(ring.subarray(0, at), ring.length - at);
    return line;
  }
}

/** Decibels above silence: an ear's measure, so that a quiet echo follows as well as a loud one. @param {number} energy */
const loudness = (energy) => 10 * Math.log10(Math.max(energy, SILENT) / SILENT);

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How much of the time something sounds. @param {Float64Array[]} lines */
function sounding(lines) {
  let loud = 0;
  for (let i = 0; i < lines[0].length; i += 1) if (lines.some((line) => line[i] > 15)) loud += 1;
  return loud / lines[0].length;
}

/**
 * @param {Float64Array} a
 * @param {Float64Array} b
 */
function pearson(a, b) {
  const n = a.length;
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    sa += a[i];
    sb += b[i];
    saa += a[i] * a[i];
    sbb += b[i] * b[i];
    sab += a[i] * b[i];
  }
  const spread = Math.sqrt((n * saa - sa * sa) * (n * sbb - sb * sb));
  return spread > 1e-9 ? (n * sab - sa * sb) / spread : 0;
}
