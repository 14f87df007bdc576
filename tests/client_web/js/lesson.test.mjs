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
