import assert from "node:assert/strict";
import { test } from "node:test";

import { Keeper } from "../../../client_web/static/js/keeper.js";
import { Refused } from "../../../client_web/static/js/refused.js";
import { FakeClock, settle } from "./world.mjs";

class FakePeer {
  constructor(id, onstate, outcome) {
    Object.assign(this, { id, onstate, outcome, restarts: 0, closed: false });
  }

  async open() {
    if (this.outcome) throw this.outcome;
  }

  async restart() {
    this.restarts++;
  }

  close() {
    this.closed = true;
  }
}

function keep(outcomes = []) {
  const clock = new FakeClock();
  const peers = [];
  const make = (onstate) => peers[peers.push(new FakePeer(`s${peers.length}`, onstate, outcomes.shift())) - 1];
  const states = [];
  const keeper = new Keeper({ make, clock, onchange: (state) => states.push(state) });
  keeper.start();
  return { clock, peers, keeper, states };
}

test("a short stall is left alone, a longer one restarts ICE on the same session", () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  peers[0].onstate("disconnected");
  clock.advance(2900);
  assert.equal(peers[0].restarts, 0);
  clock.advance(200);
  assert.equal(peers[0].restarts, 1);
  peers[0].onstate("connected");
  clock.advance(60_000);
  assert.equal(peers.length, 1);
  assert.equal(keeper.state, "connected");
});

test("a restart that does not help makes a new session, and the old one is closed", () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  peers[0].onstate("disconnected");
  clock.advance(8000);
  assert.equal(peers.length, 2);
  assert.ok(peers[0].closed);
  assert.equal(keeper.session, "s1");
});

test("failed makes a new session without waiting for a restart", () => {
  const { clock, peers } = keep();
  peers[0].onstate("connected");
  peers[0].onstate("failed");
  clock.advance(500);
  assert.equal(peers.length, 2);
  assert.equal(peers[0].restarts, 0);
});

test("media.lost of the own session posts again within 2 s; of another it does nothing", () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  keeper.lost("somebody else's");
  clock.advance(5000);
  assert.equal(peers.length, 1);
  keeper.lost("s0");
  clock.advance(2000);
  assert.equal(peers.length, 2);
});

test("a change of network that broke nothing makes no new session", async () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  keeper.network();
  await settle();
  clock.advance(60_000);
  assert.equal(peers[0].restarts, 1);
  assert.equal(peers.length, 1);
  assert.equal(keeper.state, "connected");
});

test("a change of network that broke the path makes a new session when the restart does not help", async () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  keeper.network();
  peers[0].onstate("disconnected");
  await settle();
  clock.advance(10_000);
  await settle();
  assert.equal(peers.length, 2);
  assert.equal(keeper.state, "recovering");
});

test("a network failure is tried again, a conflict stops it until asked", async () => {
  const { clock, peers, keeper, states } = keep([new Refused({ code: "network" }), new Refused({ code: "place.taken" }, 409)]);
  await settle();
  clock.advance(1000);
  await settle();
  assert.equal(peers.length, 2);
  assert.equal(keeper.state, "refused");
  assert.equal(keeper.error.code, "place.taken");
  clock.advance(60_000);
  assert.equal(peers.length, 2);
  keeper.start();
  assert.equal(peers.length, 3);
  assert.deepEqual(states, ["connecting", "refused", "connecting"]);
});

test("a swap closes the old session only when the new one is connected", () => {
  const { peers, keeper } = keep();
  peers[0].onstate("connected");
  keeper.swap();
  assert.equal(peers[0].closed, false);
  peers[1].onstate("connected");
  assert.ok(peers[0].closed);
});

test("stop ends everything, late news of old peers included", () => {
  const { clock, peers, keeper } = keep();
  peers[0].onstate("connected");
  keeper.swap();
  keeper.stop();
  assert.ok(peers.every((p) => p.closed));
  peers[1].onstate("failed");
  clock.advance(60_000);
  assert.equal(peers.length, 2);
  assert.equal(keeper.state, "idle");
});

test("a session that never connects is replaced", () => {
  const { clock, peers } = keep();
  clock.advance(11_000);
  assert.equal(peers.length, 2);
  assert.ok(peers[0].closed);
});
