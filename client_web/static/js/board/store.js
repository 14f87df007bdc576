/**
 * Pictures of pages: fetched before class with little haste, kept in the browser under their content address, and at once when a page
 * is turned to: first the small one, then the whole. No DOM.
 */
import { Emitter } from "../emitter.js";

const CACHE = "courseware-1";
/** Answers kept in the browser; the oldest go first. */
const MOST_KEPT = 3_000;
/** Without a cache, of at most 300 kB each. */
const MOST_IN_MEMORY = 300;
const RETRY_MS = 3_000;

/**
 * @typedef {{page: number, width: number, height: number, bytes: number, media: {type: string, address: string}[]}} PageInfo
 * @typedef {{id: string, version: string, pages: PageInfo[]}} FileInfo
 * @typedef {"page" | "preview"} Quality
 * @typedef {object} Options
 * @property {string} lesson
 * @property {string} [base] address of the lesson's courseware, where it is not the lesson's own
 * @property {string} admission as in the page's own address; empty: none
 * @property {import("../clock.js").Clock} clock
 * @property {(url: string, init?: RequestInit) => Promise<Response>} fetch
 * @property {Pick<CacheStorage, "open"> | undefined} caches missing on pages without a secure context
 */

/** @extends {Emitter<{files: null, progress: {done: number, total: number}}>} */
export class PageStore extends Emitter {
  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    this.base = options.base ?? `/courseware/${options.lesson}`;
    /** @type {Map<string, FileInfo>} */
    this.files = new Map();
    /** @type {Map<string, Blob>} address → picture, where the browser keeps none */
    this.memory = new Map();
    /** @type {Set<string>} addresses that are in the browser */
    this.kept = new Set();
    /** @type {AbortController | null} of the fetch without haste */
    this.idle = null;
    /** What is fetched for the page that is looked at; a thin link carries nothing for one that was left. */
    this.looking = new AbortController();
    this.urgent = 0;
    /** Whether something is on its way for the page that is looked at, or will be asked for again. */
    this.showing = false;
    this.wake = () => {};
    this.running = false;
    this.stopped = false;
  }

  /** Asks what the lesson has. @returns {Promise<boolean>} */
  async load() {
    const answer = await this.#ask(this.base, { headers: { Accept: "application/json" } });
    if (!answer) return false;
    /** @type {{courseware: FileInfo[]}} */
    const { courseware } = await answer.json();
    const before = [...this.files.keys()].join();
    this.files = new Map(courseware.filter((one) => one.version).map((one) => [one.id, one]));
    if ([...this.files.keys()].join() !== before) this.emit("files", null);
    return true;
  }

  stop() {
    this.stopped = true;
    this.idle?.abort();
    this.looking.abort();
  }

  /**
   * @param {string} sheet
   * @param {number} page
   * @returns {PageInfo | null} null: a blank page, or courseware that is not known yet
   */
  info(sheet, page) {
    return this.files.get(sheet)?.pages[page - 1] ?? null;
  }

  /**
   * @param {string} version
   * @param {number} page
   * @param {Quality} quality
   */
  address(version, page, quality) {
    return `${this.base}/${version}/${page}${quality === "page" ? ".webp" : "/preview"}`;
  }

  /**
   * Everything that is shown of a page, as it comes: the preview only where the whole is not there already.
   * @param {string} version
   * @param {number} page
   * @param {(picture: Blob, quality: Quality) => boolean} show false: nobody looks at this page any more
   */
  async show(version, page, show) {
    this.looking.abort();
    const { signal } = (this.looking = new AbortController());
    this.showing = true;
    await this.#show(version, page, show, signal);
    if (!signal.aborted) this.showing = false;
  }

  /**
   * @param {string} version
   * @param {number} page
   * @param {(picture: Blob, quality: Quality) => boolean} show
   * @param {AbortSignal} signal
   */
  async #show(version, page, show, signal) {
    const [whole, small] = [this.address(version, page, "page"), this.address(version, page, "preview")];
    const known = await this.#known(whole);
    if (known) {
      show(known, "page");
      return;
    }
    this.#hasten(1);
    try {
      const preview = (await this.#known(small)) ?? (await this.#fetch(small, signal));
      if (signal.aborted || (preview && !show(preview, "preview"))) return;
      for (;;) {
        const picture = (await this.#known(whole)) ?? (await this.#fetch(whole, signal));
        if (picture) show(picture, "page");
        if (picture || this.stopped || !preview || signal.aborted) return;
        await new Promise((done) => this.options.clock.after(RETRY_MS, () => done(null)));
        if (!show(preview, "preview")) return;
      }
    } finally {
      this.#hasten(-1);
    }
  }

  /** Fetches everything there is, previews first; goes on where it was broken off. */
  async preload() {
    if (this.running) return;
    this.running = true;
    await this.#remember();
    while (!this.stopped) {
      await this.#calm();
      const wanted = this.#wanted();
      const left = wanted.filter((address) => !this.kept.has(address));
      this.emit("progress", { done: wanted.length - left.length, total: wanted.length });
      if (!left.length) break;
      this.idle = new AbortController();
      const got = await this.#fetch(left[0], this.idle.signal, "low");
      this.idle = null;
      // One that was broken off goes on at once when nobody waits any more; one that failed, later.
      if (!got && !this.urgent && !this.stopped) await new Promise((done) => this.options.clock.after(RETRY_MS, () => done(null)));
    }
    this.running = false;
  }

  /** @returns {string[]} */
  #wanted() {
    const all = [...this.files.values()];
    const of = (/** @type {Quality} */ quality) => all.flatMap((file) => file.pages.map(({ page }) => this.address(file.version, page, quality)));
    return [...new Set([...of("preview"), ...of("page")])];
  }

  /** @param {1 | -1} step somebody waits for a page, or does no more: what has no haste stands back */
  #hasten(step) {
    this.urgent += step;
    if (this.urgent) this.idle?.abort();
    else this.wake();
  }

  /** Until nobody waits for a page. */
  async #calm() {
    while (this.urgent) await new Promise((done) => (this.wake = () => done(null)));
  }

  /**
   * @param {string} address
   * @returns {Promise<Blob | null>}
   */
  async #known(address) {
    const held = this.memory.get(address);
    if (held) return held;
    const answer = await (await this.#cache())?.match(address);
    if (!answer) return null;
    this.kept.add(address);
    return answer.blob();
  }

  /**
   * @param {string} address
   * @param {AbortSignal} signal
   * @param {"low" | "high"} [priority]
   * @returns {Promise<Blob | null>}
   */
  async #fetch(address, signal, priority = "high") {
    try {
      const answer = await this.#ask(address, /** @type {RequestInit} */ ({ priority, signal }));
      const picture = answer && (await answer.blob());
      if (picture) await this.#keep(address, picture);
      return picture;
    } catch {
      return null;
    }
  }

  /**
   * @param {string} address
   * @param {Blob} picture
   */
  async #keep(address, picture) {
    this.kept.add(address);
    try {
      const cache = await this.#cache();
      if (cache) {
        await cache.put(address, new Response(picture, { headers: { "Content-Type": picture.type } }));
        return;
      }
    } catch {
      // The disk is full: the picture stays in memory.
    }
    this.memory.set(address, picture);
    const [oldest] = this.memory.keys();
    if (this.memory.size <= MOST_IN_MEMORY) return;
    this.memory.delete(oldest);
    this.kept.delete(oldest);
  }

  async #cache() {
    try {
      return await this.options.caches?.open(CACHE);
    } catch {
      return undefined;
    }
  }

  /** What earlier visits left; the oldest of it goes when there is too much. */
  async #remember() {
    const cache = await this.#cache();
    const requests = cache ? [...(await cache.keys())] : [];
    for (const old of requests.slice(0, Math.max(0, requests.length - MOST_KEPT))) await cache?.delete(old);
    for (const request of requests.slice(-MOST_KEPT)) this.kept.add(new URL(request.url, "http://here/").pathname);
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @returns {Promise<Response | null>}
   */
  async #ask(path, init) {
    const { admission, fetch } = this.options;
    try {
      const answer = await fetch(admission ? `${path}?a=${encodeURIComponent(admission)}` : path, init);
      return answer.ok ? answer : null;
    } catch {
      return null;
    }
  }
}
