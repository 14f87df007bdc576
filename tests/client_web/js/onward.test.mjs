import assert from "node:assert/strict";
import { test } from "node:test";

import { ASK_EVERY, Onward } from "../../../client_web/static/js/onward.js";
import { FakeClock, settle } from "./world.mjs";

const END = 1_000_000;
const next = (door) => ({ next: { name: "n", starts_at: END, state: "soon", door } });

function room({ plan = { starts_at: 0, ends_at: END }, answers = [] } = {}) {
  const clock = new FakeClock();
  const world = { clock, asked: [], went: [], stays: false, answers };
  const lesson = {
    plan,
    get now() {
      return clock.now();
    },
  };
  const ask = async () => {
    world.asked.push(clock.now());
    return world.answers.length > 1 ? world.answers.shift() : world.answers[0];
  };
  new Onward({ clock, lesson, here: "/class/a", stays: () => world.stays, ask, go: (door) => world.went.push(door) }).start();
  world.pass = async (ms) => {
    for (let left = ms; left > 0; left -= ASK_EVERY) {
      clock.advance(Math.min(left, ASK_EVERY));
      await settle();
    }
  };
  return world;
}

test("after the planned end a room asks every 20 s and follows another door", async () => {
  const world = room({ answers: [next("/class/a"), next(""), { next: null }, null, next("/class/b?room=r")] });
  await world.pass(END - 1);
  assert.deepEqual(world.asked, [], "the lesson is on by the plan");
  await world.pass(4 * ASK_EVERY);
  assert.equal(world.asked.length, 4);
  assert.deepEqual(world.went, [], "the same lesson, a closed door, none and no answer are no reason to leave");
  await world.pass(ASK_EVERY);
  assert.deepEqual(world.went, ["/class/b?room=r"]);
});

test("the same lesson is the same under whatever place in it", async () => {
  const world = room({ answers: [next("/class/a?room=r")] });
  await world.pass(END + ASK_EVERY);
  assert.ok(world.asked.length > 0);
  assert.deepEqual(world.went, []);
});

test("a room on stage stays, and goes when it was sent back", async () => {
  const world = room({ answers: [next("/class/b")] });
  world.stays = true;
  await world.pass(END + 3 * ASK_EVERY);
  assert.deepEqual([world.asked, world.went], [[], []]);
  world.stays = false;
  await world.pass(ASK_EVERY);
  assert.deepEqual(world.went, ["/class/b"]);
});

test("a room that is called on stage while it asks stays", async () => {
  const went = [];
  let onStage = false;
  const ask = async () => {
    onStage = true;
    return next("/class/b");
  };
  const options = { clock: new FakeClock(), lesson: { plan: { ends_at: END }, now: END }, here: "/class/a", stays: () => onStage };
  await new Onward({ ...options, ask, go: (door) => went.push(door) }).look();
  assert.deepEqual([onStage, went], [true, []]);
});

test("a lesson made by hand has no planned end", async () => {
  const world = room({ plan: { starts_at: null, ends_at: null }, answers: [next("/class/b")] });
  await world.pass(END + 3 * ASK_EVERY);
  assert.deepEqual(world.asked, []);
});
