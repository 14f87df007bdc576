import assert from "node:assert/strict";
import { test } from "node:test";

import { CheckIn } from "../../../client_web/static/js/checkin.js";
import { KEPT_MS, Outbox } from "../../../client_web/static/js/offline/outbox.js";
import { ServerTime } from "../../../client_web/static/js/offline/time.js";
import { Refused } from "../../../client_web/static/js/refused.js";
import { FakeClock, settle } from "./world.mjs";

const WHOSE = { holder: "h1", lesson: "L", participant: "c1" };

/** A disk that outlives pages; `broken`: it takes nothing. */
class Disk {
  rows = new Map();
  broken = false;
  all = async () => [...this.rows.values()].map((row) => ({ ...row }));
  put = async (entry, gone) => {
    if (this.broken) throw new Error("quota");
    gone.forEach((id) => this.rows.delete(id));
    this.rows.set(entry.id, { ...entry });
  };
  remove = async (ids) => {
    if (this.broken) throw new Error("quota");
    ids.forEach((id) => this.rows.delete(id));
  };
}

/** The lesson: counts each command id once, as receipts do (S14). */
class Server {
  heard = [];
  receipts = new Map();
  refusals = new Map();
  answers = true;
  send = async (entry, settles) => {
    this.heard.push({ id: entry.id, seat: entry.seat, status: entry.status, settles });
    const refusal = this.refusals.get(entry.seat);
    if (refusal) throw new Refused({ code: refusal, params: { seat: entry.seat } });
    if (!this.receipts.has(entry.id)) this.receipts.set(entry.id, this.receipts.size + 1);
    if (!this.answers) throw new Refused({ code: "timeout" });
    return this.receipts.get(entry.id);
  };
}

let drawn = 0;
function page(disk, server, { online = false, whose = WHOSE } = {}) {
  const clock = new FakeClock();
  const world = { clock, online, delivered: 0 };
  const outbox = new Outbox({ storage: disk, whose, draw: () => `m${++drawn}`, open: () => world.online, send: server.send, clock });
  outbox.on("delivered", () => (world.delivered += 1));
  return { outbox, world };
}

test("what was marked without network is sent by the next page, in its order, and never settles", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const first = page(disk, server);
  for (let seat = 40; seat >= 1; seat--) await first.outbox.mark(seat, "here", 1000 + seat, false);
  assert.equal(server.heard.length, 0);

  const { outbox, world } = page(disk, server);
  await outbox.load(2000);
  assert.equal(outbox.waiting.length, 40);
  world.online = true;
  await outbox.flush();
  assert.deepEqual(server.heard.map(({ seat }) => seat), Array.from({ length: 40 }, (_, n) => 40 - n));
  assert.ok(server.heard.every(({ settles }) => settles === false));
  assert.deepEqual([world.delivered, outbox.waiting.length, disk.rows.size], [40, 0, 0]);
});

test("a browser that died before it wrote the acknowledgement down sends the same ids again", async () => {
  const [disk, server] = [new Disk(), new Server()];
  await page(disk, server).outbox.mark(3, "here", 1000, false);
  const kept = new Map(disk.rows);
  for (let n = 0; n < 2; n++) {
    disk.rows = new Map(kept);
    const { outbox, world } = page(disk, server, { online: true });
    await outbox.load(2000);
    await outbox.flush();
    assert.equal(world.delivered, 1);
  }
  assert.deepEqual([server.heard.length, server.receipts.size], [2, 1]);
});

test("a mark is on the disk before it is sent, and two flushes at once send it once", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const { outbox, world } = page(disk, server);
  await outbox.mark(1, "late", 1000, false);
  assert.equal(disk.rows.size, 1);
  world.online = true;
  await Promise.all([outbox.flush(), outbox.flush()]);
  assert.equal(server.heard.length, 1);
});

