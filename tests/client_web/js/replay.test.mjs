/** The pure half of the replay page: the log at any moment, and the course of time. */
import assert from "node:assert/strict";
import test from "node:test";
import { Course, beyond } from "../../../client_web/static/js/replay/course.js";
import { needed, throughput, weak } from "../../../client_web/static/js/replay/quality.js";
import { Past } from "../../../client_web/static/js/replay/past.js";
import { fold } from "../../../client_web/static/js/fold.js";

const START = { lesson: { id: "l", name: "", phase: "live", live_at: 0, ended_at: null }, stage: {}, participants: {}, board: { sheets: [], at: null, shown: false, ink: {} } };
const drawn = (n) => ({ sheet: "s", page: 1 + (n % 3), item: `i${n}`, points: "AAKK", color: "#d02030", width: 30, tool: "pen" });
const events = Array.from({ length: 1_000 }, (_, n) => [n * 10, "board.drawn", drawn(n)]);

const folded = (at) => events.filter(([when]) => when <= at).reduce((state, [when, kind, payload]) => fold(state, { at: when, kind, payload }), START);

test("every moment is what the log folds to, whichever way one comes there", () => {
  const past = new Past(START, events);
  for (const at of [0, 5, 1_990, 2_000, 9_990, 20_000, 40, 2_001, -1, 7_777]) assert.deepEqual(past.at(at), folded(at), String(at));
});

test("what happened in between is told once", () => {
  const past = new Past(START, events);
  assert.deepEqual(past.between(-1, 20), events.slice(0, 3));
  assert.deepEqual(past.between(20, 20), []);
  assert.equal(past.between(20, 50).length, 3);
});

test("the course plays at its rate, waits, and ends", () => {
  const course = new Course({ begin: 1_000, end: 11_000 }, 3_000);
  assert.equal(course.at(500), 3_000);
  course.play(true, 500);
  course.speed(2, 1_500);
  assert.equal(course.at(2_000), 5_000);
  course.hold(true, 2_000);
  assert.equal(course.at(9_000), 5_000);
  course.hold(false, 9_000);
  assert.equal(course.at(9_500), 6_000);
  assert.equal(course.at(99_000), 11_000);
  assert.ok(course.over(99_000));
  course.play(false, 99_000);
  course.play(true, 100_000);
  assert.equal(course.at(100_000), 1_000, "from its beginning again");
});

test("one cannot go out of the span", () => {
  const course = new Course({ begin: 1_000, end: 2_000 }, 0);
  assert.equal(course.at(0), 1_000);
  course.seek(9_999, 0);
  assert.equal(course.at(0), 2_000);
});

test("only a long gap in everything is passed over", () => {
  const files = [{ begin: 0, end: 10_000 }, { begin: 12_000, end: 20_000 }, { begin: 40_000, end: 50_000 }];
  assert.equal(beyond(files, 5_000, 3_000), null);
  assert.equal(beyond(files, 10_500, 3_000), null, "too short to be passed over");
  assert.equal(beyond(files, 21_000, 3_000), 40_000);
  assert.equal(beyond(files, 60_000, 3_000), null, "nothing comes");
});

/** As much of a media element as a film touches; `fetched` says which addresses were loaded. */
class FakeVideo {
  constructor() {
    Object.assign(this, { attributes: {}, fetched: [], played: 0, error: null, readyState: 0, networkState: 2, ended: false, paused: true, seeking: false, duration: NaN, currentTime: 0 });
  }
  append() {}
  getAttribute(name) {
    return this.attributes[name] ?? null;
  }
  hasAttribute(name) {
    return name in this.attributes;
  }
  removeAttribute(name) {
    delete this.attributes[name];
  }
  set src(value) {
    this.attributes.src = value;
    this.fetched.push(value);
    this.error = null;
  }
  load() {}
  pause() {
    this.paused = true;
  }
  async play() {
    this.played += 1;
    this.paused = false;
    if (this.ended) this.currentTime = 0; // as HTML has it
  }
}

const part = (n, begin, end) => ({ group: "teacher", begin, end, url: `/${n}`, type: "video/webm", video: true, audio: true, thumbnails: [] });

