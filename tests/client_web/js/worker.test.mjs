import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../../client_web/static/js/offline/worker.js", import.meta.url), "utf8");
const HOME = "https://school";
const FILES = ["/static/b2/js/pages/assist.js", "/static/b2/css/base.css"];
const SHELLS = { list: "/assist/", lesson: "/assist/lesson.html" };

const answer = (body, { status = 200, type = "basic" } = {}) => ({ body, status, type, ok: status === 200 });
const path = (request) => new URL(request.url ?? request, HOME).pathname;

/** A browser around the worker: caches that last, a network one cuts, the pages' database. */
function browser({ build = "b2", caches = new Map() } = {}) {
  const world = { caches, asked: [], listeners: {}, claimed: false, skipped: false, waits: [], rows: [], keys: [] };
  world.network = (request) => answer(`net ${path(request)}`);
  const fetch = async (request, how = {}) => {
    world.asked.push([path(request), how.credentials ?? "include"]);
    const found = world.network(request);
    if (!found) throw new TypeError("Failed to fetch");
    return found;
  };
  const cache = (name) => ({
    addAll: async (addresses) => {
      for (const address of addresses) caches.get(name).set(address, await fetch(address));
    },
    put: async (address, response) => void caches.get(name).set(address, response),
    match: async (address) => caches.get(name).get(path(address)),
  });
  const self = {
    written: { build, files: FILES, shells: SHELLS },
    location: { origin: HOME },
    addEventListener: (name, listener) => (world.listeners[name] = listener),
    skipWaiting: async () => (world.skipped = true),
    clients: { claim: async () => (world.claimed = true) },
  };
  const storage = {
    open: async (name) => (caches.has(name) || caches.set(name, new Map()), cache(name)),
    keys: async () => [...caches.keys()],
    delete: async (name) => caches.delete(name),
  };
  runInNewContext(SOURCE, { self, caches: storage, fetch, indexedDB: database(world), URL, AbortController, setTimeout, clearTimeout });
  return world;
}

/** As much of IndexedDB as the worker uses. */
function database(world) {
  const soon = (run) => queueMicrotask(run);
  const store = (table, key) => ({
    getAll() {
      const request = {};
      soon(() => request.onsuccess({ target: { result: [...world[table]] } }));
      return request;
    },
    delete: (id) => (world[table] = world[table].filter((row) => row[key] !== id)),
  });
  const transaction = () => {
    const made = { objectStore: (table) => (table === "kept" ? store("rows", "id") : store("keys", "holder")) };
    setTimeout(() => made.oncomplete());
    return made;
  };
  return {
    open() {
      const request = { result: { transaction, close() {} } };
      soon(() => request.onsuccess());
      return request;
    },
  };
}

async function run(world, name) {
  const waits = [];
  world.listeners[name]({ waitUntil: (promise) => waits.push(promise) });
  await Promise.all(waits);
}

/** What the page gets; undefined: the worker leaves the request alone. */
async function get(world, address, { mode = "navigate", method = "GET" } = {}) {
  const waits = [];
  let given;
  const request = { url: new URL(address, HOME).href, mode, method };
  world.listeners.fetch({ request, respondWith: (promise) => (given = promise), waitUntil: (promise) => waits.push(promise) });
  const response = await given;
  await Promise.all(waits);
  return response;
}

async function installed(options) {
  const world = browser(options);
  await run(world, "install");
  await run(world, "activate");
  world.asked = [];
  return world;
}

test("it keeps the files of its build and two pages asked for without cookies, and takes over at once", async () => {
  const world = browser();
  await run(world, "install");
  assert.deepEqual([...world.caches.get("assist-b2").keys()].sort(), [...FILES, ...Object.values(SHELLS)].sort());
  assert.deepEqual(world.asked.filter(([address]) => address.startsWith("/assist/")), [["/assist/", "omit"], ["/assist/lesson.html", "omit"]]);
  await run(world, "activate");
  assert.ok(world.skipped && world.claimed);
});

test("an install that misses a page fails: the old worker stays", async () => {
  const world = browser();
  world.network = (request) => (path(request) === "/assist/lesson.html" ? answer("busy", { status: 503 }) : answer("x"));
  await assert.rejects(run(world, "install"));
  assert.equal(world.skipped, false);
});

test("a new build takes away the caches of older ones and no other's", async () => {
  const caches = new Map([["assist-b1", new Map()], ["packages", new Map()]]);
  await installed({ caches });
  assert.deepEqual([...caches.keys()].sort(), ["assist-b2", "packages"]);
});

test("a page is the server's, is never kept, and without a server it is the empty one", async () => {
  const world = await installed();
  assert.equal((await get(world, "/assist/L?a=1")).body, "net /assist/L");
  assert.ok(![...world.caches.get("assist-b2").keys()].includes("/assist/L"));
  world.network = () => null;
  assert.equal((await get(world, "/assist/L?a=1")).body, "net /assist/lesson.html");
  assert.equal((await get(world, "/assist/")).body, "net /assist/");
});

test("a proxy without a server behind it is no server", async () => {
  const world = await installed();
  for (const status of [502, 503, 504]) {
    world.network = () => answer("bad gateway", { status });
    assert.equal((await get(world, "/assist/L?a=1")).body, "net /assist/lesson.html");
  }
});

test("files of the build come from the device, everything else is left alone", async () => {
  const world = await installed();
  assert.equal((await get(world, FILES[0], { mode: "cors" })).body, `net ${FILES[0]}`);
  assert.deepEqual(world.asked, []);
  for (const [address, how] of [
    ["/assist/L/day?a=1", { mode: "cors" }],
    ["/static/b1/js/pages/assist.js", { mode: "cors" }],
    ["/seat/L/free", { method: "POST", mode: "cors" }],
    ["/class/L", {}],
    ["https://elsewhere/assist/L", {}],
  ]) {
    assert.equal(await get(world, address, how), undefined, address);
  }
});

test("a refusal at the door wipes all that this holder kept, and nothing of another", async () => {
  const rows = () => [{ id: "L?1", holder: "h" }, { id: "M?1", holder: "h" }, { id: "L?2", holder: "i" }];
  const refusals = [401, 403, 404, 410].map((status) => answer("refused", { status }));
  for (const refusal of [...refusals, answer("", { status: 0, type: "opaqueredirect" })]) {
    const world = await installed();
    world.rows = rows();
    world.keys = [{ holder: "h" }, { holder: "i" }];
    world.network = () => refusal;
    assert.equal(await get(world, "/assist/L?a=1"), refusal);
    assert.deepEqual([world.rows.map(({ id }) => id), world.keys], [["L?2"], [{ holder: "i" }]]);
  }
});

test("the way to the page's own address, a busy server and no network wipe nothing", async () => {
  const world = await installed();
  world.rows = [{ id: "L?", holder: "h" }, { id: "L?1", holder: "h" }];
  for (const [address, response] of [
    ["/assist/L", answer("", { status: 0, type: "opaqueredirect" })],
    ["/assist/L?a=1", answer("busy", { status: 503 })],
    ["/assist/L?a=1", null],
    ["/assist/L?a=1", answer("page")],
  ]) {
    world.network = () => response;
    await get(world, address);
    assert.equal(world.rows.length, 2, address);
  }
});
