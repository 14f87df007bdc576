import assert from "node:assert/strict";
import { test } from "node:test";

import { recorded, recording } from "../../../client_web/static/js/fold/record.js";
import { classrooms, fold, positionOf } from "../../../client_web/static/js/fold.js";

/** The parts of the back-channel before anything happened. */
const PARTS = {
  hands: { mode: "first", raised: {}, wave: 0, last: null, called: {}, calls: {}, recent: [] },
  mic: { closed: {}, requests: {} },
  help: { signals: {}, rung: {} },
  checkin: { rooms: {} },
  quiz: { open: "", cards: {}, answers: {}, counts: {}, tallies: {} },
  seats: { open: [], taken: {} },
  talk: { questions: {}, announcements: {} },
  tools: { timer: null, pick: null, stars: { rooms: {}, seats: {}, groups: {} }, groups: {} },
  board: { sheets: [], at: null, shown: true, ink: {}, pen: null },
  director: { mode: "auto", latest: "courseware" },
  record: { recording: "", mode: "off", since: null, before: 0 },
};
const LESSON = { id: "L", name: "n", phase: "scheduled", live_at: null, ended_at: null };
const SCHEDULED = { lesson: LESSON, stage: {}, participants: {}, ...PARTS };
const event = (kind, payload = {}, at = 0) => ({ kind, payload, at });
const run = (start, ...events) => events.reduce(fold, start);
const joined = (id, name) => event("participant.joined", { participant: id, name, role: "classroom" });

test("a lesson's life", () => {
  const live = run(SCHEDULED, event("lesson.opened"), event("lesson.live", {}, 5));
  assert.deepEqual([live.lesson.phase, live.lesson.live_at], ["live", 5]);
  const ended = fold(live, event("lesson.ended", {}, 9));
  assert.deepEqual([ended.lesson.phase, ended.lesson.ended_at], ["ended", 9]);
  const again = fold(ended, event("lesson.reopened"));
  assert.deepEqual([again.lesson.phase, again.lesson.ended_at, again.lesson.live_at], ["live", null, 5]);
  assert.equal(run(SCHEDULED, event("lesson.opened"), event("lesson.ended"), event("lesson.reopened")).lesson.phase, "open");
});

test("a room that left keeps its place on stage, a released or removed one does not", () => {
  const on = run(SCHEDULED, joined("a", "甲"), event("stage.called", { participant: "a", position: 2, name: "甲" }));
  assert.equal(positionOf(on, "a"), 2);
  const away = fold(on, event("participant.left", { participant: "a" }));
  assert.equal(positionOf(away, "a"), 2);
  assert.equal(away.participants.a.present, false);
  const off = fold(away, event("stage.released", { participant: "a", position: 2 }));
  assert.deepEqual([off.stage, Object.keys(off.participants)], [{}, ["a"]]);
  assert.deepEqual(fold(off, event("participant.removed", { participant: "a" })).participants, {});
});

test("a plain viewer learns names from the stage and forgets them with it", () => {
  const called = fold(SCHEDULED, event("stage.called", { participant: "a", position: 1, name: "甲" }));
  assert.equal(called.participants.a.name, "甲");
  assert.deepEqual(fold(called, event("stage.released", { participant: "a", position: 1 })).participants, {});
});

test("the fold never changes what it was given, and an unknown kind changes nothing", () => {
  const frozen = Object.freeze({ ...SCHEDULED, participants: Object.freeze({}), stage: Object.freeze({}) });
  run(frozen, joined("a", "甲"), event("lesson.live"));
  assert.equal(fold(frozen, event("from.the.future")), frozen);
});

test("rooms on stage change over, and one moves to an empty position", () => {
  const on = (stage) => ({ ...SCHEDULED, stage });
  assert.deepEqual(fold(on({ 1: "a", 2: "b", 3: "c" }), event("stage.swapped", { a: 1, b: 2 })).stage, { 1: "b", 2: "a", 3: "c" });
  assert.deepEqual(fold(on({ 1: "a" }), event("stage.swapped", { a: 4, b: 1 })).stage, { 4: "a" });
});

test("classrooms are in the order people read, without the master", () => {
  const state = run(SCHEDULED, joined("x", "10 班"), joined("y", "2 班"), event("participant.joined", { participant: "master", name: "m", role: "master" }));
  assert.deepEqual(classrooms(state).map((c) => c.id), ["y", "x"]);
});

test("REC says what is recorded and how much of it there is", () => {
  const at = (ms, kind, payload) => event(kind, payload, ms);
  const live = run(SCHEDULED, at(0, "lesson.opened"), at(1000, "lesson.live"));
  assert.deepEqual([recording(null), recording(live), recorded(live.record, 9000)], [null, null, 0]);
  const on = fold(live, at(2000, "record.started", { recording: "r" }));
  assert.deepEqual([recording(on), recorded(on.record, 5000), recorded(on.record, 0)], ["on", 3000, 0]);
  const paused = fold(on, at(5000, "record.paused"));
  assert.deepEqual([recording(paused), recorded(paused.record, 9000)], ["paused", 3000]);
  const again = fold(paused, at(8000, "record.resumed"));
  assert.deepEqual([recording(again), recorded(again.record, 9000)], ["on", 4000]);
  const rest = fold(again, at(9000, "lesson.paused"));
  assert.deepEqual([recording(rest), recorded(rest.record, 99_000)], ["paused", 4000]);
  const back = fold(rest, at(20_000, "lesson.live"));
  assert.deepEqual([recording(back), recorded(back.record, 21_000)], ["on", 5000]);
  const over = run(back, at(22_000, "lesson.ended"), at(22_000, "record.stopped"));
  assert.deepEqual([recording(over), recorded(over.record, 99_000), over.record.recording], [null, 6000, "r"]);
});
