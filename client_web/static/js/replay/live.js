/**
 * The films of a lesson that goes on: what the recording's index names, each stretch without a hole as a file that grows.
 *
 * @typedef {import("./reel.js").Run & {group: string, kind: "video" | "audio"}} Run
 * @typedef {import("./bar.js").Missing} Missing
 * @typedef {{edition: string, origin: number, until: number, over: boolean, runs: Run[], missing: Missing[]}} Index
 * @typedef {import("./film.js").File} File
 */
import { Reel } from "./reel.js";

/** A track of which nothing came for so long has ended. */
const OPEN_MS = 8_000;
/** Two segments so near to each other are one stretch. */
const NEAR_MS = 250;

/**
 * @param {Index} index
 * @returns {Map<string, Run[]>} tracks: video by its group, audio by the group of what is only heard
 */
export function tracks(index) {
  /** @type {Map<string, Run[]>} */
  const found = new Map();
  for (const run of index.runs) {
    const apart = run.group === "teacher" ? "sound" : `sound.${run.group}`;
    const name = run.kind === "video" ? run.group : apart;
    found.set(name, [...(found.get(name) ?? []), run]);
  }
  return found;
}

/**
 * @param {Run[]} runs
 * @returns {{begin: number, end: number}[]} stretches without a hole, in order
 */
export function stretches(runs) {
  /** @type {{begin: number, end: number}[]} */
  const found = [];
  for (const { begin, end } of runs.flatMap(({ segments }) => segments)) {
    const last = found[found.length - 1];
    if (last && begin - last.end <= NEAR_MS) last.end = Math.max(last.end, end);
    else found.push({ begin, end });
  }
  return found;
}

export class LiveFilms {
  /**
   * @param {string} address of the index; its segments lie under it
   * @param {() => number} now ms
   */
  constructor(address, now) {
    this.address = address;
    this.now = now;
    /** @type {Map<string, Reel>} */
    this.reels = new Map();
    this.edition = "";
  }

  /**
   * @param {Index} index
   * @returns {File[]} as they are now
   */
  files(index) {
    if (index.edition !== this.edition) this.reels.clear();
    this.edition = index.edition;
    return [...tracks(index)].flatMap(([group, runs]) => this.#files(index, group, runs));
  }

  /**
   * @param {Index} index
   * @param {string} group
   * @param {Run[]} runs
   * @returns {File[]}
   */
  #files(index, group, runs) {
    const reel = this.reels.get(group) ?? new Reel(index.origin, (name) => this.#get(name), this.now);
    this.reels.set(group, reel);
    reel.grow(runs, index.over);
    const video = runs[0].kind === "video";
    const file = { group, zero: index.origin, url: reel.url, type: runs[0].type, video, audio: !video, apart: true, reel, thumbnails: [] };
    const found = stretches(runs);
    const open = !index.over && index.until - found[found.length - 1]?.end < OPEN_MS;
    return found.map(({ begin, end }, n) => ({ ...file, begin, end: open && n === found.length - 1 ? Infinity : end }));
  }

  /** @param {string} name */
  async #get(name) {
    const answer = await fetch(`${this.address}/${encodeURIComponent(name)}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.arrayBuffer();
  }
}
