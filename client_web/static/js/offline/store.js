/** The device's own database: sealed lessons, keys, marks that wait, the server's time. `worker.js` knows its name and tables too. */

export const DATABASE = "shuangshi-offline";
const VERSION = 1;
/** Table → its key. */
const TABLES = { keys: "holder", kept: "id", outbox: "id", clock: "id" };

/**
 * @typedef {keyof typeof TABLES} Table
 * @typedef {import("./outbox.js").Entry} Entry
 */

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<Store>} rejects where the browser keeps nothing */
export async function openStore() {
  const request = indexedDB.open(DATABASE, VERSION);
  request.onupgradeneeded = () => {
    for (const [table, keyPath] of Object.entries(TABLES)) request.result.createObjectStore(table, { keyPath });
  };
  const database = await answer(request);
  database.onversionchange = () => database.close();
  return new Store(database);
}

export class Store {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
  }

  /**
   * @param {Table} table
   * @param {string} id
   * @returns {Promise<any>} undefined: nothing of this id
   */
  get(table, id) {
    return answer(this.database.transaction(table).objectStore(table).get(id));
  }

  /**
   * @param {Table} table
   * @returns {Promise<any[]>}
   */
  all(table) {
    return answer(this.database.transaction(table).objectStore(table).getAll());
  }

  /**
   * One transaction: what stands after it is on the disk.
   * @param {Table} table
   * @param {object[]} rows
   * @param {string[]} [gone]
   */
  async write(table, rows, gone = []) {
    const transaction = this.database.transaction(table, "readwrite", /** @type {any} */ ({ durability: "strict" }));
    const objects = transaction.objectStore(table);
    gone.forEach((id) => objects.delete(id));
    rows.forEach((row) => objects.put(row));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(null);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  /** The outbox's own view. @returns {import("./outbox.js").Storage} */
  get marks() {
    return {
      all: () => this.all("outbox"),
      put: (entry, gone) => this.write("outbox", [entry], gone),
      remove: (ids) => this.write("outbox", [], ids),
    };
  }
}
