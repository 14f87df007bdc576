/**
 * A replay of a lesson that still goes on: asks what is there by now, of the recording and of the log, and hands it on. No DOM.
 *
 * @typedef {import("./past.js").Told} Event
 * @typedef {{live: string, since: number, now: number, expires: number, log: {seq: number, events: Event[]}}} News what `data?after=SEQ` answers
 * @typedef {object} Options
 * @property {import("../clock.js").Clock} clock
 * @property {(url: string, init?: RequestInit) => Promise<Response>} fetch
 * @property {string} data address of what the page plays
 * @property {(index: Index, files: import("./film.js").File[]) => void} grown
 * @property {(events: Event[]) => void} happened
 * @property {() => void} over nothing more comes this way: the whole replay is there, or one may not go on
 */
import { every } from "../clock.js";
import { Index, LiveFilms } from "./live.js";

const ASK_MS = 2_000;
const LOG_MS = 4_000;
/** A new address of the index in time, before the old one works no more. */
const RENEW_MS = 60_000;

export class Growing {
  /**
   * @param {Options} options
   * @param {{live: string, now: number, expires: number, log: {seq: number}}} told
   */
  constructor(options, told) {
    this.options = options;
    this.seq = told.log.seq;
    this.index = new Index();
    this.films = new LiveFilms((name) => this.#part(name), options.clock.now);
    this.tag = "";
    this.busy = false;
    this.stopped = false;
    this.address = told.live;
    this.until = options.clock.now() + told.expires - told.now;
    this.asked = options.clock.now();
    every(options.clock, ASK_MS, () => void this.look());
  }

  /** Ask now. */
  async look() {
    if (this.busy || this.stopped) return;
    this.busy = true;
    const { clock } = this.options;
    try {
      const due = clock.now() - this.asked >= LOG_MS;
      if (due || clock.now() > this.until - RENEW_MS) await this.#news();
      await this.#grow();
    } catch {
      // the network: asked again soon
    }
    this.busy = false;
  }

  /** @param {{live: string, now: number, expires: number}} told */
  #known({ live, now, expires }) {
    this.address = live;
    this.until = this.options.clock.now() + expires - now;
  }

  async #news() {
    const { clock, data, fetch, happened } = this.options;
    const answer = await fetch(`${data}${data.includes("?") ? "&" : "?"}after=${this.seq}`, { headers: { Accept: "application/json" }, cache: "no-store" });
    if ([403, 404, 410].includes(answer.status)) return this.#end();
    if (!answer.ok) return;
    /** @type {News} */
    const told = await answer.json();
    if (!told.live) return this.#end();
    this.asked = clock.now();
    this.#known(told);
    this.seq = told.log.seq;
    if (told.log.events.length) happened(told.log.events);
  }

  async #grow() {
    if (this.stopped) return;
    const headers = this.tag ? { "If-None-Match": this.tag } : undefined;
    const answer = await this.options.fetch(`${this.address}${this.index.query}`, { headers, cache: "no-store" });
    if (answer.status === 410) return this.#end();
    if (!answer.ok) return;
    this.tag = answer.headers.get("ETag") ?? "";
    this.index.add(await answer.json());
    this.options.grown(this.index, this.films.files(this.index));
  }

  /** @param {string} name `live/PART`, beside the index */
  async #part(name) {
    const answer = await this.options.fetch(`${this.address.slice(0, -"live".length)}${name}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.arrayBuffer();
  }

  #end() {
    this.stopped = true;
    this.options.over();
  }
}
