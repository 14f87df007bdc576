import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, distance, encode, simplify } from "../../../client_web/static/js/board/codec.js";
import { boardHash, inkHash } from "../../../client_web/static/js/board/digest.js";
import { fit, linesOf, touches, toPage } from "../../../client_web/static/js/board/geometry.js";
import { Drawing, Erasing, Pointing, Shaping } from "../../../client_web/static/js/board/gestures.js";
import { paint } from "../../../client_web/static/js/board/paint.js";
import { beside } from "../../../client_web/static/js/board/sheets.js";
import { PART_MS, SIGNAL_MS, Stroke } from "../../../client_web/static/js/board/stroke.js";
import { STALE_MS, Tails } from "../../../client_web/static/js/board/tails.js";
import { FakeClock } from "./world.mjs";

const RED = { color: "#d02030", width: 30 };
const PEN = { ...RED, tool: "pen" };
const PLACE = { sheet: "c1", page: 2 };

function ids() {
  let n = 0;
  return () => `i${++n}`;
}

function desk(items = []) {
  const clock = new FakeClock();
  const said = [];
  return {
    ...{ place: PLACE, clock, draw: ids(), said, drawn: 0 },
    ink: (kind, payload) => said.push([kind, payload]),
    signal: (kind, payload) => said.push([kind, payload]),
    erasable: () => items,
    erase: (gone) => said.push(["erase", gone]),
    redraw() {
      this.drawn += 1;
    },
    of: (kind) => said.filter(([k]) => k === kind).map(([, payload]) => payload),
  };
}

test("damaged points end their run and harm nothing", () => {
  assert.deepEqual(decode(""), [[]]);
  assert.deepEqual(decode("KKK"), [[[5, 5]]]);
  assert.deepEqual(decode("K!KK.KK"), [[], [[5, 5]]]);
  assert.deepEqual(decode("_____________"), [[]]);
});

test("what a line passes anyway is left out, and nothing moves farther than that", () => {
  const straight = Array.from({ length: 200 }, (_, n) => [n * 10, n * 20]);
  assert.deepEqual(simplify(straight), [[0, 0], [1990, 3980]]);
  const wave = Array.from({ length: 400 }, (_, n) => [n * 10, Math.round(500 * Math.sin(n / 15))]);
  const kept = simplify(wave);
  assert.ok(kept.length > 10 && kept.length < 120, String(kept.length));
  for (const point of wave) assert.ok(Math.min(...kept.slice(1).map((b, n) => distance(point, kept[n], b))) <= 4);
  assert.deepEqual(simplify([[1, 1], [2, 2]]), [[1, 1], [2, 2]]);
  assert.deepEqual(simplify([[0, 0, 9], [50, 400, 99], [100, 0, 9]]), [[0, 0, 9], [50, 400, 99], [100, 0, 9]]);
});

test("a page fits into its place and points lie where they were put", () => {
  assert.deepEqual(fit({ width: 16, height: 9 }, { width: 800, height: 800 }), { left: 0, top: 175, width: 800, height: 450 });
  assert.deepEqual(fit({ width: 1, height: 2 }, { width: 100, height: 100 }), { left: 25, top: 0, width: 50, height: 100 });
  assert.deepEqual(fit({ width: 1, height: 2 }, { width: 0, height: 100 }).width, 0);
  assert.deepEqual(toPage({ x: 400, y: 225 }, { width: 800, height: 450 }), [5000, 2813]);
});

test("an eraser touches lines, boxes and texts, not what lies between", () => {
  const line = { item: "a", ...PEN, points: encode([[[0, 0], [1000, 0]], [[1000, 0], [1000, 1000]]]) };
  assert.ok(touches(line, [500, -40], [500, 40], 10));
  assert.ok(touches(line, [1010, 500], [1010, 500], 10));
  assert.ok(!touches(line, [500, 500], [600, 600], 50));
  const box = { item: "b", ...RED, shape: "rect", points: encode([[[0, 0], [1000, 1000]]]) };
  assert.ok(touches(box, [1000, 500], [1000, 500], 5));
  assert.ok(!touches(box, [500, 500], [500, 500], 50));
  const circle = { item: "c", ...RED, shape: "ellipse", points: encode([[[0, 0], [1000, 1000]]]) };
  assert.ok(touches(circle, [500, -10], [500, 10], 5));
  assert.ok(!touches(circle, [20, 20], [20, 20], 5));
  const words = { item: "d", x: 100, y: 100, size: 300, color: "#000000", text: "一半" };
  assert.ok(touches(words, [200, 50], [200, 600], 5));
  assert.ok(!touches(words, [2000, 2000], [2000, 2000], 5));
  assert.equal(linesOf(line), linesOf(line), "asked again, nothing is decoded again");
  assert.deepEqual(linesOf({ item: "e", ...RED, shape: "line", points: "" }), []);
});

