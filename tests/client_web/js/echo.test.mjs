/** The echo guard hears a delayed copy and never takes two people for one (S25). Speech is made from a seed. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { BANDS, EchoDetector } from "../../../client_web/static/js/echo/detector.js";

/** @param {number} seed */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Band energies of somebody talking: syllables of 80–300 ms with their own colour, pauses between words. */
function* talker(seed, loud = 1e-2) {
  const draw = chance(seed);
  for (;;) {
    const pause = draw() < 0.25;
    const hops = Math.round(pause ? 10 + draw() * 50 : 8 + draw() * 22);
    const colour = Array.from({ length: BANDS }, () => 10 ** (-2.5 * draw()));
    for (let i = 0; i < hops; i += 1) {
      const swell = pause ? 0 : Math.sin((Math.PI * (i + 0.5)) / hops) ** 2;
      yield colour.map((band) => loud * band * swell * (0.7 + 0.6 * draw()));
    }
  }
}

/** What a microphone hears of it: later, fainter, smeared by the room, with noise. */
function echo(lines, at, delay, gain, draw) {
  return Array.from({ length: BANDS }, (_, b) => {
    let energy = 0;
    for (let tail = 0; tail < 12; tail += 1) energy += (lines[at - delay - tail]?.[b] ?? 0) * gain * 0.65 ** tail;
    return energy + 3e-6 * draw();
  });
}

function run(seconds, make) {
  const detector = new EchoDetector();
  for (let at = 0; at < seconds * 100; at += 1) {
    const [played, heard] = make(at);
    const found = detector.push(played, heard);
    if (found) return { ...found, at: at / 100 };
  }
  return null;
}

function stage(seed) {
  const voice = talker(seed);
  const lines = [];
  return (at) => {
    while (lines.length <= at) lines.push(voice.next().value);
    return lines;
  };
}

for (const [delay, gain] of [[0, 0.5], [8, 0.1], [25, 0.05], [60, 0.2], [79, 0.1]]) {
  test(`a copy ${delay * 10} ms late at ${gain} is heard within 8 s`, () => {
    const said = stage(delay + 1);
    const draw = chance(99);
    const found = run(8, (at) => [said(at)[at], echo(said(at), at, delay, gain, draw)]);
    assert.ok(found, "not heard");
    assert.ok(Math.abs(found.delay - delay * 10) <= 60, `${found.delay}`);
  });
}

test("an echo under an own voice that speaks now and then is heard", () => {
  const said = stage(5);
  const own = talker(6, 5e-4);
  const draw = chance(7);
  const found = run(30, (at) => {
    const mine = own.next().value;
    return [said(at)[at], echo(said(at), at, 20, 0.3, draw).map((e, b) => e + (at % 1500 < 500 ? mine[b] : 0))];
  });
  assert.ok(found);
});

test("two people who talk are no echo, for an hour", () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const [far, near] = [talker(seed), talker(seed + 1000)];
    assert.equal(run(600, () => [far.next().value, near.next().value]), null, `seed ${seed}`);
  }
});

test("a teacher and a class that repeats in chorus, each in its own time, are no echo", () => {
  const far = stage(11);
  const near = talker(12);
  const found = run(300, (at) => {
    const turn = Math.floor(at / 250) % 2 === 0;
    const quiet = Array(BANDS).fill(1e-7);
    return [turn ? far(at)[at] : quiet, turn ? quiet : near.next().value];
  });
  assert.equal(found, null);
});

test("silence on either side proves nothing", () => {
  const quiet = Array(BANDS).fill(1e-7);
  const far = talker(3);
  assert.equal(run(60, () => [far.next().value, quiet]), null);
  assert.equal(run(60, () => [quiet, far.next().value]), null);
});

test("after a reset it begins again", () => {
  const said = stage(21);
  const draw = chance(1);
  const detector = new EchoDetector();
  let found = 0;
  for (let at = 0; at < 2000; at += 1) {
    if (detector.push(said(at)[at], echo(said(at), at, 10, 0.3, draw))) {
      found += 1;
      detector.reset();
    }
  }
  assert.ok(found >= 2 && found <= 5, String(found));
});
