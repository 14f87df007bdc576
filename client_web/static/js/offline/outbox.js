/**
 * Check-in marks until the server has them (S24). A mark is written down before it is sent, has one command id for ever, and is
 * forgotten only after its acknowledgement; so a killed browser loses none, and one sent twice counts once. Of each seat only the
 * newest mark waits, as the lesson too keeps only a device's last one: there are never more than seats. No DOM, no database.
 */
import { Emitter } from "../emitter.js";
import { asRefused } from "../refused.js";

/** The server takes check-in so long after the lesson (S15). */
export const KEPT_MS = 7 * 24 * 3600_000;
/** What somebody else left on the device goes after so long: nobody comes for it any more. */
const FORGOTTEN_MS = 30 * 24 * 3600_000;
const AGAIN_MS = 10_000;
/** Refusals that waiting may cure. */
const PASSING = new Set(["timeout", "network", "request.too_many", "store.unavailable"]);

/**
 * @typedef {import("../fold/checkin.js").Status} Status
 * @typedef {import("../refused.js").ErrorBody} ErrorBody
 * @typedef {object} Entry
 * @property {string} id of its command
 * @property {number} n what was done later has a higher one
 * @property {string} holder who did it: nobody else sends it
 * @property {string} lesson
 * @property {string} participant
 * @property {number} seat
 * @property {Status} status
 * @property {number} done_at ms on the lesson clock
 * @property {ErrorBody | null} refused the server does not take it, and why
 * @typedef {object} Storage
 * @property {() => Promise<Entry[]>} all
 * @property {(entry: Entry, gone: string[]) => Promise<void>} put writes the entry and takes those ids away, in one transaction
 * @property {(ids: string[]) => Promise<void>} remove
 * @typedef {object} Options
 * @property {Storage} storage
 * @property {{holder: string, lesson: string, participant: string}} whose
 * @property {() => string} draw an id nobody else draws
 * @property {() => boolean} open the lesson can be told now
 * @property {(entry: Entry, settles: boolean) => Promise<unknown>} send resolves with the acknowledgement, rejects with `Refused`
 * @property {import("../clock.js").Clock} clock
 */

/** @extends {Emitter<{change: null, delivered: number}>} */
export class Outbox extends Emitter {
  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    /** @type {Map<number, Entry>} by seat */
    this.entries = new Map();
    /** @type {Set<string>} on their way now */
    this.sending = new Set();
    /** Marks of this page's lifetime that arrived. */
    this.delivered = 0;
    /** @type {Set<string>} not written down: the device does not take them */
    this.unsaved = new Set();
    /** @type {Promise<boolean>} writes one after the other; whether the last one was done */
    this.writes = Promise.resolve(true);
    this.last = 0;
    this.cancel = () => {};
  }

  /** What an earlier page left; what is older than the server takes is shown as refused. @param {number} now ms on the lesson clock */
  async load(now) {
    const { storage, whose } = this.options;
    /** @type {string[]} */
    const older = [];
    for (const entry of (await storage.all().catch(() => [])).sort((a, b) => a.n - b.n || a.done_at - b.done_at)) {
      this.last = Math.max(this.last, entry.n);
      if (entry.holder !== whose.holder || entry.lesson !== whose.lesson || entry.participant !== whose.participant) {
        if (entry.done_at < now - FORGOTTEN_MS) older.push(entry.id);
        continue;
      }
      if (entry.done_at < now - KEPT_MS) entry.refused ??= { code: "checkin.late" };
      const known = this.entries.get(entry.seat); // two windows of one device marked the same seat
      if (known) older.push(known.id);
      this.entries.set(entry.seat, entry);
    }
    if (older.length) await this.#write(() => storage.remove(older));
    this.emit("change", null);
  }

  get waiting() {
    return this.#sorted().filter((entry) => !entry.refused);
  }

  get refused() {
    return this.#sorted().filter((entry) => entry.refused);
  }

  /** What waits is lost with the page. */
  get failing() {
    return this.waiting.some(({ id }) => this.unsaved.has(id));
  }

  /** What this device says of a seat and the server does not know yet. @param {number} seat */
  pending(seat) {
    const entry = this.entries.get(seat);
    return entry && !entry.refused ? entry : null;
  }

  /**
   * Writes a mark down, and sends it if the lesson can be told. Its time is never before that of an earlier mark.
   * @param {number} seat
   * @param {Status} status
   * @param {number} doneAt ms on the lesson clock
   * @param {boolean} settles the page shows how the seat stands now
   */
  async mark(seat, status, doneAt, settles) {
    const known = this.entries.get(seat);
    const done_at = Math.max(Math.round(doneAt), known ? known.done_at + 1 : 0);
    const entry = { id: this.options.draw(), n: ++this.last, ...this.options.whose, seat, status, done_at, refused: null };
    this.entries.set(seat, entry);
    this.emit("change", null);
    if (!(await this.#write(() => this.options.storage.put(entry, known ? [known.id] : [])))) {
      this.unsaved.add(entry.id);
      this.emit("change", null);
    }
    if (this.options.open()) await this.#send(entry, settles);
  }

  /** Sends what waits, in the order in which it was done. Nothing of it settles: meanwhile others may have said something else. */
  async flush() {
    this.cancel();
    if (!this.options.open()) return;
    await Promise.all(this.waiting.map((entry) => this.#send(entry, false)));
  }

  /** Nothing of this will ever be taken: the paper it was done by counts no more. @param {ErrorBody} why */
  async refuse(why) {
    for (const entry of this.waiting) await this.#refuse(entry, why);
    this.emit("change", null);
  }

  /** The refused marks are sent once more. */
  async again() {
    for (const entry of this.refused) entry.refused = null;
    this.emit("change", null);
    await this.flush();
  }

  /** Somebody has read what was refused: it is given up. */
  async dismiss() {
    const gone = this.refused;
    for (const { seat } of gone) this.entries.delete(seat);
    this.emit("change", null);
    await this.#write(() => this.options.storage.remove(gone.map(({ id }) => id)));
  }

  /**
   * @param {Entry} entry
   * @param {boolean} settles
   */
  async #send(entry, settles) {
    if (this.sending.has(entry.id)) return;
    this.sending.add(entry.id);
    try {
      await this.options.send(entry, settles);
      await this.#arrived(entry);
    } catch (error) {
      const { code, params, sentences } = asRefused(error);
      if (PASSING.has(code)) this.#later();
      else await this.#refuse(entry, { code, params, message: sentences });
    } finally {
      this.sending.delete(entry.id);
      this.emit("change", null);
    }
  }

  /** @param {Entry} entry */
  async #arrived(entry) {
    await this.#write(() => this.options.storage.remove([entry.id]));
    if (this.entries.get(entry.seat)?.id === entry.id) this.entries.delete(entry.seat);
    this.delivered += 1;
    this.emit("delivered", this.delivered);
  }

  /**
   * @param {Entry} entry
   * @param {ErrorBody} why
   */
  async #refuse(entry, why) {
    if (this.entries.get(entry.seat)?.id !== entry.id) return; // a newer mark of the seat stands in its place
    entry.refused = why;
    await this.#write(() => this.options.storage.put(entry, []));
  }

  #later() {
    this.cancel();
    this.cancel = this.options.clock.after(AGAIN_MS, () => void this.flush());
  }

  /** @param {() => Promise<void>} write @returns {Promise<boolean>} whether it was done */
  #write(write) {
    this.writes = this.writes.then(write).then(
      () => true,
      () => false,
    );
    return this.writes;
  }

  #sorted() {
    return [...this.entries.values()].sort((a, b) => a.n - b.n);
  }
}