test("online a mark goes out at once and settles; unanswered it waits, and does not settle any more", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const { outbox, world } = page(disk, server, { online: true });
  await outbox.mark(1, "here", 1000, true);
  assert.deepEqual([server.heard[0].settles, disk.rows.size], [true, 0]);
  server.answers = false;
  await outbox.mark(2, "here", 1100, true);
  assert.deepEqual([outbox.waiting.length, disk.rows.size], [1, 1]);
  server.answers = true;
  world.clock.advance(10_000);
  await settle();
  await settle();
  assert.deepEqual(server.heard.slice(1).map(({ id, settles }) => [id === server.heard[1].id, settles]), [[true, true], [true, false]]);
  assert.equal(outbox.waiting.length, 0);
});

test("of each seat only the newest mark waits, with a later time and its own id", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const { outbox } = page(disk, server);
  await outbox.mark(5, "here", 1000, false);
  const { id } = outbox.pending(5);
  await outbox.mark(5, "absent", 900, false); // the device's clock was set back meanwhile
  assert.equal(disk.rows.size, 1);
  assert.notEqual(outbox.pending(5).id, id);
  assert.deepEqual([outbox.pending(5).status, outbox.pending(5).done_at], ["absent", 1001]);
});

test("a mark made anew while the older one was on its way is not lost with its acknowledgement", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const { outbox, world } = page(disk, server, { online: true });
  const first = outbox.mark(5, "here", 1000, true);
  world.online = false;
  await Promise.all([first, outbox.mark(5, "late", 1001, false)]);
  assert.deepEqual([outbox.pending(5)?.status, disk.rows.size], ["late", 1]);
});

test("a refused mark stays with its reason until somebody gives it up or sends it again", async () => {
  const [disk, server] = [new Disk(), new Server()];
  server.refusals.set(99, "seat.unknown");
  const { outbox } = page(disk, server, { online: true });
  await outbox.mark(99, "here", 1000, true);
  await outbox.mark(1, "here", 1001, true);
  assert.deepEqual(outbox.refused.map(({ seat, refused }) => [seat, refused.code, refused.params.seat]), [[99, "seat.unknown", 99]]);
  assert.equal(outbox.pending(99), null);

  const next = page(disk, server, { online: true });
  await next.outbox.load(2000);
  await next.outbox.flush();
  assert.equal(server.heard.length, 2, "what was refused is not sent by itself");
  await next.outbox.again();
  assert.equal(server.heard.length, 3);
  assert.equal(next.outbox.refused.length, 1);
  await next.outbox.dismiss();
  assert.deepEqual([next.outbox.refused.length, disk.rows.size], [0, 0]);
});

test("marks of somebody else, of another lesson and of another room are neither sent nor touched", async () => {
  const [disk, server] = [new Disk(), new Server()];
  for (const other of [{ holder: "h2" }, { lesson: "M" }, { participant: "c2" }]) {
    await page(disk, server, { whose: { ...WHOSE, ...other } }).outbox.mark(1, "here", 1000, false);
  }
  const { outbox } = page(disk, server, { online: true });
  await outbox.load(2000);
  await outbox.flush();
  assert.deepEqual([outbox.waiting.length, server.heard.length, disk.rows.size], [0, 0, 3]);
  await outbox.load(1000 + 30 * 24 * 3600_000);
  assert.equal(disk.rows.size, 3);
  await outbox.load(1001 + 30 * 24 * 3600_000);
  assert.equal(disk.rows.size, 0, "a month later nobody comes for them any more");
});

test("what is older than the lesson takes is shown, not sent and not thrown away", async () => {
  const [disk, server] = [new Disk(), new Server()];
  await page(disk, server).outbox.mark(1, "here", 1000, false);
  const { outbox } = page(disk, server, { online: true });
  await outbox.load(1001 + KEPT_MS);
  await outbox.flush();
  assert.deepEqual([outbox.refused[0].refused.code, server.heard.length, disk.rows.size], ["checkin.late", 0, 1]);
});

