/** What a page keeps on its device for the time without network, and whether it can (S24). */
import { openStore } from "./store.js";
import { ServerTime } from "./time.js";
import { keptId, Vault } from "./vault.js";

const WORKER = "/assist/sw.js";
const SCOPE = "/assist/";
const PATIENCE = 3_000;
/** Plans are asked again so often while the page is open. */
const FRESH_MS = 10 * 60_000;

/**
 * Null where the browser keeps nothing: no secure page, a private window, no database.
 * @returns {Promise<Keeping | null>}
 */
export async function openKeeping() {
  if (!window.isSecureContext || !("indexedDB" in window) || !crypto.subtle) return null;
  try {
    // Some browsers never answer: the page must come up all the same.
    const store = await Promise.race([openStore(), new Promise((_, reject) => setTimeout(reject, PATIENCE))]);
    const learned = await store.get("clock", "server");
    return new Keeping(store, new ServerTime(Date.now, learned));
  } catch {
    return null;
  }
}

export class Keeping {
  /**
   * @param {import("./store.js").Store} store
   * @param {ServerTime} time
   */
  constructor(store, time) {
    this.store = store;
    this.time = time;
    this.vault = new Vault(store, () => time.now);
    /** @type {import("./vault.js").Kept | null} the open lesson */
    this.kept = null;
    /** The paper was revoked: nothing is kept any more. */
    this.wiped = false;
    this.askedAt = -Infinity;
    /** @type {Promise<boolean>} */
    this.writing = Promise.resolve(true);
  }

  /**
   * What is kept of a lesson.
   * @param {string} lesson
   * @param {string} admission empty: the address names none, any will do
   * @param {string} [holder] only what this one kept
   */
  async restore(lesson, admission, holder = "") {
    const found = await this.vault.all().catch(() => []);
    const own = found.filter((one) => !holder || one.holder === holder);
    this.kept = own.find((one) => one.lesson.id === lesson && (!admission || one.admission === admission)) ?? null;
    return this.kept;
  }

  /** The server said what time it is. @param {number} at ms on the lesson clock */
  learn(at) {
    void this.store.write("clock", [{ id: "server", ...this.time.learn(at) }]).catch(() => {});
  }

  /**
   * Asks for the day's lessons and keeps them; what another account left here goes.
   * @param {import("../boot.js").Boot} boot
   * @param {boolean} full pupils' names in full
   * @param {boolean} [now] also if it was asked just before
   * @returns {Promise<boolean>} they are kept
   */
  async ask(boot, full, now = false) {
    if (this.wiped || (!now && this.time.wall() - this.askedAt < FRESH_MS)) return !this.wiped && this.kept !== null;
    const query = new URLSearchParams({ a: boot.admission, ...(full ? { names: "1" } : {}) });
    const response = await fetch(`/assist/${boot.lesson.id}/day?${query}`, { cache: "no-store" }).catch(() => null);
    if (!response?.ok || this.wiped) return false;
    this.askedAt = this.time.wall();
    const day = await response.json().catch(() => null);
    return day !== null && this.#inTurn(() => this.#keep(day, boot));
  }

  /**
   * @param {{holder: string, resident: boolean, until: number, full: boolean, lessons: import("./vault.js").Day[]}} day
   * @param {import("../boot.js").Boot} boot
   */
  async #keep({ holder, resident, until, full, lessons }, boot) {
    if (resident) await this.vault.wipe((key) => key.resident && key.holder !== holder);
    const before = this.kept?.checked ?? {};
    const kept = lessons.map((one) => ({ ...one, holder, full, checked: one.lesson.id === boot.lesson.id ? before : {} }));
    for (const one of kept) await this.vault.put(one, until, resident);
    await this.vault.only(holder, kept.map(keptId));
    this.kept = kept[0];
  }

  /** How the own room's seats stand, for the next page without network. @param {Record<string, import("../fold/checkin.js").CheckedSeat>} checked */
  note(checked) {
    if (this.wiped || !this.kept || this.kept.checked === checked) return;
    this.kept = { ...this.kept, checked };
    void this.#inTurn(async () => this.kept && this.vault.renew(this.kept));
  }

  /** The paper counts no more: its lessons, names and key leave the device. @param {string} holder */
  async wipe(holder) {
    this.wiped = true;
    this.kept = null;
    await this.writing;
    await this.vault.wipe((key) => key.holder === holder).catch(() => {});
  }

  /** One write after the other, and none after a wipe. @param {() => Promise<unknown>} write @returns {Promise<boolean>} it was written */
  #inTurn(write) {
    const done = this.writing.then(async () => {
      if (this.wiped) return false;
      await write();
      return true;
    });
    this.writing = done.catch(() => false);
    return this.writing;
  }

  /** Whether the page itself opens without network from now on. */
  async reopens() {
    try {
      await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
      await navigator.serviceWorker.ready;
      return true;
    } catch {
      return false;
    }
  }
}
