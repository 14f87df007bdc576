/** A replay of a lesson that goes on: which segments are fetched when, and what a browser is handed. */
import assert from "node:assert/strict";
import test from "node:test";
import { Index, LiveFilms, stretches, tracks } from "../../../client_web/static/js/replay/live.js";
import { Reel, farSteps, nextStep } from "../../../client_web/static/js/replay/reel.js";

const KEY_EVERY = 5;

/** Segments of two seconds from `begin` on. */
const run = (n, begin, count, more = {}) => ({
  run: n,
  group: "teacher",
  kind: "video",
  type: "video/mp4; codecs=avc1",
  init: `${n}-init`,
  segments: Array.from({ length: count }, (_, i) => ({ name: `${n}-${i}`, begin: begin + 2_000 * i, end: begin + 2_000 * (i + 1), key: i % KEY_EVERY === 0 })),
  ...more,
});
const steps = (...runs) => runs.flatMap((of) => of.segments.map((segment) => ({ ...segment, of })));

test("one begins at the keyframe before, and goes on in order", () => {
  const all = steps(run(1, 0, 20));
  const held = new Set();
  let last = "";
  const taken = [];
  for (let step = nextStep(all, held, last, 17_000); step; step = nextStep(all, held, last, 17_000)) {
    taken.push(step.name);
    held.add((last = step.name));
  }
  assert.deepEqual(taken, Array.from({ length: 14 }, (_, i) => `1-${5 + i}`), "from 10 s to 38 s");
  assert.equal(nextStep(all, held, last, 18_500).name, "1-19");
});

test("whoever goes back and comes again begins at a keyframe", () => {
  const all = steps(run(1, 0, 40));
  const held = new Set(["1-0", "1-1", "1-20", "1-21", "1-22"]);
  assert.equal(nextStep(all, held, "1-1", 2_500).name, "1-2");
  assert.equal(nextStep(all, held, "1-1", 45_000).name, "1-20", "what was there is put there again, so that 1-23 is understood");
  assert.equal(nextStep(all, held, "1-20", 45_000).name, "1-21");
  assert.equal(nextStep(all, held, "1-22", 45_000).name, "1-23");
});

test("another run begins with its own keyframe", () => {
  const all = steps(run(1, 0, 3), run(2, 6_000, 3));
  assert.equal(nextStep(all, new Set(["1-0", "1-1", "1-2"]), "1-2", 1_000).name, "2-0");
  const odd = steps(run(1, 0, 3), run(2, 6_000, 3, { segments: [{ name: "2-0", begin: 6_000, end: 8_000, key: false }] }));
  assert.equal(nextStep(odd, new Set(["1-0", "1-1", "1-2"]), "1-2", 1_000).name, "2-0", "nothing of the run before is of use");
  assert.equal(nextStep([], new Set(), "", 0), null);
});

test("what lies far away is let go", () => {
  const all = steps(run(1, 0, 100));
  const held = new Set(all.map(({ name }) => name));
  const far = farSteps(all, held, 100_000);
  assert.deepEqual([far[0].name, far.length], ["1-0", 34 + 29]);
  assert.ok(far.every(({ begin, end }) => end < 70_000 || begin > 140_000));
});

test("pictures and sound are films of their own, a hole makes two of one", () => {
  const runs = [run(1, 0, 5), run(2, 20_000, 5), run(3, 0, 20, { kind: "audio" }), run(4, 0, 2, { group: "stage.1", kind: "audio" }), run(5, 0, 0, { group: "screen" })];
  assert.deepEqual([...tracks(runs).keys()], ["teacher", "sound", "sound.stage.1"]);
  assert.deepEqual(stretches([run(1, 0, 5), run(2, 10_100, 5), run(5, 30_000, 1)]), [{ begin: 0, end: 20_100 }, { begin: 30_000, end: 32_000 }]);
});

/** As much of Media Source Extensions as a reel touches. */
class FakeBuffer extends EventTarget {
  constructor() {
    super();
    this.log = [];
  }

  appendBuffer(data) {
    this.#note(data);
  }

  changeType(type) {
    this.log.push(`type ${type}`);
  }

  remove(from, to) {
    this.#note(`remove ${from} ${to}`);
  }

  #note(what) {
    this.log.push(what);
    queueMicrotask(() => this.dispatchEvent(new Event("updateend")));
  }
}

class FakeSource extends EventTarget {
  constructor() {
    super();
    this.readyState = "open";
    this.buffers = [];
    FakeSource.made.push(this);
  }