test("a stroke goes into the log every two seconds and at pen-up, without a gap", () => {
  const clock = new FakeClock();
  const parts = [];
  const stroke = new Stroke(PEN, ids(), clock, { part: (part) => parts.push(part), signal: () => {} });
  const drawn = [];
  for (let n = 0; n < 250; n++) {
    const point = [n * 20, Math.round(300 * Math.sin(n / 8))];
    drawn.push(point);
    stroke.add([point]);
    clock.advance(20);
  }
  stroke.end();
  assert.deepEqual(parts.map((part) => part.item), ["i1", "i1", "i1"]);
  const runs = parts.flatMap((part) => decode(part.points));
  assert.deepEqual(runs.map((run) => run[0]), [drawn[0], drawn[99], drawn[199]].map((p, n) => (n ? runs[n - 1].at(-1) : p)));
  assert.deepEqual(runs.at(-1).at(-1), drawn.at(-1));
  assert.ok(parts.every((part) => part.points.length < 700), "small");
  clock.advance(PART_MS * 3);
  assert.equal(parts.length, 3, "after pen-up nothing comes");
});

test("a tap is a dot, a pen that rests writes nothing twice", () => {
  const clock = new FakeClock();
  const parts = [];
  const stroke = new Stroke(PEN, ids(), clock, { part: (part) => parts.push(part), signal: () => {} });
  stroke.add([[5, 5]]);
  stroke.add([[5, 5]]);
  clock.advance(PART_MS);
  clock.advance(PART_MS);
  stroke.end();
  assert.deepEqual(parts.map((part) => decode(part.points)), [[[[5, 5]]]]);
});

test("unfinished ink is signalled so often and no oftener, and its end is said", () => {
  const clock = new FakeClock();
  const signals = [];
  const stroke = new Stroke(PEN, ids(), clock, { part: () => {}, signal: (part) => signals.push(part) });
  for (let n = 0; n < 100; n++) {
    stroke.add([[n, n * n]]);
    clock.advance(10);
  }
  assert.ok(signals.length >= 10 && signals.length <= 1000 / SIGNAL_MS + 1, String(signals.length));
  stroke.end();
  assert.equal(signals.at(-1), null);
});

test("a stroke without end becomes several, each of which the server takes", () => {
  const clock = new FakeClock();
  const parts = [];
  const stroke = new Stroke(PEN, ids(), clock, { part: (part) => parts.push(part), signal: () => {} });
  let seed = 1;
  const chance = () => (seed = (seed * 48271) % 2147483647) % 10_000;
  for (let n = 0; n < 20_000; n++) {
    stroke.add([[chance(), chance()]]);
    clock.advance(5);
  }
  stroke.end();
  const sizes = new Map();
  for (const { item, points } of parts) {
    const [count, text] = sizes.get(item) ?? [0, 0];
    assert.ok(points.length <= 16_384);
    sizes.set(item, [count + decode(points).flat().length, text + points.length + 1]);
  }
  assert.ok(sizes.size > 4);
  for (const [count, text] of sizes.values()) assert.ok(count <= 4_000 && text <= 16_384, `${count} ${text}`);
});

test("a stroke belongs to the page where it began", () => {
  const d = desk();
  const drawing = new Drawing(d, PEN);
  drawing.move([[1, 1]]);
  assert.deepEqual(decode(drawing.shown[0].points), [[[1, 1]]]);
  drawing.move([[500, 900]]);
  drawing.end();
  assert.deepEqual(d.of("board.stroke"), [{ ...PLACE, ...PEN, item: "i1", points: encode([[[1, 1], [500, 900]]]) }]);
  assert.deepEqual(d.of("ink").at(-1), {});
  assert.ok(d.drawn >= 3);
});

