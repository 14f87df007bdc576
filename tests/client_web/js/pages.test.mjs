import assert from "node:assert/strict";
import { test } from "node:test";

import { PageStore } from "../../../client_web/static/js/board/store.js";
import { FakeClock, settle } from "./world.mjs";

const PAGES = [1, 2, 3].map((page) => ({ page, width: 1600, height: 900, bytes: 9, media: [] }));
const FILES = { courseware: [{ id: "c1", version: "v1", pages: PAGES }, { id: "c2", version: "", pages: [] }] };

/** A server and a browser's cache, both in memory. */
class World {
  constructor({ cache = true } = {}) {
    this.clock = new FakeClock();
    this.asked = [];
    this.kept = new Map();
    this.broken = false;
    this.held = [];
    this.hold = false;
    this.options = { lesson: "L", admission: "a b", clock: this.clock, fetch: (url, init) => this.fetch(url, init), caches: cache ? this : undefined };
    this.store = new PageStore(this.options);
  }

  async open() {
    return {
      match: async (address) => this.kept.get(address)?.clone(),
      put: async (address, answer) => void this.kept.set(address, answer),
      keys: async () => [...this.kept.keys()].map((address) => ({ url: `http://school${address}` })),
      delete: async (request) => this.kept.delete(new URL(request.url).pathname),
    };
  }

  async fetch(url, init) {
    const [path, query] = url.split("?");
    assert.equal(query, "a=a%20b");
    this.asked.push(path);
    if (this.broken) throw new TypeError("offline");
    if (this.hold) {
      await new Promise((done, fail) => {
        this.held.push(done);
        init?.signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
      });
    }
    return path === "/courseware/L" ? Response.json(FILES) : new Response(path, { headers: { "Content-Type": "image/webp" } });
  }

  of(tail) {
    return this.asked.filter((path) => path.endsWith(tail));
  }
}

const flow = async () => {
  for (let n = 0; n < 30; n++) {
    await settle();
    await new Promise((done) => setImmediate(done));
  }
};

test("everything is fetched before class, previews first, once, and its progress is told", async () => {
  const world = new World();
  const told = [];
  world.store.on("progress", (progress) => told.push(progress));
  assert.ok(await world.store.load());
  await world.store.preload();
  assert.deepEqual(world.asked.slice(1), [...[1, 2, 3].map((n) => `/courseware/L/v1/${n}/preview`), ...[1, 2, 3].map((n) => `/courseware/L/v1/${n}.webp`)]);
  assert.deepEqual([told[0], told.at(-1)], [{ done: 0, total: 6 }, { done: 6, total: 6 }]);
  assert.deepEqual(world.store.info("c1", 2), PAGES[1]);
  assert.deepEqual([world.store.info("c1", 9), world.store.info("blank", 1)], [null, null]);
  const again = new World();
  again.kept = world.kept;
  await again.store.load();
  await again.store.preload();
  assert.deepEqual(again.asked, ["/courseware/L"], "a page opened again has all of it");
});

test("a page that is there is shown at once and without the net", async () => {
  const world = new World();
  await world.store.load();
  await world.store.preload();
  world.broken = true;
  const shown = [];
  await world.store.show("v1", 2, (blob, quality) => shown.push([quality, blob.size]) > 0);
  assert.deepEqual(shown, [["page", "/courseware/L/v1/2.webp".length]]);
});

test("a page that is not there yet is its preview first", async () => {
  const world = new World();
  await world.store.load();
  const shown = [];
  await world.store.show("v1", 3, (_, quality) => shown.push(quality) > 0);
  assert.deepEqual(shown, ["preview", "page"]);
  assert.deepEqual(world.asked.slice(1), ["/courseware/L/v1/3/preview", "/courseware/L/v1/3.webp"]);
});

test("whoever turns on is not sent the page before", async () => {
  const world = new World();
  await world.store.load();
  await world.store.show("v1", 3, () => false);
  assert.deepEqual(world.of("3.webp"), []);
});

test("what is on its way for a page that was left is broken off", async () => {
  const world = new World();
  await world.store.load();
  world.hold = true;
  const [shown, left] = [[], []];
  const first = world.store.show("v1", 1, (_, quality) => left.push(quality) > 0);
  await flow();
  const second = world.store.show("v1", 2, (_, quality) => shown.push(quality) > 0);
  await first;
  await flow();
  assert.equal(world.store.urgent, 1);
  for (const step of ["preview", "page"]) {
    world.held.at(-1)();
    await flow();
    assert.equal(shown.at(-1), step);
  }
  await second;
  assert.deepEqual(left, []);
  assert.deepEqual(world.asked.slice(1), ["/courseware/L/v1/1/preview", "/courseware/L/v1/2/preview", "/courseware/L/v1/2.webp"]);
});

test("what has no haste stands back for a page that somebody waits for, and goes on afterwards", async () => {
  const world = new World();
  await world.store.load();
  world.hold = true;
  const preloading = world.store.preload();
  await flow();
  assert.deepEqual(world.asked.slice(1), ["/courseware/L/v1/1/preview"]);
  world.hold = false;
  await world.store.show("v1", 3, () => true);
  assert.deepEqual(world.asked.slice(2, 4), ["/courseware/L/v1/3/preview", "/courseware/L/v1/3.webp"]);
  await preloading;
  assert.equal(world.of("1/preview").length, 2);
  assert.equal(world.kept.size, 6);
});

test("a link that is down is tried again, for what is looked at and for the rest", async () => {
  const world = new World();
  await world.store.load();
  const shown = [];
  await world.store.show("v1", 1, (_, quality) => shown.push(quality) > 0 && !(world.broken = true));
  world.broken = false;
  const looking = world.store.show("v1", 2, (_, quality) => {
    shown.push(quality);
    world.broken = shown.length === 2;
    return true;
  });
  await flow();
  world.broken = false;
  world.clock.advance(3_000);
  await flow();
  await looking;
  assert.equal(shown.at(-1), "page");
  world.broken = true;
  const preloading = world.store.preload();
  await flow();
  world.broken = false;
  world.clock.advance(3_000);
  await flow();
  await preloading;
  assert.equal(world.kept.size, 6);
});

test("without a cache pages are kept in memory", async () => {
  const world = new World({ cache: false });
  await world.store.load();
  await world.store.preload();
  world.broken = true;
  const shown = [];
  await world.store.show("v1", 1, (_, quality) => shown.push(quality) > 0);
  assert.deepEqual(shown, ["page"]);
});

test("a cache that is full or forbidden is no trouble", async () => {
  const world = new World();
  world.options.caches = { open: async () => Promise.reject(new DOMException("", "SecurityError")) };
  await world.store.load();
  await world.store.preload();
  assert.equal(world.store.memory.size, 6);
});

test("the oldest goes where too much is kept", async () => {
  const world = new World();
  for (let n = 0; n < 3_010; n++) world.kept.set(`/courseware/old/v/${n}.webp`, new Response(""));
  await world.store.load();
  await world.store.preload();
  assert.equal(world.kept.size, 3_006);
  assert.ok(!world.kept.has("/courseware/old/v/9.webp"));
});

test("no answer, no files; stopped, no more fetches", async () => {
  const world = new World();
  world.broken = true;
  assert.equal(await world.store.load(), false);
  world.broken = false;
  await world.store.load();
  world.store.stop();
  await world.store.preload();
  assert.equal(world.kept.size, 0);
});
