/** A lesson afterwards: its pictures, its board and what happened in it, on one clock. */
import { browserClock, every } from "../clock.js";
import { duration, load, t } from "../i18n.js";
import { Addresses } from "../replay/addresses.js";
import { Bar } from "../replay/bar.js";
import { Card } from "../replay/card.js";
import { beyond, Course, RATES } from "../replay/course.js";
import { keptHere, Missed } from "../missed.js";
import { Deck } from "../replay/deck.js";
import { Growing } from "../replay/growing.js";
import { playerKeys } from "../replay/keys.js";
import { MissedList } from "../replay/missedlist.js";
import { Notes } from "../replay/notes.js";
import { Past } from "../replay/past.js";
import { recall, remember } from "../replay/place.js";
import { needed, Quality, throughput, weak } from "../replay/quality.js";
import { split } from "../replay/split.js";
import { Stage } from "../replay/stage.js";
import { byId, setIcon, setText, useIcons } from "../views/dom.js";
import { tellScreen } from "../views/framed.js";

/**
 * @typedef {object} Told
 * @property {{id: string}} lesson
 * @property {number} begin
 * @property {number} end
 * @property {import("../replay/film.js").File[]} files
 * @property {import("../replay/bar.js").Missing[]} missing
 * @property {string} courseware
 * @property {number} expires
 * @property {number} now
 * @property {number | null} position
 * @property {import("../replay/notes.js").Note[] | null} [notes] the own ones; to inspectors
 * @property {string} [live] of a lesson that goes on: address of the recording's index
 * @property {{seq?: number, state: import("../fold.js").LessonState, events: import("../replay/past.js").Told[], chapters: import("../replay/bar.js").Chapter[], until?: number | null}} log
 */

const LOOK_MS = 100;
const ASK_AGAIN_MS = 5_000;
const TELL_MS = 10_000;
/** Nothing at all to see for longer is passed over. */
const PATIENCE_MS = 3_000;
/** Whoever stopped so shortly before the end begins anew. */
const NEARLY_OVER_MS = 10_000;

/** Of a lesson that goes on the replay stays so far behind what there is: every part is there when its moment comes. */
const EDGE_MS = 1_500;

/** @type {{data: string, position: string, admission: string, notes: string, csrf: string, locale: string, icons: string, key: string}} */
const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
useIcons(boot.icons);
await load(boot.locale);

/** @returns {Promise<Told | null>} what there is to play, as soon as it is there; null: there will be nothing, and the cover says why */
async function ask() {
  for (;;) {
    const answer = await fetch(boot.data, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok && body?.live !== "") return body;
    const code = body?.error?.code ?? "";
    const state = answer?.ok ? "empty" : code === "recording.not_ready" ? body.error.params.state : "";
    const known = state ? `replay.state.${state}` : `error.${code || "internal"}`;
    setText(byId("cover-words"), answer ? t(known) : t("replay.offline"));
    if (answer && answer.status < 500 && code !== "resource.preparing" && (!state || state === "empty")) return null;
    await new Promise((done) => browserClock.after(ASK_AGAIN_MS, () => done(null)));
  }
}

const told = (await ask()) ?? (await /** @type {Promise<Told>} */ (new Promise(() => {})));
const past = new Past(told.log.state, told.log.events);
const now = () => performance.now();
const course = new Course(told, startAt());
const board = byId("board");
const deck = new Deck(board, told.courseware, boot.admission);
const stage = new Stage(byId("stage"), board, told.files, nameOf);
const card = new Card(byId("card"), () => answered());
const bar = new Bar(
  { range: /** @type {HTMLInputElement} */ (byId("range")), marks: byId("marks"), chapters: byId("chapters"), time: byId("time"), look: byId("look") },
  told,
  go,
);
if (told.log.until) setText(byId("cut"), t("replay.cut", { time: duration(told.log.until - told.begin) }));
bar.chapters(told.log.chapters);
bar.missing(told.missing);
bar.thumbnails = (told.files.find(({ group }) => group === "teacher") ? told.files.filter(({ group }) => group === "teacher") : told.files).flatMap(({ thumbnails }) => thumbnails);
const live = told.live ? growing(told.live) : null;
const fetched = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
const link = /** @type {{connection?: import("../replay/quality.js").Connection}} */ (navigator).connection;
const quality = new Quality(/** @type {HTMLSelectElement} */ (byId("quality")), stage, told.files, weak(needed(told.files), throughput(fetched), link));
let before = course.at(now());
let stopped = false;
/** Somebody has watched some of it. */
let watched = false;
const addresses = live ? null : new Addresses({ now, random: Math.random, ask, retry: () => stage.retry(), renew });
addresses?.known(told);

