/**
 * One group of a recording (`teacher`, `screen`, `stage.N`) as a media element that follows the replay's course: whichever of its files
 * covers the moment is loaded, brought there, and kept there.
 *
 * @typedef {{group: string, begin: number, end: number, url: string, type: string, video: boolean, audio: boolean, thumbnails: [number, string][], quality?: string, bits?: number,
 *   zero?: number, reel?: import("./reel.js").Reel, apart?: boolean}} File of a recording that goes on `zero` is the media's time 0, `reel` feeds
 *   it, and `apart` says that sound and picture are files of their own
 */
import { make } from "../views/dom.js";

/** Off by more, it is brought back at once; by less, a little faster or slower. */
const FAR = 0.35;
const NEAR = 0.06;
const PUSH = 0.06;
/** So long before a file begins it is fetched. */
const AHEAD_MS = 8_000;
/** Seconds before a file's end from which on nothing more is waited for. */
const TAIL = 0.25;
const IDLE = 1;

export class Film {
  /**
   * @param {string} group
   * @param {File[]} files
   */
  constructor(group, files) {
    this.group = group;
    this.files = files;
    /** @type {File | null} */
    this.file = null;
    this.muted = false;
    /** Those for weak links, where there are some. */
    this.thin = false;
    this.element = make("video", "film");
    this.element.playsInline = true;
    this.element.preload = "auto";
    this.element.disablePictureInPicture = true;
    this.refused = false;
  }

  /** Sound by itself, beside pictures without any. */
  get apart() {
    return !!this.files[0]?.apart && !this.files[0].video;
  }

  /** @param {number} at lesson time @returns {File | null} */
  covering(at) {
    return this.#best(this.files.filter(({ begin, end }) => begin <= at && at < end));
  }

  /** @param {number} at @returns {boolean} its picture is to be seen now */
  visible(at) {
    return !!this.covering(at)?.video;
  }

  /** Whether it is needed now and has no data to go on with, and some may still come. */
  get waiting() {
    const { error, readyState, networkState, ended, duration, currentTime } = this.element;
    if (this.file === null || error || readyState >= 3) return false;
    const over = ended || (Number.isFinite(duration) && currentTime >= duration - TAIL);
    return !over && !(readyState === 2 && networkState === IDLE);
  }

  /** Whether its own addresses are too old, or its file cannot be played here. */
  get broken() {
    return this.element.error !== null;
  }

  /**
   * @param {number} at lesson time
   * @param {boolean} playing
   * @param {number} rate
   */
  follow(at, playing, rate) {
    const file = this.covering(at);
    if (!file || file !== this.file) this.#load(file ?? this.#coming(at), file !== null);
    if (!file || this.element.error) {
      this.element.pause();
      return;
    }
    const { element } = this;
    file.reel?.feed(at);
    const wanted = (at - (file.zero ?? file.begin)) / 1000;
    const off = element.currentTime - wanted;
    element.muted = this.muted;
    if (wanted >= element.duration) {
      this.#rest();
      return;
    }
    if (element.readyState >= 1 && (Math.abs(off) > FAR || (!playing && Math.abs(off) > NEAR)) && !element.seeking) element.currentTime = wanted;
    element.playbackRate = Math.abs(off) > NEAR && Math.abs(off) <= FAR ? rate * (off > 0 ? 1 - PUSH : 1 + PUSH) : rate;
    // one that has ended would begin anew
    if (playing && element.paused && !element.ended) void this.#play();
    if (!playing && !element.paused) element.pause();
  }

  /** Safari lets an element sound only if it was loaded by a hand, once. */
  unlock() {
    if (!this.element.hasAttribute("src")) this.element.load();
  }

  /** @param {File[]} files the same with newer addresses */
  renew(files) {
    this.files = files;
    this.retry();
  }

  /** @param {File[]} files the same, grown */
  grow(files) {
    this.files = files;
    const { file } = this;
    if (file) this.file = files.find(({ begin, url }) => begin === file.begin && url === file.url) ?? null;
  }

  /** Fetch it anew: what failed may have been the network. */
  retry() {
    this.file = null;
    this.element.removeAttribute("src");
  }

  async #play() {
    try {
      await this.element.play();
      this.refused = false;
    } catch (error) {
      if (/** @type {Error} */ (error).name === "NotAllowedError") this.refused = true;
    }
  }

  /** The file ends a little before its recording does: its last picture stays. */
  #rest() {
    const { element } = this;
    if (!element.paused) element.pause();
    if (element.readyState >= 1 && !element.seeking && element.currentTime < element.duration - TAIL) element.currentTime = element.duration;
  }

  /** @param {number} at */
  #coming(at) {
    const next = this.files.find(({ begin }) => begin > at && begin - at < AHEAD_MS);
    return next ? this.#best(this.files.filter(({ begin }) => begin === next.begin)) : null;
  }

  /** @param {File[]} files of the same moment */
  #best(files) {
    return files.find(({ quality }) => (quality === "thin") === this.thin) ?? files[0] ?? null;
  }

  /**
   * @param {File | null} file
   * @param {boolean} now it is to be seen now, not only soon
   */
  #load(file, now) {
    this.file = now ? file : null;
    const address = file?.url ?? "";
    if (this.element.getAttribute("src") === address || (!address && !this.element.hasAttribute("src"))) return;
    if (address) this.element.src = address;
    else {
      this.element.removeAttribute("src");
      this.element.load();
    }
  }
}
