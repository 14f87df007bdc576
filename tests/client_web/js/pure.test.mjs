import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "../../../client_web/static/js/clock.js";
import { delivery, health } from "../../../client_web/static/js/health.js";
import { duration, install, t } from "../../../client_web/static/js/i18n.js";
import { DEAD, loudness, SentLevel, SilenceWatch } from "../../../client_web/static/js/level.js";
import { counts, heardSound, sawPicture } from "../../../client_web/static/js/played.js";
import { answerAfterRestart, restartFragment } from "../../../client_web/static/js/sdp.js";
import { endpoint, masterSlots, programSlots, wallSize } from "../../../client_web/static/js/slots.js";

const ALL = { audio: true, camera: true, screen: false };
const room = (change = {}) => ({ online: true, media: "connected", plays: ALL, rtt: 50, loss: 0, mic_silent: false, ...change });

test("the worst thing about a room is what is said", () => {
  assert.equal(health(undefined, "live"), "offline");
  assert.equal(health(room({ online: false }), "live"), "offline");
  assert.equal(health(room({ media: "disconnected" }), "live"), "connecting");
  assert.equal(health(room({ plays: { ...ALL, audio: false } }), "live"), "deaf");
  assert.equal(health(room({ plays: { ...ALL, audio: false } }), "open"), "good");
  assert.equal(health(room({ plays: { ...ALL, camera: false } }), "live"), "blind");
  assert.equal(health(room({ plays: { audio: true, camera: false, screen: true } }), "live"), "good");
  assert.equal(health(room({ loss: 0.06 }), "live"), "weak");
  assert.equal(health(room(), "live"), "good");
  assert.equal(health(room({ media: "none" }), "ended"), "good");
});

test("n of m counts rooms that both hear and see, and names the others once", () => {
  const presence = { a: room(), b: room({ plays: { ...ALL, audio: false } }), c: room({ plays: { ...ALL, camera: false } }), d: room({ online: false }) };
  assert.deepEqual(delivery(["a", "b", "c", "d"], presence), { good: 1, all: 4, deaf: ["b"], blind: ["c"], away: ["d"] });
});

test("a dead microphone is said within 5 s, an unknown level never", () => {
  const watch = new SilenceWatch(0);
  const said = [];
  for (let now = 0; now <= 5000; now += 500) if (watch.update(0, now)) said.push(now);
  assert.equal(said[0], 3000);
  assert.equal(watch.update(DEAD, 5500), false);
  assert.equal(watch.update(null, 60_000), false);
});

test("looked at once a second, a microphone that died at any moment is said within 5 s", () => {
  for (let died = 0; died < 1000; died += 100) {
    const watch = new SilenceWatch(0);
    watch.update(0.1, 1000); // the look after the end still measures some of the sound
    let now = 1000;
    while (!watch.update(0, (now += 1010)));
    assert.ok(now - died <= 5000, `${now - died} ms`);
  }
});

test("the sent level is the energy since the last look", () => {
  const sent = new SentLevel();
  const source = (energy, seconds) => [{ type: "media-source", totalAudioEnergy: energy, totalSamplesDuration: seconds }];
  sent.step(source(1, 10));
  assert.equal(sent.step(source(1.25, 11)), 0.5);
  assert.equal(sent.step(source(1.25, 12)), 0);
  assert.equal(sent.step(source(1.25, 12)), null);
  assert.equal(sent.step([{ type: "codec" }]), null);
});

test("loudness is a decibel scale within 0 … 1", () => {
  assert.deepEqual([loudness(0), loudness(1), loudness(4), loudness(1e-9)], [0, 1, 1, 0]);
  assert.ok(Math.abs(loudness(0.03162) - 0.5) < 0.001);
});

const sound = (packets, samples, concealed) => ({ packets, frames: 0, samples, concealed });

test("sound counts as heard when packets came and half of it was real", () => {
  assert.equal(heardSound(sound(10, 1000, 100), sound(0, 0, 0)), true);
  assert.equal(heardSound(sound(10, 2000, 900), sound(10, 1000, 100)), false);
  assert.equal(heardSound(sound(12, 2000, 1000), sound(10, 1000, 100)), false);
  assert.equal(heardSound(sound(3, 500, 0), sound(900, 90_000, 0)), true);
  assert.equal(sawPicture({ ...sound(9, 0, 0), frames: 4 }, { ...sound(8, 0, 0), frames: 4 }), false);
  assert.equal(counts([{ type: "codec" }, { type: "inbound-rtp", packetsReceived: 3, framesDecoded: 2 }]).frames, 2);
});

test("slots are named in the order of the contract", () => {
  assert.deepEqual(programSlots().slice(0, 5), ["program.audio", "program.camera", "program.screen", "stage.1.audio", "stage.1.video"]);
  assert.equal(masterSlots(9).length, 17);
  assert.deepEqual([0, 9, 10, 16, 17, 60].map(wallSize), [9, 9, 16, 16, 25, 25]);
  assert.equal(endpoint("/whep/L", { slots: "a,b", a: "" }, "https://h"), "https://h/whep/L?slots=a,b");
});

const OFFER = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\na=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\nm=video 9 X 96\r\na=mid:1\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\n";
const ANSWER = "v=0\r\na=ice-lite\r\nm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:1 1 udp 1 9.9.9.9 5 typ host\r\na=end-of-candidates\r\nm=video 9 X 96\r\na=mid:1\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n";

test("an ICE restart fragment holds the bundle's first m-line and nothing of the media", () => {
  assert.deepEqual(restartFragment(OFFER).trim().split("\r\n"), [
    "a=group:BUNDLE 0 1",
    "m=audio 9 X 111",
    "a=mid:0",
    "a=ice-ufrag:new",
    "a=ice-pwd:secret",
    "a=candidate:1 1 udp 1 1.2.3.4 5 typ host",
  ]);
});

test("the renewed answer keeps the media and ice-lite, and no old credential", () => {
  const renewed = answerAfterRestart(ANSWER, "m=audio 9 X 0\r\na=mid:0\r\na=ice-ufrag:srv\r\na=ice-pwd:srvpwd\r\na=candidate:2 1 udp 1 8.8.8.8 5 typ host\r\n");
  assert.equal(renewed.match(/a=ice-ufrag:srv\r\n/g).length, 2);
  assert.equal(renewed.match(/8\.8\.8\.8/g).length, 2);
  assert.ok(renewed.includes("a=ice-lite") && renewed.includes("m=video 9 X 96"));
  assert.ok(!/old|9\.9\.9\.9|end-of-candidates/.test(renewed));
});

test("sentences fill their places, and a missing key shows itself", () => {
  install({ "a.b": "%(n)s/%(m)s", plain: "x" });
  assert.equal(t("a.b", { n: 0, m: 3 }), "0/3");
  assert.equal(t("no.such"), "no.such");
  assert.deepEqual([0, 9_999, 61_000, 3_661_000, -5].map(duration), ["0:00", "0:09", "1:01", "1:01:01", "0:00"]);
});

test("backoff grows, is jittered in its upper half, and is capped", () => {
  assert.deepEqual([backoff(0, () => 0), backoff(0, () => 1), backoff(3, () => 0), backoff(99, () => 1)], [250, 500, 2000, 8000]);
});
