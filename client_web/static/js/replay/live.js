/**
 * The films of a lesson that goes on: what the recording's index names, each stretch without a hole as a file that grows.
 *
 * @typedef {import("./reel.js").Run & {group: string, kind: "video" | "audio"}} Run
 * @typedef {import("./bar.js").Missing} Missing
 * @typedef {{run: number, group: string, kind: "video" | "audio", type: string, url: string}} ToldRun
 * @typedef {{run: number, url: string, begin: number, end: number, key: boolean}} ToldSegment
 * @typedef {{edition: string, origin: number, begin: number, until: number, ended: boolean, head: number, runs: ToldRun[], segments: ToldSegment[], missing: Missing[]}} Told
 *   what `GET /replays/PAPER/live` answers (docs/recordings.md)
 * @typedef {import("./film.js").File} File
 */
import { Reel } from "./reel.js";

/** A track of which nothing came for so long has ended. */
const OPEN_MS = 8_000;
/** Two segments so near to each other are one stretch. */
const NEAR_MS = 250;

/** Everything that was told of it so far. */
export class Index {
  constructor() {
    this.edition = "";
    this.origin = 0;
    this.begin = 0;
    this.until = 0;
    this.over = false;
    this.head = 0;
    /** @type {Map<number, Run>} */
    this.runs = new Map();
    /** @type {Missing[]} */
    this.missing = [];
  }

  /** What to ask for next. */
  get query() {
    return this.head ? `?after=${this.head}&edition=${this.edition}` : "";
  }

  /** @param {Told} told */
  add(told) {
    if (told.edition !== this.edition) this.runs.clear();
    this.edition = told.edition;
    this.origin = told.origin;
    this.begin = told.begin;
    this.until = told.until;
    this.over = told.ended;
    this.head = told.head;
    this.missing = told.missing;
    for (const { run, group, kind, type, url } of told.runs) {
      if (!this.runs.has(run)) this.runs.set(run, { run, group, kind, type, init: url, segments: [] });
    }
    for (const { run, url, begin, end, key } of told.segments) this.runs.get(run)?.segments.push({ name: url, begin, end, key });
  }
}

/**
 * @param {Iterable<Run>} runs
 * @returns {Map<string, Run[]>} tracks: video by its group, audio by the group of what is only heard
 */
export function tracks(runs) {
  /** @type {Map<string, Run[]>} */
  const found = new Map();
  for (const run of runs) {
    if (!run.segments.length) continue;
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
   * @param {(name: string) => Promise<ArrayBuffer>} get a part by its name
   * @param {() => number} now ms
   */
  constructor(get, now) {
    this.get = get;
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
    return [...tracks(index.runs.values())].flatMap(([group, runs]) => this.#files(index, group, runs));
  }

  /**
   * @param {Index} index
   * @param {string} group
   * @param {Run[]} runs
   * @returns {File[]}
   */
  #files(index, group, runs) {
    const reel = this.reels.get(group) ?? new Reel(index.origin, this.get, this.now);
    this.reels.set(group, reel);
    reel.grow(runs, index.over);
    const video = runs[0].kind === "video";
    const file = { group, zero: index.origin, url: reel.url, type: runs[0].type, video, audio: !video, apart: true, reel, thumbnails: [] };
    const found = stretches(runs);
    const open = !index.over && index.until - found[found.length - 1]?.end < OPEN_MS;
    return found.map(({ begin, end }, n) => ({ ...file, begin, end: open && n === found.length - 1 ? Infinity : end }));
  }
}
