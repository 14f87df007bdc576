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