test("a revoked paper refuses all that waits, for good", async () => {
  const [disk, server] = [new Disk(), new Server()];
  const { outbox, world } = page(disk, server);
  await outbox.mark(1, "here", 1000, false);
  await outbox.refuse({ code: "paper.revoked" });
  world.online = true;
  await outbox.flush();
  assert.deepEqual([outbox.refused.length, server.heard.length], [1, 0]);
  assert.equal([...disk.rows.values()][0].refused.code, "paper.revoked");
});

test("a device that stores nothing says so, and what waits still goes out while the page lives", async () => {
  const [disk, server] = [new Disk(), new Server()];
  disk.broken = true;
  const { outbox, world } = page(disk, server);
  await outbox.mark(1, "here", 1000, false);
  assert.deepEqual([outbox.failing, outbox.waiting.length], [true, 1]);
  world.online = true;
  await outbox.flush();
  assert.deepEqual([server.receipts.size, outbox.waiting.length], [1, 0]);
});

test("two windows of one device that marked one seat leave the newer mark", async () => {
  const [disk, server] = [new Disk(), new Server()];
  await page(disk, server).outbox.mark(1, "here", 1000, false);
  await page(disk, server).outbox.mark(1, "absent", 1500, false);
  assert.equal(disk.rows.size, 2);
  const { outbox } = page(disk, server);
  await outbox.load(2000);
  assert.deepEqual([outbox.pending(1).status, disk.rows.size], ["absent", 1]);
});

test("the lesson's time without network is the device's, corrected, and never before what the server said last", () => {
  let wall = 50_000;
  const time = new ServerTime(() => wall, { skew: 0, at: 0 });
  assert.equal(time.now, 50_000);
  const learned = time.learn(80_000.4);
  wall += 5_000;
  assert.equal(time.now, 85_000);
  wall = 0; // the battery of an old PC
  assert.equal(new ServerTime(() => wall, learned).now, 80_000);
});

test("a seat shows what waits before what is known, and a difference only while nothing waits", async () => {
  const known = { 1: { status: "here", done_at: 5, other: { status: "absent", done_at: 4 } }, 2: { status: "late", done_at: 5, other: null } };
  const { outbox } = page(new Disk(), new Server());
  const checkin = new CheckIn(() => known, outbox);
  assert.deepEqual(checkin.differences(), [{ seat: 1, ours: { status: "here", done_at: 5 }, other: { status: "absent", done_at: 4 } }]);
  assert.deepEqual([checkin.next(1), checkin.next(2), checkin.next(3), checkin.here(3)], ["late", "absent", "here", 2]);
  assert.deepEqual([checkin.rest(4, {}), checkin.rest(4, { 1: "A", 4: "D" })], [[3, 4], [4]]);
  await outbox.mark(1, "absent", 10, false);
  assert.deepEqual([checkin.status(1), checkin.waits(1), checkin.differs(1), checkin.differences(), checkin.here(3)], ["absent", true, false, [], 1]);
});

test("only what another device said is settled, not a first mark and not the own one", async () => {
  const known = {};
  const { outbox } = page(new Disk(), new Server());
  const checkin = new CheckIn(() => known, outbox);
  assert.equal(checkin.settles(1), false);
  await outbox.mark(1, "here", 10, false);
  checkin.note(1);
  known[1] = { status: "here", done_at: 10, other: null };
  assert.equal(checkin.settles(1), false);
  await outbox.mark(1, "late", 20, false);
  checkin.note(1);
  assert.equal(checkin.settles(1), false, "the lesson still tells of the own mark before");
  known[1] = { status: "here", done_at: 10, other: { status: "absent", done_at: 9 } };
  assert.equal(checkin.settles(1), true);
  known[1] = { status: "late", done_at: 12, other: null };
  assert.equal(checkin.settles(1), true);
});