async function filmOf(...files) {
  globalThis.document = { documentElement: { lang: "zh-CN", dataset: {} }, createElement: () => new FakeVideo() };
  const { Film } = await import("../../../client_web/static/js/replay/film.js");
  const film = new Film("teacher", files);
  return { film, element: film.element };
}

test("a file that ends before its recording does neither begins anew nor holds the replay", async () => {
  const { film, element } = await filmOf(part(1, 0, 10_000));
  film.follow(9_000, true, 1);
  Object.assign(element, { readyState: 4, duration: 9.4, currentTime: 9.0 });
  film.follow(9_000, true, 1);
  assert.equal(element.paused, false);
  Object.assign(element, { currentTime: 9.38, readyState: 2 });
  assert.equal(film.waiting, false, "the last picture has none after it");
  Object.assign(element, { currentTime: 9.4, ended: true, paused: true });
  const { played } = element;
  for (const at of [9_390, 9_500, 9_900]) {
    film.follow(at, true, 1);
    assert.equal(film.waiting, false, String(at));
  }
  assert.deepEqual([element.played, element.currentTime], [played, 9.4]);
  film.follow(2_000, true, 1);
  assert.equal(element.currentTime, 2, "and one can go back");
});

test("one who goes beyond a file's end sees its last picture", async () => {
  const { film, element } = await filmOf(part(1, 0, 10_000));
  film.follow(9_900, false, 1);
  Object.assign(element, { readyState: 1, duration: 9.4 });
  film.follow(9_900, false, 1);
  assert.deepEqual([element.currentTime, film.waiting, element.paused], [9.4, false, true]);
});

test("it is waited for while data may come, and no longer", async () => {
  const { film, element } = await filmOf(part(1, 0, 10_000));
  film.follow(1_000, true, 1);
  assert.ok(film.waiting);
  Object.assign(element, { readyState: 2, duration: 10 });
  assert.ok(film.waiting);
  element.networkState = 1;
  assert.ok(!film.waiting, "the browser has all it wanted");
  Object.assign(element, { networkState: 2, error: { code: 2 } });
  assert.ok(!film.waiting && film.broken, "a film that failed holds nobody");
  film.retry();
  film.follow(1_100, true, 1);
  assert.deepEqual(element.fetched, ["/1", "/1"]);
  assert.ok(!film.broken);
});

test("a file is fetched shortly before it begins, once", async () => {
  const { film, element } = await filmOf(part(1, 0, 10_000), part(2, 40_000, 50_000));
  for (const at of [5_000, 10_500, 20_000]) film.follow(at, true, 1);
  assert.deepEqual(element.fetched, ["/1"]);
  for (const at of [33_000, 34_000, 39_000]) film.follow(at, true, 1);
  assert.deepEqual(element.fetched, ["/1", "/2"]);
  assert.ok(!film.waiting, "nobody waits for what is not due");
  film.follow(40_000, true, 1);
  assert.ok(film.waiting);
  assert.deepEqual(element.fetched, ["/1", "/2"]);
});

test("a browser that refuses to sound is asked again by a hand", async () => {
  const { film, element } = await filmOf(part(1, 0, 10_000));
  element.play = () => Promise.reject(Object.assign(new Error(), { name: "NotAllowedError" }));
  film.follow(0, true, 1);
  await new Promise(setImmediate);
  assert.ok(film.refused);
  delete element.play;
  film.follow(0, true, 1);
  await new Promise(setImmediate);
  assert.ok(!film.refused);
});

test("the link is as fast as the page came while something came", () => {
  const one = (transferSize, responseStart, responseEnd) => ({ transferSize, responseStart, responseEnd });
  assert.equal(throughput([]), null);
  assert.equal(throughput([one(29_000, 0, 1)]), null, "too little to say");
  assert.equal(throughput([one(100_000, 0, 800), one(0, 800, 5_000)]), 1_000_000, "what the browser had is no measure");
  assert.equal(throughput([one(50_000, 0, 400), one(50_000, 200, 600), one(25_000, 1_000, 1_400)]), 1_000_000, "side by side, and a pause");
});

