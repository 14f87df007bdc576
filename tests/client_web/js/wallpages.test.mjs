/** A wall of more rooms than it has places: what is shown, what the server is told, and how it is turned. */
import assert from "node:assert/strict";
import test from "node:test";

class FakeElement extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { attributes: {}, children: [], hidden: false, dataset: {}, textContent: "", style: {} });
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }

  querySelector() {
    return null;
  }
}

const listeners = [];
globalThis.document = {
  documentElement: { lang: "zh-CN", dataset: {} },
  createElement: () => new FakeElement(),
  createElementNS: () => new FakeElement(),
  getElementById: () => null,
  querySelectorAll: () => [],
  addEventListener: (_, run) => listeners.push(run),
};
globalThis.Element = FakeElement;
const { WallPages } = await import("../../../client_web/static/js/views/wallpages.js");

const rooms = (count) => Array.from({ length: count }, (_, n) => ({ id: `p${n}`, name: `Room ${n}` }));

function made() {
  const timers = [];
  const log = { turned: 0, told: [] };
  const holder = new FakeElement();
  const clock = { now: () => 0, random: () => 0, after: (_, run) => (timers.push(run), () => {}) };
  const pages = new WallPages(holder, { clock, turned: () => (log.turned += 1), tell: (ids) => log.told.push(ids) });
  const pass = () => timers.splice(0).forEach((run) => run());
  return { pages, log, holder, pass };
}

test("one with places enough is not turned, and nothing is told", () => {
  const { pages, log, holder } = made();
  assert.equal(pages.cut(rooms(25), "s").length, 25);
  assert.deepEqual([holder.hidden, log.told], [true, []]);
});

test("the server is told what is shown: once, and anew for a new session or a new socket", () => {
  const { pages, log, holder } = made();
  const all = rooms(60);
  assert.equal(pages.cut(all, "").length, 25);
  assert.deepEqual(log.told, [], "there is no session yet");
  for (let n = 0; n < 3; n += 1) pages.cut(all, "s");
  assert.deepEqual([holder.hidden, log.told.length, log.told[0][0]], [false, 1, "p0"]);
  pages.turn(-1);
  assert.equal(log.turned, 1);
  assert.deepEqual(pages.cut(all, "s").map(({ id }) => id), rooms(60).slice(50).map(({ id }) => id));
  assert.equal(log.told[1].length, 10);
  pages.cut(all, "t");
  pages.forget();
  pages.cut(all, "t");
  assert.equal(log.told.length, 4);
  assert.equal(pages.cut(rooms(30), "t").length, 5, "of a page that is gone the last is shown");
  assert.equal(pages.cut(rooms(3), "t").length, 3);
  assert.deepEqual(log.told.at(-1), ["p0", "p1", "p2"], "what was told before counts no more");
});

test("it is turned by key, and by itself when asked to", () => {
  const { pages, log, holder, pass } = made();
  pages.cut(rooms(60), "s");
  const press = (key) => listeners.at(-1)({ key, target: null, preventDefault() {} });
  press("PageDown");
  press("x");
  assert.deepEqual([pages.page, log.turned], [1, 1]);
  press("PageUp");
  assert.equal(pages.page, 0);
  pass();
  assert.equal(pages.page, 0);
  holder.children.at(-1).dispatchEvent(new Event("click"));
  pass();
  pass();
  assert.equal(pages.page, 2);
  pass();
  assert.equal(pages.page, 0, "after the last comes the first");
});
