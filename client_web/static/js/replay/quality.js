/**
 * How much of a recording is fetched: its films as they were captured, thin ones where there are some, or the sound alone. Whoever watches
 * chooses, and is asked no second time; without a choice the link decides: how fast the page itself came, and whether films had to be waited for.
 *
 * @typedef {"auto" | "sharp" | "thin" | "sound"} Choice
 * @typedef {{transferSize: number, responseStart: number, responseEnd: number}} Fetched as `PerformanceResourceTiming`, ms
 * @typedef {{saveData?: boolean, effectiveType?: string}} Connection as `NetworkInformation`; its `downlink` is a guess until much was fetched
 */
import { t } from "../i18n.js";
import { keep, kept } from "./place.js";

const KEY = "replay.quality";
/** What the link was like the last time: a page that the browser had already tells nothing of it. */
const LINK = "replay.link";
/** Of fewer bytes one cannot say how fast they came. */
const TELLING_BYTES = 30_000;
/** A link carries a film that needs so many times less. */
const MARGIN = 1.5;
/** Waited for longer than this, films are too large; so much playing forgets a second of it. */
const PATIENCE_MS = 3_000;
const FORGETS = 20;

/**
 * @param {Fetched[]} fetched
 * @returns {number | null} bits a second while something came; null: too little did
 */
export function throughput(fetched) {
  const came = fetched.filter((one) => one.transferSize > 0).sort((a, b) => a.responseStart - b.responseStart);
  const bytes = came.reduce((all, one) => all + one.transferSize, 0);
  if (bytes < TELLING_BYTES) return null;
  let busy = 0;
  let until = -Infinity;
  for (const { responseStart, responseEnd } of came) {
    busy += Math.max(0, responseEnd - Math.max(responseStart, until));
    until = Math.max(until, responseEnd);
  }
  return (bytes * 8_000) / Math.max(busy, 1);
}

/**
 * @param {import("./film.js").File[]} files
 * @returns {number} bits a second of all that may play at once, as it was captured
 */
export function needed(files) {
  /** @type {Map<string, number>} */
  const most = new Map();
  for (const { group, bits, quality, video } of files) if (video && !quality) most.set(group, Math.max(most.get(group) ?? 0, bits ?? 0));
  return [...most.values()].reduce((all, bits) => all + bits, 0);
}

/**
 * @param {number} need bits a second
 * @param {number | null} rate as measured
 * @param {Connection | undefined} connection what the browser says of it
 * @returns {boolean | null} thin films are better; null: nobody knows
 */
export function weak(need, rate, connection) {
  if (connection?.saveData) return true;
  if (rate !== null) return rate < need * MARGIN;
  return /^(slow-2g|2g|3g)$/.test(connection?.effectiveType ?? "") || null;
}

export class Quality {
  /**
   * @param {HTMLSelectElement} select
   * @param {import("./stage.js").Stage} stage
   * @param {import("./film.js").File[]} files
   * @param {boolean | null} thin the link is weak; null: as the last time
   */
  constructor(select, stage, files, thin) {
    this.stage = stage;
    this.select = select;
    /** The link is weak, or turned out to be. */
    this.thin = thin ?? kept(LINK) === "weak";
    keep(LINK, this.thin ? "weak" : "strong");
    this.waited = 0;
    this.seen = 0;
    const choices = /** @type {Choice[]} */ (files.some(({ quality }) => quality === "thin") ? ["auto", "sharp", "thin"] : ["sharp"]);
    if (stage.canListen) choices.push("sound");
    select.replaceChildren(...choices.map((one) => new Option(t(`replay.quality.${one}`), one)));
    const wanted = /** @type {Choice} */ (kept(KEY) ?? "auto");
    select.value = choices.includes(wanted) ? wanted : choices[0];
    select.hidden = choices.length < 2;
    select.addEventListener("change", () => {
      keep(KEY, select.value);
      this.apply();
    });
    this.apply();
  }

  /** What is chosen becomes what is fetched. */
  apply() {
    const choice = /** @type {Choice} */ (this.select.value);
    this.stage.listening = choice === "sound";
    this.stage.thin(choice === "thin" || (choice === "auto" && this.thin));
  }

  /**
   * @param {boolean} held it waits for films now
   * @param {boolean} playing
   * @param {number} now ms
   */
  look(held, playing, now) {
    const gone = this.seen ? Math.min(now - this.seen, 1_000) : 0;
    this.seen = now;
    if (!playing) return;
    this.waited = Math.max(0, this.waited + (held ? gone : -gone / FORGETS));
    if (this.thin || this.waited < PATIENCE_MS) return;
    this.thin = true;
    keep(LINK, "weak");
    this.apply();
  }
}