  addSourceBuffer() {
    this.buffers.push(new FakeBuffer());
    return this.buffers[this.buffers.length - 1];
  }

  endOfStream() {
    this.readyState = "ended";
  }
}
FakeSource.made = [];
globalThis.MediaSource = FakeSource;
URL.createObjectURL = () => `blob:${FakeSource.made.length}`;

const rest = () => new Promise((done) => setImmediate(done));

/** Feed it until it has all it wants. */
async function feed(reel, at, times = 40) {
  for (let n = 0; n < times; n += 1) {
    reel.feed(at);
    await rest();
  }
}

test("a reel hands the browser init parts before their segments, and ends when all is there", async () => {
  let now = 0;
  const reel = new Reel(0, async (name) => name, () => now);
  const runs = [run(1, 0, 2), run(2, 4_000, 2), run(3, 8_000, 1, { type: "video/mp4; codecs=vp09" })];
  reel.grow(runs.slice(0, 2), false);
  await feed(reel, 0);
  const [buffer] = reel.source.buffers;
  assert.deepEqual(buffer.log, ["1-init", "1-0", "1-1", "2-init", "2-0", "2-1"]);
  assert.equal(reel.source.readyState, "open");
  reel.grow(runs, true);
  await feed(reel, 1_000);
  assert.deepEqual(buffer.log.slice(6), ["type video/mp4; codecs=vp09", "3-init", "3-0"]);
  assert.equal(reel.source.readyState, "ended");
  reel.source.readyState = "closed";
  reel.source.dispatchEvent(new Event("sourceclose"));
  reel.source.readyState = "open";
  await feed(reel, 9_000);
  assert.deepEqual(reel.source.buffers[1].log, ["3-init", "3-0"], "shown again later it begins anew");
});

test("what cannot be fetched is tried again later, not all the time", async () => {
  let [now, asked, broken] = [0, 0, true];
  const get = async (name) => {
    asked += 1;
    if (broken) throw new Error("503");
    return name;
  };
  const reel = new Reel(0, get, () => now);
  reel.grow([run(1, 0, 1)], false);
  await feed(reel, 0, 10);
  assert.equal(asked, 2, "init and segment, once");
  broken = false;
  now = 2_500;
  await feed(reel, 0, 10);
  assert.deepEqual(reel.source.buffers[0].log, ["1-init", "1-0"]);
});

test("films keep their reels while the index grows, and begin anew with another edition", () => {
  const films = new LiveFilms(async (name) => name, () => 0);
  const index = (until, edition, ...runs) => Object.assign(new Index(), { edition, until, runs: new Map(runs.map((one) => [one.run, one])) });
  const [first] = films.files(index(10_000, "a", run(1, 0, 5)));
  assert.deepEqual([first.begin, first.end, first.video, first.audio, first.apart], [0, Infinity, true, false, true]);
  const [grown] = films.files(index(20_000, "a", run(1, 0, 10)));
  assert.equal(grown.url, first.url);
  const [over] = films.files(index(60_000, "a", run(1, 0, 10)));
  assert.equal(over.end, 20_000, "nothing came of it for long");
  const [anew] = films.files(index(20_000, "b", run(1, 0, 10)));
  assert.notEqual(anew.url, first.url);
});

test("the index grows by what is told since, and begins anew with another edition", () => {
  const index = new Index();
  const told = (edition, head, runs, segments, more = {}) => ({ edition, origin: 5, begin: 10, until: 20, ended: false, head, runs, segments, missing: [], ...more });
  const one = { run: 1, group: "teacher", kind: "video", type: "video/webm", url: "live/1.webm" };
  const segment = (n, key) => ({ run: 1, url: `live/1-${n}.webm`, begin: n, end: n + 1, octets: 3, key });
  assert.equal(index.query, "");
  index.add(told("", 0, [], []));
  assert.equal(index.query, "", "nothing is there yet");
  index.add(told("a", 3, [one], [segment(0, true), segment(1, false)]));
  assert.equal(index.query, "?after=3&edition=a");
  index.add(told("a", 5, [one], [segment(2, true)], { until: 30, ended: true }));
  assert.deepEqual(index.runs.get(1).segments.map(({ name }) => name), ["live/1-0.webm", "live/1-1.webm", "live/1-2.webm"]);
  assert.deepEqual([index.until, index.over, index.runs.get(1).init], [30, true, "live/1.webm"]);
  index.add(told("b", 2, [one], [segment(0, true)]));
  assert.equal(index.runs.get(1).segments.length, 1);
});
