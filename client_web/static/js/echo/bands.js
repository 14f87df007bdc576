/**
 * In the audio thread: loudness of loudspeaker (input 0) and microphone (input 1) in four bands, posted ten hops of 10 ms at a time.
 * Loaded by `audioWorklet.addModule`, so it imports nothing.
 */

const BANDS = 4;
const HOPS = 10;
/** Upper edges, Hz: one-pole low-passes, a band is the difference of two neighbours. */
const EDGES = [350, 900, 2000, 4500];

class Side {
  constructor() {
    this.poles = new Float64Array(BANDS);
    this.sums = new Float64Array(BANDS);
    this.factors = EDGES.map((edge) => 1 - Math.exp((-2 * Math.PI * edge) / sampleRate));
  }

  /** @param {number} sample */
  take(sample) {
    let below = 0;
    for (let b = 0; b < BANDS; b += 1) {
      this.poles[b] += this.factors[b] * (sample - this.poles[b]);
      const band = this.poles[b] - below;
      this.sums[b] += band * band;
      below = this.poles[b];
    }
  }

  /**
   * @param {Float32Array} into
   * @param {number} at
   * @param {number} samples
   */
  hop(into, at, samples) {
    for (let b = 0; b < BANDS; b += 1) {
      into[at + b] = this.sums[b] / samples;
      this.sums[b] = 0;
    }
  }
}

class Bands extends AudioWorkletProcessor {
  constructor() {
    super();
    this.sides = [new Side(), new Side()];
    this.samples = Math.round(sampleRate / 100);
    this.filled = 0;
    this.hops = 0;
    this.out = new Float32Array(HOPS * 2 * BANDS);
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const length = (inputs[0][0] ?? inputs[1][0])?.length ?? 0;
    for (let i = 0; i < length; i += 1) {
      this.sides.forEach((side, n) => side.take(inputs[n][0]?.[i] ?? 0));
      this.filled += 1;
      if (this.filled === this.samples) this.#hop();
    }
    return true;
  }

  #hop() {
    this.sides.forEach((side, n) => side.hop(this.out, this.hops * 2 * BANDS + n * BANDS, this.samples));
    this.filled = 0;
    this.hops += 1;
    if (this.hops < HOPS) return;
    this.port.postMessage(this.out);
    this.out = new Float32Array(HOPS * 2 * BANDS);
    this.hops = 0;
  }
}

registerProcessor("echo-bands", Bands);
