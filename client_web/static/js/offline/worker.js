/**
 * The service worker of the assistant's pages, a classic script: `/assist/sw.js` sets `self.written` and imports it. It keeps the files of its
 * build and two pages that are the same for everybody, never a page of somebody. A page is asked of the server first; only where no
 * answer comes the kept one is shown. A refusal on the way in wipes what was kept by that paper (S24).
 */
(() => {
  const scope = /** @type {any} */ (self);
  /** @type {{build: string, files: string[], shells: {list: string, lesson: string}}} */
  const { build, files, shells } = scope.written;
  const CACHE = `assist-${build}`;
  const PATIENCE = 8_000;
  const DEAD = new Set([401, 403, 404, 410]);
  /** What a proxy says for a server that is not there. */
  const NOBODY = new Set([502, 503, 504]);
  const known = new Set(files);

  async function install() {
    const cache = await caches.open(CACHE);
    await cache.addAll(files);
    // Without cookies: these two pages must be nobody's.
    await Promise.all(Object.values(shells).map(async (address) => {
      const response = await fetch(address, { credentials: "omit", cache: "no-store" });
      if (!response.ok) throw new Error(`${address}: ${response.status}`);
      await cache.put(address, response);
    }));
    await scope.skipWaiting();
  }

  async function activate() {
    const old = (await caches.keys()).filter((name) => name.startsWith("assist-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await scope.clients.claim();
  }

  /** @param {string} address */
  async function kept(address) {
    return (await caches.open(CACHE)).match(address, { ignoreVary: true });
  }

  /** @param {Request} request */
  async function file(request) {
    return (await kept(request.url)) ?? fetch(request);
  }

  /**
   * @param {any} event
   * @param {URL} url
   */
  async function visit(event, url) {
    const shell = url.pathname === shells.list ? shells.list : shells.lesson;
    const giving = new AbortController();
    const timer = setTimeout(() => giving.abort(), PATIENCE);
    /** @type {Response} */
    let response;
    try {
      response = await fetch(event.request, { signal: giving.signal });
    } catch (error) {
      const page = await kept(shell);
      if (page) return page;
      throw error;
    } finally {
      clearTimeout(timer);
    }
    // With `?a=` the server leads away only to the login: whoever it was is somebody no more.
    const dead = DEAD.has(response.status) || (response.type === "opaqueredirect" && url.searchParams.has("a"));
    if (dead) event.waitUntil(wipe(`${url.pathname.split("/")[2]}?${url.searchParams.get("a") ?? ""}`));
    return NOBODY.has(response.status) ? ((await kept(shell)) ?? response) : response;
  }

  /** @returns {Promise<IDBDatabase | null>} the pages' database, if one of them made it */
  function database() {
    return new Promise((resolve) => {
      const request = indexedDB.open("shuangshi-offline", 1);
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    });
  }

  /** Key and lessons of whoever kept this one. @param {string} id `LESSON?ADMISSION` */
  async function wipe(id) {
    const found = await database();
    if (!found) return;
    const tables = found.transaction(["kept", "keys"], "readwrite");
    const lessons = tables.objectStore("kept");
    lessons.getAll().onsuccess = (event) => {
      const rows = /** @type {any} */ (event.target).result;
      const own = rows.find((/** @type {any} */ row) => row.id === id);
      if (!own) return;
      tables.objectStore("keys").delete(own.holder);
      for (const row of rows) if (row.holder === own.holder) lessons.delete(row.id);
    };
    await new Promise((resolve) => (tables.oncomplete = tables.onabort = resolve));
    found.close();
  }

  scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
  scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
  scope.addEventListener("fetch", (/** @type {any} */ event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== "GET" || url.origin !== scope.location.origin) return;
    if (event.request.mode === "navigate" && url.pathname.startsWith(shells.list)) event.respondWith(visit(event, url));
    else if (known.has(url.pathname)) event.respondWith(file(event.request));
  });
})();