test("a shape is drawn from corner to corner, and not by mistake", () => {
  const d = desk();
  const box = new Shaping(d, "rect", RED);
  assert.deepEqual(box.shown, []);
  box.move([[100, 100, 80]]);
  box.move([[50, 60], [900, 700]]);
  box.end();
  assert.deepEqual(d.of("board.shape"), [{ ...PLACE, ...RED, item: "i1", shape: "rect", points: encode([[[100, 100], [900, 700]]]) }]);
  const tap = new Shaping(d, "line", RED);
  tap.move([[5, 5]]);
  tap.move([[6, 6]]);
  tap.end();
  const nothing = new Shaping(d, "line", RED);
  nothing.end();
  assert.equal(d.of("board.shape").length, 1);
});

test("the eraser takes each thing once, a few at a time", () => {
  const items = Array.from({ length: 150 }, (_, n) => ({ item: `x${n}`, ...PEN, points: encode([[[n * 60, 0], [n * 60, 1000]]]) }));
  const d = desk(items);
  const eraser = new Erasing(d);
  eraser.move([[-500, 500]]);
  eraser.move([[600, 500]]);
  assert.deepEqual(d.said, []);
  d.clock.advance(250);
  assert.deepEqual(d.of("erase"), [items.slice(0, 12).map((one) => one.item)]);
  eraser.move([[9_500, 500]]);
  eraser.end();
  assert.ok(d.of("erase").every((gone) => gone.length <= 100));
  assert.ok(d.of("erase").length >= 3);
  new Erasing(d).end();
});

test("the pointer follows the hand and is gone with it", () => {
  const d = desk();
  const pointing = new Pointing(d);
  for (let n = 0; n < 100; n++) {
    pointing.move([[n, n]]);
    d.clock.advance(10);
  }
  assert.ok(d.said.length <= 1000 / SIGNAL_MS + 1);
  pointing.move([[777, 5]]);
  d.clock.advance(SIGNAL_MS);
  assert.deepEqual(d.of("pointer").at(-1), { ...PLACE, x: 777, y: 5 });
  pointing.move([[1, 1]]);
  pointing.end();
  d.clock.advance(1000);
  assert.deepEqual(d.of("pointer").at(-1), {});
});

test("of what others draw and point at the latest counts, for a moment, on its page", () => {
  const clock = new FakeClock();
  const tails = new Tails(clock);
  const ink = { sheet: "c1", page: 1, item: "i1", points: "KKKK", ...RED };
  tails.hear({ kind: "pointer", by: "master", payload: { sheet: "c1", page: 1, x: 0, y: 5 } });
  tails.hear({ kind: "pointer", by: "room", payload: { sheet: "c1", page: 2, x: 1, y: 1 } });
  tails.hear({ kind: "ink", by: "room", payload: ink });
  assert.deepEqual(tails.on("c1", 1), { pointers: [{ by: "master", x: 0, y: 5 }], inks: [{ tool: "pen", ...ink }], next: STALE_MS });
  tails.logged("another");
  tails.logged("i1");
  assert.deepEqual(tails.on("c1", 1).inks, []);
  tails.hear({ kind: "ink", by: "room", payload: { ...ink, tool: "marker" } });
  assert.equal(tails.on("c1", 1).inks[0].tool, "marker");
  tails.hear({ kind: "ink", by: "room", payload: {} });
  tails.hear({ kind: "pointer", by: "master", payload: {} });
  assert.deepEqual(tails.on("c1", 1), { pointers: [], inks: [], next: STALE_MS });
  clock.advance(STALE_MS);
  assert.deepEqual(tails.on("c1", 2), { pointers: [], inks: [], next: null });
});

function recorder() {
  const calls = [];
  return new Proxy({ calls }, {
    get: (target, name) => (name === "calls" ? calls : (target[name] ?? ((...values) => calls.push([name, ...values])))),
    set: (target, name, value) => {
      target[name] = value;
      calls.push([name, value]);
      return true;
    },
  });
}