test("films are too large for a link that is hardly faster, or that shall be spared", () => {
  const film = (group, bits, quality = "", video = true) => ({ group, bits, quality, video });
  const need = needed([film("teacher", 1_500_000), film("teacher", 900_000), film("teacher", 250_000, "thin"), film("screen", 500_000), film("sound", 32_000, "", false)]);
  assert.equal(need, 2_000_000);
  assert.equal(weak(need, null, undefined), null, "nobody knows");
  assert.equal(weak(need, 1_000_000, undefined), true);
  assert.equal(weak(need, 2_500_000, { effectiveType: "4g" }), true);
  assert.equal(weak(need, 9_000_000, { effectiveType: "3g" }), false, "what was measured counts");
  assert.equal(weak(need, null, { effectiveType: "4g" }), null);
  assert.equal(weak(need, null, { effectiveType: "3g" }), true);
  assert.equal(weak(need, 9_000_000, { saveData: true }), true);
});

test("a thin film goes on from the same moment, and where there is none the other plays", async () => {
  const thin = { ...part("thin", 0, 10_000), quality: "thin" };
  const { film, element } = await filmOf(part(1, 0, 10_000), thin, part(2, 10_000, 20_000));
  film.follow(4_000, true, 1);
  Object.assign(element, { readyState: 4, duration: 10, currentTime: 4 });
  film.thin = true;
  film.follow(4_100, true, 1);
  assert.deepEqual(element.fetched, ["/1", "/thin"]);
  Object.assign(element, { readyState: 1, duration: 10, currentTime: 0 });
  assert.ok(film.waiting, "the course waits for it");
  film.follow(4_100, true, 1);
  assert.equal(element.currentTime, 4.1);
  film.follow(12_000, true, 1);
  film.thin = false;
  film.follow(12_100, true, 1);
  assert.deepEqual(element.fetched, ["/1", "/thin", "/2"]);
});

test("whoever must wait for films too long gets thin ones, and the next time at once; a choice is kept", async () => {
  const store = new Map();
  globalThis.localStorage = { getItem: (key) => store.get(key) ?? null, setItem: (key, value) => store.set(key, value) };
  globalThis.Option = function (text, value) {
    Object.assign(this, { text, value });
  };
  const { Quality } = await import("../../../client_web/static/js/replay/quality.js");
  const files = [{ ...part(1, 0, 9), bits: 2e6 }, { ...part(2, 0, 9), quality: "thin" }];
  const opened = (thin) => {
    const stage = { canListen: true, listening: false, on: null, thin: (on) => (stage.on = on) };
    const select = { value: "", hidden: true, options: [], replaceChildren: (...all) => (select.options = all.map(({ value }) => value)), addEventListener: (_, run) => (select.change = run) };
    return { stage, select, quality: new Quality(select, stage, files, thin) };
  };
  const first = opened(null);
  assert.deepEqual([first.select.options, first.select.value, first.select.hidden, first.stage.on], [["auto", "sharp", "thin", "sound"], "auto", false, false]);
  let now = 1_000;
  for (let n = 0; n < 25; n++) first.quality.look(true, true, (now += 100));
  for (let n = 0; n < 100; n++) first.quality.look(true, false, (now += 100));
  assert.equal(first.stage.on, false, "not yet, and who pauses does not wait");
  for (let n = 0; n < 10; n++) first.quality.look(true, true, (now += 100));
  assert.equal(first.stage.on, true);
  assert.equal(opened(null).stage.on, true, "as the last time");
  assert.equal(opened(false).stage.on, false, "but for what is measured now");
  const chosen = opened(true);
  chosen.select.value = "sharp";
  chosen.select.change();
  assert.equal(chosen.stage.on, false);
  for (let n = 0; n < 100; n++) chosen.quality.look(true, true, (now += 100));
  assert.deepEqual([chosen.stage.on, opened(true).select.value, opened(true).stage.on], [false, "sharp", false], "whoever chose is not overruled");
  chosen.select.value = "sound";
  chosen.select.change();
  assert.deepEqual([chosen.stage.listening, opened(null).stage.listening], [true, true]);
});
