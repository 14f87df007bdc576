/**
 * The day's lessons on this device, sealed with AES-256-GCM under a key of the device that no script can read out (S24). Without the key
 * they are noise: wiping deletes the key first.
 */

/**
 * @typedef {object} Day what `GET /assist/L/day` says of one lesson
 * @property {{id: string, name: string}} lesson
 * @property {import("../protocol.js").You} you
 * @property {string} admission
 * @property {number} seats
 * @property {string} plan
 * @property {Record<string, string>} names seat → pupil
 * @property {number | null} starts_at UTC ms
 * @typedef {Day & {holder: string, full: boolean, checked: Record<string, import("../fold/checkin.js").CheckedSeat>}} Kept
 *   `checked`: how the own room's seats stood last; `full`: names are not masked
 * @typedef {{id: string, lesson: string, holder: string, until: number, iv: Uint8Array, sealed: ArrayBuffer}} Row
 */

/** @param {{lesson: {id: string}, admission: string}} where */
export const keptId = ({ lesson, admission }) => `${lesson.id}?${admission}`;

export class Vault {
  /**
   * @param {import("./store.js").Store} store
   * @param {() => number} now UTC ms
   */
  constructor(store, now) {
    this.store = store;
    this.now = now;
  }

  /**
   * @param {Kept} kept
   * @param {number} until UTC ms: then it is not opened any more
   * @param {boolean} resident it belongs to an account, which may log out
   */
  async put(kept, until, resident) {
    const key = await this.#key(kept.holder, resident);
    const id = keptId(kept);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = new TextEncoder().encode(JSON.stringify(kept));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(id) }, key, text);
    await this.store.write("kept", [{ id, lesson: kept.lesson.id, holder: kept.holder, until, iv, sealed }]);
  }

  /** What can still be opened; the rest goes, and keys that open nothing with it. @returns {Promise<Kept[]>} the earliest lesson first */
  async all() {
    const found = await Promise.all((await this.store.all("kept")).map((row) => this.#open(row)));
    const [rows, keys] = await Promise.all([this.store.all("kept"), this.store.all("keys")]);
    const used = new Set(rows.map(({ holder }) => holder));
    const idle = keys.flatMap(({ holder }) => (used.has(holder) ? [] : [holder]));
    if (idle.length) await this.store.write("keys", [], idle);
    return found.flatMap((one) => one ?? []).sort((a, b) => (a.starts_at ?? 0) - (b.starts_at ?? 0));
  }

  /** The same lesson again, with what changed. @param {Kept} kept */
  async renew(kept) {
    const row = await this.store.get("kept", keptId(kept));
    const key = row && (await this.store.get("keys", kept.holder));
    if (key) await this.put(kept, row.until, key.resident);
  }

  /** Deletes the keys and lessons of some holders. @param {(key: {holder: string, resident: boolean}) => boolean} which */
  async wipe(which) {
    const holders = new Set((await this.store.all("keys")).filter(which).map(({ holder }) => holder));
    await this.store.write("keys", [], [...holders]);
    await this.#drop((row) => holders.has(row.holder));
  }

  /** Of one holder only these lessons stay. @param {string} holder @param {string[]} ids */
  async only(holder, ids) {
    await this.#drop((row) => row.holder === holder && !ids.includes(row.id));
  }

  /** @param {(row: Row) => boolean} which */
  async #drop(which) {
    const gone = (await this.store.all("kept")).filter(which).map(({ id }) => id);
    if (gone.length) await this.store.write("kept", [], gone);
  }

  /**
   * @param {Row} row
   * @returns {Promise<Kept | null>}
   */
  async #open(row) {
    const { id, holder, until, iv, sealed } = row;
    const found = await this.store.get("keys", holder);
    if (!found || until < this.now()) {
      await this.store.write("kept", [], [id]);
      return null;
    }
    const algorithm = { name: "AES-GCM", iv: /** @type {any} */ (iv), additionalData: new TextEncoder().encode(id) };
    const text = await crypto.subtle.decrypt(algorithm, found.key, sealed).catch(() => null);
    return text && JSON.parse(new TextDecoder().decode(text));
  }

  /**
   * @param {string} holder
   * @param {boolean} resident
   * @returns {Promise<CryptoKey>}
   */
  async #key(holder, resident) {
    const known = await this.store.get("keys", holder);
    if (known) return known.key;
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await this.store.write("keys", [{ holder, key, resident }]);
    return key;
  }
}
