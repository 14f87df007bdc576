/** The pure half of the replay page: the log at any moment, and the course of time. */
import assert from "node:assert/strict";
import test from "node:test";
import { Course, beyond } from "../../../client_web/static/js/replay/course.js";
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
