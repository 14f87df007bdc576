import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveSocket } from "../../../client_web/static/js/protocol.js";
import { FakeClock, FakeSocket } from "./world.mjs";

const WELCOME = { type: "welcome", protocol: 2, build: "b1", you: {}, lesson: {}, at: 0 };
const STATE = { type: "state", seq: 4, state: { lesson: {}, stage: {}, participants: {} } };
const event = (seq, prev) => ({ type: "event", seq, prev, at: 0, kind: "lesson.live", payload: {} });

function open() {
  const clock = new FakeClock();
  const sockets = [];
  const make = () => sockets[sockets.push(new FakeSocket()) - 1];
  const live = new LiveSocket({ url: "ws://x", build: "b1", surface: "screen", page: "p1", open: make, clock });
  const seen = [];
  for (const name of ["event", "state", "bye", "lost", "outdated"]) live.on(name, (value) => seen.push([name, value]));
  live.start();
  sockets[0].accept();
  sockets[0].say(WELCOME);
  sockets[0].say(STATE);
  return { clock, sockets, live, seen, events: () => seen.filter(([n]) => n === "event").map(([, e]) => e.seq) };
}

test("hello comes first, without `after` on a fresh page", () => {
  const { sockets } = open();
  assert.deepEqual(sockets[0].sent[0], { type: "hello", protocol: 2, build: "b1", surface: "screen", page: "p1", sessions: [] });
});

test("hello names the media sessions the page believes in, each time anew", () => {
  const { clock, live, sockets } = open();
  live.claims = () => ["s1", "s2"];
  sockets[0].die();
  clock.advance(1000);
  sockets[1].accept();
  assert.deepEqual(sockets[1].of("hello")[0].sessions, ["s1", "s2"]);
});

test("a hidden event is no gap, a missing one asks for the whole state and nothing is applied until it comes", () => {
  const { sockets, events } = open();
  sockets[0].say(event(6, 4));
  assert.equal(sockets[0].of("hello").length, 1);
  sockets[0].say(event(9, 8));
  sockets[0].say(event(10, 9));
  assert.equal(sockets[0].of("hello").length, 2);
  assert.equal("after" in sockets[0].of("hello")[1], false);
  sockets[0].say({ ...STATE, seq: 10 });
  sockets[0].say(event(10, 9));
  sockets[0].say(event(11, 10));
  assert.deepEqual(events(), [6, 11]);
});

test("a frame may be an array of messages, taken in their order", async () => {
  const { sockets, live, events, seen } = open();
  const done = live.command("lesson.live", {});
  const { id } = sockets[0].of("command")[0];
  sockets[0].say([event(5, 4), { type: "ack", id, seq: 6 }, event(6, 5)]);
  assert.equal(await done, 6);
  sockets[0].say(event(7, 6));
  sockets[0].say([]);
  sockets[0].say([null, 5, [event(8, 7)]]);
  assert.deepEqual(events(), [5, 6, 7]);
  sockets[0].say([event(8, 7), { type: "bye", code: "removed" }, event(9, 8)]);
  assert.deepEqual(events(), [5, 6, 7, 8]);
  assert.deepEqual(seen.at(-1), ["bye", "removed"]);
});

test("a server that was restored from a backup has seen less: its state counts", () => {
  const { clock, sockets, events } = open();
  sockets[0].say(event(5, 4));
  sockets[0].die();
  clock.advance(1000);
  sockets[1].accept();
  sockets[1].say(WELCOME);
  sockets[1].say({ ...STATE, seq: 2 });
  sockets[1].say(event(3, 2));
  assert.deepEqual(events(), [5, 3]);
});

test("a lost socket comes back after the last seen event", () => {
  const { clock, sockets } = open();
  sockets[0].say(event(5, 4));
  sockets[0].die();
  clock.advance(1000);
  sockets[1].accept();
  assert.equal(sockets[1].of("hello")[0].after, 5);
});

