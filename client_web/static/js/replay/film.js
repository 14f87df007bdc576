/**
 * One group of a recording (`teacher`, `screen`, `stage.N`) as a media element that follows the replay's course: whichever of its files
 * covers the moment is loaded, brought there, and kept there.
 *
 * @typedef {{group: string, begin: number, end: number, url: string, type: string, video: boolean, audio: boolean, thumbnails: [number, string][]}} File
 */
import { make } from "../views/dom.js";

/** Off by more, it is brought back at once; by less, a little faster or slower. */
const FAR = 0.35;
const NEAR = 0.06;
const PUSH = 0.06;
/** So long before a file begins it is fetched. */
const AHEAD_MS = 8_000;

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
    this.element = make("video", "film");
    this.element.playsInline = true;
    this.element.preload = "auto";
    this.element.disablePictureInPicture = true;
    this.refused = false;
  }

  /** @param {number} at lesson time @returns {File | null} */
  covering(at) {
    return this.files.find(({ begin, end }) => begin <= at && at < end) ?? null;
  }

  /** @param {number} at @returns {boolean} its picture is to be seen now */
  visible(at) {
    return !!this.covering(at)?.video;
  }

  /** Whether it is needed now and has no data to go on with. */
  get waiting() {
    return this.file !== null && !this.element.error && this.element.readyState < 3 && !this.element.ended;
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
    if (file !== this.file) this.#load(file ?? this.#coming(at), file !== null);
    if (!file || this.element.error) {
      this.element.pause();
      return;
    }
    const { element } = this;
    const wanted = (at - file.begin) / 1000;
    const off = element.currentTime - wanted;
    element.muted = this.muted;
    if (element.readyState >= 1 && (Math.abs(off) > FAR || (!playing && Math.abs(off) > NEAR)) && !element.seeking) element.currentTime = wanted;
    element.playbackRate = Math.abs(off) > NEAR && Math.abs(off) <= FAR ? rate * (off > 0 ? 1 - PUSH : 1 + PUSH) : rate;
    if (playing && element.paused) void element.play().catch((error) => (this.refused = error.name === "NotAllowedError"));
    if (!playing && !element.paused) element.pause();
  }

  /** @param {File[]} files the same with newer addresses */
  renew(files) {
    this.files = files;
    this.file = null;
    this.element.removeAttribute("src");
  }

  /** @param {number} at */
  #coming(at) {
    return this.files.find(({ begin }) => begin > at && begin - at < AHEAD_MS) ?? null;
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
