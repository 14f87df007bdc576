import assert from "node:assert/strict";
import { test } from "node:test";

import { Stall } from "../../../client_web/static/js/stall.js";

const show = (why, participant = "master") => ({ participant, source: "x", why });

test("a screen that stops while the teacher's sound plays is gone after 2 s, also when no source is known any more", () => {
  const stall = new Stall();
  const slots = { "program.audio": show("playing"), "program.screen": show("waiting") };
  assert.equal(stall.settle(slots, 0)["program.screen"].why, "waiting");
  assert.equal(stall.settle(slots, 1_900)["program.screen"].why, "waiting");
  assert.equal(stall.settle(slots, 2_000)["program.screen"].why, "empty");
  assert.equal(stall.settle({ ...slots, "program.screen": show("playing") }, 3_100)["program.screen"].why, "playing");
  const unknown = { ...slots, "program.screen": show("waiting", null) };
  assert.equal(stall.settle(unknown, 3_200)["program.screen"].why, "waiting");
  assert.equal(stall.settle(unknown, 5_200)["program.screen"].why, "empty");
});

test("when the teacher's link is lost everything waits and nothing is taken away", () => {
  const stall = new Stall();
  const slots = { "program.audio": show("waiting"), "program.screen": show("waiting"), "stage.1.audio": show("playing", "room") };
  stall.settle(slots, 0);
  assert.deepEqual(stall.settle(slots, 60_000), slots);
});