byId("cover").hidden = true;
const missed = new MissedList({ part: byId("missed-part"), list: byId("missed") }, new Missed(keptHere(), told.lesson.id), told, (at) => {
  go(at);
  if (!course.playing) toggle();
});
byId("chapters-part").hidden = !told.log.chapters.length && !told.notes && byId("missed-part").hidden;
byId("page").dataset.chapters = byId("chapters-part").hidden ? "0" : "1";
byId("notes-part").hidden = !told.notes;
byId("chapters-part").dataset.notes = told.notes ? "1" : "0";
if (told.notes) {
  const parts = { list: byId("notes"), form: byId("note"), text: /** @type {HTMLTextAreaElement} */ (byId("note-text")) };
  new Notes(parts, told.notes, { begin: told.begin, address: boot.notes, csrf: boot.csrf, now: () => course.at(now()), seek: go });
}
byId("play").addEventListener("click", toggle);
byId("stage").addEventListener("click", (event) => event.target instanceof HTMLVideoElement && toggle());
byId("back").addEventListener("click", () => go(course.at(now()) - 10_000));
byId("forth").addEventListener("click", () => go(course.at(now()) + 10_000));
byId("full").hidden = !byId("player").requestFullscreen;
byId("full").addEventListener("click", () => void (document.fullscreenElement ? document.exitFullscreen() : byId("player").requestFullscreen().catch(() => {})));
byId("sound").addEventListener("click", () => mute(byId("sound").getAttribute("aria-pressed") !== "true"));
const rate = /** @type {HTMLSelectElement} */ (byId("rate"));
rate.replaceChildren(...RATES.map((one) => new Option(`${one}×`, String(one), one === 1, one === 1)));
rate.addEventListener("change", () => course.speed(Number(rate.value), now()));
const quizStops = /** @type {HTMLInputElement} */ (byId("quiz-stops"));
playerKeys(byId("range"), {
  toggle,
  by: (ms) => go(course.at(now()) + ms),
  step,
  next: () => go(bar.next(course.at(now())) ?? course.at(now())),
  previous: () => go(bar.previous(course.at(now()))),
  mute: () => mute(byId("sound").getAttribute("aria-pressed") !== "true"),
  full: () => byId("full").click(),
  home: () => go(told.begin),
  end: () => go(told.end),
});
split(byId("split"), byId("stage"));
tellScreen();
every(browserClock, LOOK_MS, look);
every(browserClock, TELL_MS, tell);
document.addEventListener("visibilitychange", () => document.hidden && tell());
look();

/** Where one left, unless the end was there. */
function startAt() {
  const kept = boot.position ? told.position : recall(boot.key);
  const query = new URLSearchParams(location.search);
  const asked = Number(query.get("t") ?? "") * 1000;
  if (query.has("at")) return Number(query.get("at"));
  if (asked) return told.begin + asked;
  return kept !== null && kept < told.end - NEARLY_OVER_MS ? kept : told.begin;
}

function look() {
  const at = course.at(now());
  const state = past.at(at);
  const over = course.over(now());
  if (over && course.playing && !live) course.play(false, now());
  const skip = course.playing ? beyond(told.files, at, PATIENCE_MS) : null;
  if (skip !== null) return pass(at, skip);
  if (course.playing && quizStops.checked && past.between(before, at).some(([, kind]) => kind === "quiz.opened")) stop();
  stage.follow(at, course);
  course.hold(course.playing && stage.waits(at), now());
  quality.look(course.held, course.playing, now());
  stage.show(state, at);
  if (!board.hidden) deck.show(state.board);
  card.show(state.quiz, stopped);
  bar.show(at);
  missed.look(before, at);
  say(at);
  before = at;
  addresses?.look(stage.playing.some((film) => film.broken && film.covering(at)));
}

