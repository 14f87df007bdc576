import assert from "node:assert/strict";
import { test } from "node:test";

import { Lesson } from "../../../client_web/static/js/lesson.js";
import { LiveSocket } from "../../../client_web/static/js/protocol.js";
import { FakeClock, FakeSocket } from "./world.mjs";

function open() {
  const clock = new FakeClock();
  const sockets = [];
  const make = () => sockets[sockets.push(new FakeSocket()) - 1];
  const socket = new LiveSocket({ url: "ws://x", build: "b1", surface: "screen", page: "p1", open: make, clock });
  const lesson = new Lesson(socket);
  const said = [];
  lesson.on("bye", (code) => said.push(code));
  socket.start();
  sockets[0].accept();
  return { clock, lesson, said, sockets };
}

test("a page told to come back goes on as before", () => {
  const { clock, lesson, said, sockets } = open();
  sockets[0].say({ type: "bye", code: "slow" });
  clock.advance(1000);
  assert.deepEqual([lesson.bye, said, sockets.length], [null, ["slow"], 2]);
});

test("a final goodbye stays", () => {
  for (const code of ["replaced", "removed", "revoked"]) {
    const { clock, lesson, sockets } = open();
    sockets[0].say({ type: "bye", code });
    clock.advance(60_000);
    assert.deepEqual([lesson.bye, sockets.length], [code, 1]);
  }
});

test("what is wrong with the recording is known until the server says otherwise, or comes back without a word", () => {
  const { clock, lesson, sockets } = open();
  const welcome = { type: "welcome", protocol: 2, build: "b1", you: {}, lesson: {}, at: 0, seats: 0 };
  sockets[0].say(welcome);
  sockets[0].say({ type: "recording", failing: "disk" });
  assert.equal(lesson.failing, "disk");
  sockets[0].say({ type: "recording", failing: "" });
  assert.equal(lesson.failing, "");
  sockets[0].say({ type: "recording", failing: "queue" });
  sockets[0].say({ type: "bye", code: "slow" });
  clock.advance(1000);
  assert.equal(lesson.failing, "queue");
  sockets[1].accept();
  sockets[1].say(welcome);
  assert.equal(lesson.failing, "");
});