test("ink is painted at any size", () => {
  const pen = recorder();
  paint(pen, { item: "a", ...PEN, points: encode([[[0, 0], [100, 0], [100, 100]]]) }, 0.5, "sans", "gone");
  assert.deepEqual(pen.calls.filter(([name]) => /To$/.test(name)), [["moveTo", 0, 0], ["quadraticCurveTo", 50, 0, 50, 25], ["lineTo", 50, 50]]);
  assert.deepEqual(pen.calls.find(([name]) => name === "lineWidth"), ["lineWidth", 15]);
  const marker = recorder();
  paint(marker, { item: "a", ...PEN, tool: "marker", points: encode([[[0, 0, 9], [100, 0, 99]], [[100, 0, 1], [5, 5, 1]]]) }, 1, "sans", "gone");
  assert.equal(marker.calls.filter(([name]) => name === "stroke").length, 1, "one path: it is as light where it crosses itself");
  const brush = recorder();
  paint(brush, { item: "a", ...PEN, points: encode([[[0, 0, 0], [100, 0, 255]]]) }, 1, "sans", "gone");
  const widths = brush.calls.filter(([name]) => name === "lineWidth").map(([, width]) => width);
  assert.ok(widths.at(-1) > widths[1], "pressed harder, wider");
  const text = recorder();
  paint(text, { item: "t", x: 10, y: 20, size: 100, color: "#000000", text: "一\n二" }, 2, "sans", "gone");
  assert.deepEqual(text.calls.filter(([name]) => name === "fillText"), [["fillText", "一", 20, 40], ["fillText", "二", 20, 300]]);
  const erased = recorder();
  paint(erased, { item: "t", x: 0, y: 0, size: 100, color: "#000000", text: null }, 1, "sans", "gone");
  assert.deepEqual(erased.calls.find(([name]) => name === "fillText"), ["fillText", "gone", 0, 0]);
  for (const shape of ["line", "arrow", "rect", "ellipse"]) {
    const drawn = recorder();
    paint(drawn, { item: "s", ...RED, shape, points: encode([[[100, 100], [0, 0]]]) }, 1, "sans", "gone");
    assert.ok(drawn.calls.some(([name]) => name === "stroke"), shape);
    paint(drawn, { item: "s", ...RED, shape, points: "" }, 1, "sans", "gone");
  }
});

test("pages follow one another through all sheets", () => {
  const sheets = [{ sheet: "a", version: "v", pages: 2 }, { sheet: "b", version: "", pages: 1 }, { sheet: "c", version: "w", pages: 3 }];
  const go = (sheet, page, by) => beside(sheets, { sheet, page }, by);
  assert.deepEqual(go("a", 1, 1), { sheet: "a", page: 2 });
  assert.deepEqual(go("a", 2, 1), { sheet: "b", page: 1 });
  assert.deepEqual(go("b", 1, -1), { sheet: "a", page: 2 });
  assert.deepEqual(go("c", 1, -1), { sheet: "b", page: 1 });
  assert.deepEqual([go("a", 1, -1), go("c", 3, 1), go("gone", 1, 1), beside(sheets, null, 1), beside([], null, 1)], [null, null, null, null, null]);
});

test("one word for the board", () => {
  const board = { sheets: [{ sheet: "c1", version: "v1", pages: 2 }], at: { sheet: "c1", page: 1 }, shown: true, ink: {} };
  assert.match(boardHash(board), /^[0-9a-f]{16}$/);
  assert.notEqual(boardHash(board), boardHash({ ...board, at: { sheet: "c1", page: 2 } }));
  const one = { item: "a", ...PEN, points: "KK", participant: "p1" };
  assert.equal(boardHash({ ...board, ink: { "c1/1": [one] } }), boardHash({ ...board, shown: false, ink: { "c1/1": [{ ...one, participant: undefined }] } }));
});

test("one word for the ink of a page", () => {
  const [one, two] = ["a", "b"].map((item) => ({ item, ...PEN, points: "KK", participant: "p1" }));
  assert.match(inkHash([]), /^[0-9a-f]{8}0{8}$/);
  assert.equal(inkHash([one, two]), inkHash([{ ...one, participant: undefined }, { ...two }]));
  const words = [[], [one], [one, two], [two, one], [one, { ...two, points: "KK.KM" }], [one, { ...two, color: "#000000" }]].map(inkHash);
  assert.equal(new Set(words).size, words.length, "what, how it looks, and in which order");
});