test("waiting grows between failures and stays bounded", () => {
  const { clock, sockets } = open();
  const waits = [];
  for (let i = 0; i < 12; i++) {
    const before = clock.time;
    sockets.at(-1).die();
    const count = sockets.length;
    while (sockets.length === count) clock.advance(10);
    waits.push(clock.time - before);
  }
  assert.ok(waits[0] < 600 && waits[3] > waits[0]);
  assert.ok(Math.max(...waits) <= 8010);
});

test("a silent server is left within 16 s", () => {
  const { clock, sockets } = open();
  clock.advance(16_000);
  assert.equal(sockets[0].of("ping").length, 1);
  assert.equal(sockets[0].readyState, 3);
  assert.equal(sockets.length, 2);
});

test("an answered ping keeps the socket", () => {
  const { clock, sockets } = open();
  for (let i = 0; i < 6; i++) {
    clock.advance(10_000);
    sockets[0].say({ type: "pong", t: 1, at: 1 });
  }
  assert.equal(sockets.length, 1);
});

test("a command is answered once, repeated after a reconnect with the same id, and refused in words", async () => {
  const { clock, sockets, live } = open();
  const called = live.command("stage.call", { participant: "p" });
  const id = sockets[0].of("command")[0].id;
  sockets[0].die();
  clock.advance(1000);
  sockets[1].accept();
  assert.equal(sockets[1].of("command").length, 0);
  sockets[1].say(WELCOME);
  assert.equal(sockets[1].of("command")[0].id, id);
  sockets[1].say({ type: "ack", id, seq: 7 });
  assert.equal(await called, 7);
  const refused = live.command("stage.call", { participant: "q" });
  sockets[1].say({ type: "refused", id: sockets[1].of("command")[1].id, error: { code: "stage.full", params: {} } });
  await assert.rejects(refused, { code: "stage.full" });
});

test("an unanswered command ages out and is not sent again", async () => {
  const { clock, sockets, live } = open();
  sockets[0].die();
  const called = live.command("stage.call", { participant: "p" }, 5000);
  clock.advance(5000);
  await assert.rejects(called, { code: "timeout" });
  sockets.at(-1).accept();
  sockets.at(-1).say(WELCOME);
  assert.equal(sockets.at(-1).of("command").length, 0);
});

test("a hand ages out in five seconds, an answer waits for its card", async () => {
  const { clock, sockets, live } = open();
  sockets[0].die();
  const hand = live.command("hand.raise", { participant: "p", seat: 1 });
  const answer = live.command("quiz.answer", { quiz: "q", participant: "p", seat: 1, choice: [1] });
  clock.advance(60_000);
  await assert.rejects(hand, { code: "timeout" });
  sockets.at(-1).accept();
  sockets.at(-1).say(WELCOME);
  const [sent, ...rest] = sockets.at(-1).of("command");
  assert.deepEqual([sent.kind, rest], ["quiz.answer", []]);
  sockets.at(-1).say({ type: "ack", id: sent.id, seq: 9 });
  assert.equal(await answer, 9);
});

for (const code of ["replaced", "removed", "revoked"]) {
  test(`bye ${code} is final`, () => {
    const { clock, sockets, seen } = open();
    sockets[0].say({ type: "bye", code });
    clock.advance(60_000);
    assert.equal(sockets.length, 1);
    assert.deepEqual(seen.at(-1), ["bye", code]);
  });
}

test("bye slow comes back at once", () => {
  const { clock, sockets } = open();
  sockets[0].say({ type: "bye", code: "slow" });
  clock.advance(0);
  assert.equal(sockets.length, 2);
});

test("another build is told, garbage and unknown messages are not an end", () => {
  const { sockets, seen, events } = open();
  for (const junk of ["", "{", "null", "[]", '"x"', '{"type":"__proto__"}', '{"type":"later"}']) sockets[0].say(junk);
  sockets[0].say({ ...WELCOME, build: "b2" });
  assert.deepEqual(seen.at(-1), ["outdated", "b2"]);
  sockets[0].say(event(5, 4));
  assert.deepEqual(events(), [5]);
});
