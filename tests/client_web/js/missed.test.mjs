/** What a screen missed of a lesson. */
import assert from "node:assert/strict";
import test from "node:test";
import { Missed, keyOf, recallMissed } from "../../../client_web/static/js/missed.js";

class Store {
  constructor() {
    this.kept = new Map();
    this.writes = 0;
  }

  getItem(key) {
    return this.kept.get(key) ?? null;
  }

  setItem(key, value) {
    this.writes += 1;
    this.kept.set(key, value);
  }
}

/** @returns {boolean[]} whether a span became known, second by second */
function watch(missed, from, to, here, live = true) {
  const news = [];
  for (let at = from; at < to; at += 1_000) news.push(missed.look(at, live, here));
  return news;
}

test("a lost link is a span once it is back, a short one is none", () => {
  const missed = new Missed(new Store(), "l");
  watch(missed, 0, 10_000, true);
  watch(missed, 10_000, 14_000, false);
  watch(missed, 14_000, 20_000, true);
  assert.deepEqual(missed.spans, []);
  watch(missed, 20_000, 90_000, false);
  assert.deepEqual(missed.spans, [], "it goes on");
  assert.deepEqual(watch(missed, 90_000, 93_000, true), [true, false, false]);
  assert.deepEqual(missed.spans, [{ begin: 19_000, end: 90_000 }]);
});

test("what was there before it came in, and breaks, are not missed", () => {
  const missed = new Missed(new Store(), "l");
  watch(missed, 500_000, 510_000, false);
  watch(missed, 510_000, 520_000, true);
  watch(missed, 520_000, 820_000, false, false);
  watch(missed, 820_000, 830_000, true);
  assert.deepEqual(missed.spans, []);
});

test("a page that was closed knows afterwards, and spans near together are one", () => {
  const store = new Store();
  watch(new Missed(store, "l"), 0, 10_000, true);
  const again = new Missed(store, "l");
  watch(again, 60_000, 62_000, true);
  watch(again, 62_000, 80_000, false);
  watch(again, 80_000, 82_000, true);
  assert.equal(again.spans.length, 1);
  assert.equal(again.spans[0].end, 80_000);
  assert.deepEqual(new Missed(store, "l").spans, again.spans);
  assert.deepEqual(new Missed(store, "other").spans, []);
  again.done(again.spans[0]);
  assert.deepEqual(new Missed(store, "l").spans, []);
});

test("it is written seldom, and there are never too many", () => {
  const store = new Store();
  const missed = new Missed(store, "l");
  watch(missed, 0, 100_000, true);
  assert.ok(store.writes <= 50, String(store.writes));
  for (let n = 2; n < 52; n += 1) watch(missed, n * 100_000, n * 100_000 + 10_000, true);
  assert.equal(missed.spans.length, 20);
  assert.equal(recallMissed(store, "l").length, 20);
});

test("whatever else the browser keeps there harms nobody", () => {
  const store = new Store();
  for (const text of ["", "null", "[]", "{", '{"spans":3}', "[null, 3]", '[{"begin":5,"end":2}]', '[{"begin":null,"end":2}]']) {
    store.kept.set(keyOf("l"), text);
    store.kept.set(`${keyOf("l")}.seen`, text);
    assert.deepEqual(recallMissed(store, "l"), [], text);
    assert.equal(new Missed(store, "l").seen, null, text);
  }
  const broken = { getItem: () => { throw new Error("forbidden"); }, setItem: () => { throw new Error("full"); } };
  const missed = new Missed(broken, "l");
  watch(missed, 0, 3_000, true);
  assert.deepEqual(watch(missed, 20_000, 22_000, true), [true, false]);
  assert.deepEqual(missed.spans, []);
});

test("the page of the replay crosses off what the page of the lesson knows", () => {
  const store = new Store();
  const here = new Missed(store, "l");
  watch(here, 0, 10_000, true);
  watch(here, 40_000, 50_000, true);
  const there = new Missed(store, "l");
  there.done(there.spans[0]);
  watch(here, 50_000, 60_000, true);
  assert.deepEqual(here.spans, []);
  watch(here, 90_000, 95_000, true);
  assert.deepEqual(there.spans, [{ begin: 59_000, end: 90_000 }]);
});

class FakeElement {
  constructor() {
    Object.assign(this, { dataset: {}, children: [], hidden: false });
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  addEventListener(kind, run) {
    this[kind] = run;
  }

  querySelector() {
    return this.children[0]?.children[1] ?? null;
  }
}

test("beside the replay each leads to its beginning, and is crossed off once it was watched", async () => {
  globalThis.document = { documentElement: { lang: "zh-CN", dataset: {} }, createElement: () => new FakeElement() };
  const { MissedList } = await import("../../../client_web/static/js/replay/missedlist.js");
  const store = new Store();
  store.setItem(keyOf("l"), JSON.stringify([{ begin: 0, end: 500 }, { begin: 20_000, end: 40_000 }, { begin: 50_000, end: 200_000 }]));
  const parts = { part: new FakeElement(), list: new FakeElement() };
  const went = [];
  const list = new MissedList(parts, new Missed(store, "l"), { begin: 10_000, end: 100_000 }, (at) => went.push(at));
  assert.deepEqual([parts.part.hidden, parts.list.children.length], [false, 2], "the first is not recorded");
  for (const row of parts.list.children) row.children[0].click();
  assert.deepEqual(went, [18_000, 48_000]);
  const play = (from, to) => {
    for (let at = from; at < to; at += 100) list.look(at, at + 100);
  };
  play(30_000, 45_000);
  assert.equal(recallMissed(store, "l").length, 3, "from the middle on is not all of it");
  play(18_000, 30_000);
  list.look(30_000, 60_000);
  play(30_000, 45_000);
  assert.equal(recallMissed(store, "l").length, 3, "somebody went away in between");
  play(18_000, 41_000);
  assert.deepEqual(recallMissed(store, "l").map(({ begin }) => begin), [0, 50_000]);
  assert.deepEqual(parts.list.children.map(({ dataset }) => dataset.done), ["1", undefined]);
  play(48_000, 100_000);
  assert.deepEqual(recallMissed(store, "l").map(({ begin }) => begin), [0], "all that there is of it");
});
