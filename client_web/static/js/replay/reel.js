/**
 * One track of a recording that goes on, in a media element (Media Source Extensions): its segments are fetched as the moment nears them,
 * and what lies far from it is let go again.
 *
 * @typedef {{name: string, begin: number, end: number, key: boolean}} Segment lesson time, ms; only one with `key` begins with a keyframe
 * @typedef {{run: number, type: string, init: string, segments: Segment[]}} Run of equal codec parameters: `init` goes before its segments
 * @typedef {Segment & {of: Run}} Step
 */

/** So far ahead it is fetched, and so far behind it is kept. */
const AHEAD_MS = 20_000;
const BEHIND_MS = 30_000;
const AGAIN_MS = 2_000;

/**
 * @param {Step[]} steps in order
 * @param {Set<string>} held names of those that are there
 * @param {string} last name of the one that was put there last
 * @param {number} at lesson time
 * @returns {Step | null} what is to be put there next: pictures are understood only one after the other from a keyframe on
 */
export function nextStep(steps, held, last, at) {
  const wanted = steps.findIndex(({ name, begin, end }) => end > at && begin < at + AHEAD_MS && !held.has(name));
  if (wanted < 0) return null;
  const before = steps.findIndex(({ name }) => name === last);
  if (steps[wanted].key || (before === wanted - 1 && steps[before]?.of === steps[wanted].of)) return steps[wanted];
  let first = wanted;
  while (first > 0 && !steps[first].key && steps[first - 1].of === steps[wanted].of) first -= 1;
  return steps[before >= first && before < wanted ? before + 1 : first];
}

/**
 * @param {Step[]} steps
 * @param {Set<string>} held
 * @param {number} at
 * @returns {Step[]} what nobody will look at soon
 */
export function farSteps(steps, held, at) {
  return steps.filter(({ name, begin, end }) => held.has(name) && (end < at - BEHIND_MS || begin > at + 2 * AHEAD_MS));
}

export class Reel {
  /**
   * @param {number} origin lesson time of the media's time 0
   * @param {(name: string) => Promise<ArrayBuffer>} get
   * @param {() => number} now ms
   */
  constructor(origin, get, now) {
    this.origin = origin;
    this.get = get;
    this.now = now;
    /** @type {Step[]} */
    this.steps = [];
    this.over = false;
    this.source = new MediaSource();
    this.source.addEventListener("sourceclose", () => this.#reset());
    this.url = URL.createObjectURL(this.source);
    /** @type {SourceBuffer | null} */
    this.buffer = null;
    /** @type {Set<string>} */
    this.held = new Set();
    this.last = "";
    /** @type {Run | null} whose init part was put there last */
    this.run = null;
    this.busy = false;
    this.again = 0;
  }

  /**
   * @param {Run[]} runs as far as they are known now, in order
   * @param {boolean} over nothing more comes
   */
  grow(runs, over) {
    this.steps = runs.flatMap((of) => of.segments.map((segment) => ({ ...segment, of })));
    this.over = over;
  }

  /** To be called often. @param {number} at lesson time */
  feed(at) {
    if (this.busy || this.now() < this.again || this.source.readyState === "closed") return;
    const far = farSteps(this.steps, this.held, at);
    const step = nextStep(this.steps, this.held, this.last, at);
    if (!step && !far.length) {
      this.#finish();
      return;
    }
    this.busy = true;
    const failed = () => (this.again = this.now() + AGAIN_MS);
    void this.#take(step, far).catch(failed).finally(() => (this.busy = false));
  }

  /**
   * @param {Step | null} step
   * @param {Step[]} far
   */
  async #take(step, far) {
    for (const { name, begin, end } of this.buffer ? far : []) {
      this.held.delete(name);
      await this.#change((buffer) => buffer.remove(this.#seconds(begin), this.#seconds(end)));
    }
    if (!step) return;
    const { of } = step;
    const parts = of.run === this.run?.run ? [step.name] : [of.init, step.name];
    const data = await Promise.all(parts.map((name) => this.get(name)));
    if (this.source.readyState === "closed") return;
    if (!this.buffer) this.buffer = this.source.addSourceBuffer(of.type);
    else if (this.run && of.type !== this.run.type) this.buffer.changeType(of.type);
    for (const one of data) await this.#change((buffer) => buffer.appendBuffer(one));
    this.run = of;
    this.last = step.name;
    this.held.add(step.name);
  }

  /** @param {number} at */
  #seconds(at) {
    return Math.max(0, (at - this.origin) / 1_000);
  }

  /**
   * @param {(buffer: SourceBuffer) => void} change
   * @returns {Promise<void>}
   */
  #change(change) {
    return new Promise((done, failed) => {
      const { buffer } = this;
      if (!buffer) return done();
      buffer.addEventListener("updateend", () => done(), { once: true });
      buffer.addEventListener("error", () => failed(new Error("the browser cannot read it")), { once: true });
      change(buffer);
    });
  }

  /** The element left it for something else, and may come back. */
  #reset() {
    this.buffer = null;
    this.held.clear();
    this.last = "";
    this.run = null;
  }

  /** All of it is there: the element may end. */
  #finish() {
    const last = this.steps[this.steps.length - 1];
    if (this.over && this.source.readyState === "open" && last && this.held.has(last.name)) this.source.endOfStream();
  }
}