/** @param {number} at */
function say(at) {
  const gap = told.missing.find((one) => one.begin <= at && at < one.end && one.end - one.begin >= 1_000);
  const refused = stage.playing.some((film) => film.refused);
  const broken = stage.playing.some((film) => film.broken && film.covering(at));
  const words = refused ? t("replay.press") : broken ? t("replay.broken") : course.held ? t("replay.waiting") : gap ? t(`replay.missing.${gap.why}`) : "";
  setText(byId("said"), words);
  byId("said").hidden = !words;
  const play = byId("play");
  setIcon(play, course.playing ? "pause" : "play");
  play.setAttribute("aria-label", t(course.playing ? "replay.pause" : "replay.play"));
}

/**
 * @param {number} from
 * @param {number} to
 */
function pass(from, to) {
  const why = told.missing.find((one) => one.begin <= from && from < one.end)?.why;
  if (why) setText(byId("passed"), t("replay.passed", { time: duration(Math.round((to - from) / 1000) * 1000), why: t(`replay.missing.${why}`) }));
  go(to);
}

function toggle() {
  stopped = false;
  const refused = stage.playing.some((film) => film.refused);
  for (const film of stage.playing) film.refused = false;
  if (!watched) stage.unlock();
  watched = true;
  // a browser that refused to sound waits for a hand: this is one
  course.play(refused || !course.playing, now());
  look();
}

function stop() {
  stopped = true;
  course.play(false, now());
  byId("card").scrollIntoView({ block: "nearest" });
}

function answered() {
  stopped = false;
  course.play(true, now());
  look();
}

/** @param {number} at lesson time */
function go(at) {
  course.seek(at, now());
  stopped = false;
  before = course.at(now());
  look();
}

/** @param {boolean} on */
function mute(on) {
  for (const film of stage.films.values()) film.muted = on;
  byId("sound").setAttribute("aria-pressed", String(on));
  setIcon(byId("sound"), on ? "sound-off" : "sound");
  look();
}

/** @param {string} group */
function nameOf(group) {
  if (!group.startsWith("stage.")) return t(`replay.group.${group}`);
  const state = past.at(course.at(now()));
  const participant = state.stage[group.slice("stage.".length)];
  return state.participants[participant]?.name || t("replay.room");
}

/** @param {1 | -1} by */
function step(by) {
  const next = RATES[RATES.indexOf(course.rate) + by];
  if (!next) return;
  rate.value = String(next);
  course.speed(next, now());
}

function tell() {
  const at = Math.round(course.at(now()));
  if (!boot.position) {
    remember(boot.key, at);
    return;
  }
  if (!watched || (!course.playing && !document.hidden)) return;
  const headers = { "X-CSRF-Token": boot.csrf, Accept: "application/json" };
  void fetch(boot.position, { method: "POST", headers, body: new URLSearchParams({ at: String(at) }), keepalive: true }).catch(() => {});
}

/** @param {Told | null} fresh */
function renew(fresh) {
  if (!fresh) {
    course.play(false, now());
    byId("cover").hidden = false;
    return;
  }
  stage.renew(fresh.files);
  deck.store.base = fresh.courseware;
}

/**
 * The lesson goes on: what there is by now is added as it comes.
 * @param {string} address
 */
function growing(address) {
  byId("latest").hidden = false;
  byId("latest").addEventListener("click", () => go(told.end));
  let begun = false;
  every(browserClock, ASK_AGAIN_MS, () => stage.retry());
  return new Growing({
    clock: browserClock,
    fetch: (url, init) => fetch(url, init),
    data: boot.data,
    happened: (events) => past.add(events),
    grown: (index, files) => {
      told.begin = Math.max(told.begin, index.begin);
      told.end = Math.max(told.begin, index.until - (index.over ? 0 : EDGE_MS));
      told.files = files;
      told.missing = index.missing;
      stage.grow(files);
      bar.grow();
      bar.missing(told.missing);
      byId("listen").hidden = !stage.canListen;
      if (!begun && files.length) go(startAt());
      begun ||= files.length > 0;
    },
    over: () => location.reload(),
  }, { live: address, now: told.now, expires: told.expires, log: { seq: told.log.seq ?? 0 } });
}
