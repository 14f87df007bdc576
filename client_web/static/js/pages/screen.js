/** What the classroom's and the viewer's page share: watching the program, its sound, and saying what was played. */
import { BoardTools, showProgress } from "../board/tools.js";
import { BoardView } from "../board/view.js";
import { every } from "../clock.js";
import { t, timeOfDay } from "../i18n.js";
import { PlayedMeter } from "../played.js";
import { programSlots } from "../slots.js";
import { Sound } from "../sound.js";
import { byId, setText } from "../views/dom.js";
import { Program } from "../views/program.js";
import { CatchUp } from "../views/catchup.js";
import { Watcher } from "../whep.js";

const PLAYED_EVERY = 2_000;
const MEDIA_PATIENCE = 1_500;
const JOINABLE = new Set(["scheduled", "open", "live", "break"]);

/**
 * @typedef {object} Screen
 * @property {Watcher} watcher
 * @property {() => void} update
 * @property {Sound} sound
 */

/**
 * @param {import("./shell.js").Shell} shell
 * @param {() => MediaStreamTrack | null} ownCamera
 * @param {(slot: string, track: MediaStreamTrack) => void} [played] told of every sound that the page plays
 * @param {() => boolean} [ready] media may begin; the board does not wait for it
 * @returns {Screen}
 */
export function startScreen(shell, ownCamera, played, ready = () => true) {
  const { boot, lesson, clock } = shell;
  const place = byId("board");
  const program = new Program(byId("program"), place);
  const self = boot.you.participant;
  const canDraw = () => self !== null && lesson.state?.board.pen === self;
  const { socket } = shell;
  const view = new BoardView(place, {
    boot,
    lesson,
    canDraw,
    send: { command: (kind, payload) => socket.command(kind, payload), signal: (kind, payload) => socket.signal(kind, payload) },
  });
  showProgress(byId("board-progress"), view);
  new BoardTools(byId("board-tools"), view, false);
  const sound = startSound();
  /** @type {Map<string, MediaStreamTrack>} */
  const tracks = new Map();
  const update = () => {
    program.apply(tracks, lesson, self);
    program.update(lesson, watcher.keeper.session, self, ownCamera());
    cover(lesson);
    if (lesson.phase && !lesson.bye && ready()) follow(watcher, JOINABLE.has(lesson.phase));
  };
  const ontrack = (/** @type {string} */ slot, /** @type {MediaStreamTrack} */ track) => {
    tracks.set(slot, track);
    if (track.kind === "audio") {
      sound.play(slot, track);
      played?.(slot, track);
    } else program.apply(tracks, lesson, self);
  };
  const watcher = new Watcher({ boot, clock, slots: programSlots(), ontrack, onchange: () => sayMedia(shell, watcher, update) });
  new CatchUp(shell, () => watcher.keeper.state === "connected", (quiet) => sound.hush(quiet));
  lesson.on("change", update);
  program.holder.addEventListener("loadeddata", update, true);
  reportPlayed(shell, watcher, sound);
  every(clock, 1_000, update);
  fullScreen();
  return { watcher, update, sound };
}

/**
 * @param {Watcher} watcher
 * @param {boolean} wanted
 */
function follow(watcher, wanted) {
  if (wanted && watcher.keeper.state === "idle") watcher.keeper.start();
  if (!wanted) watcher.keeper.stop();
}

/** One large button, only when the browser holds the sound back. */
function startSound() {
  const gate = byId("sound");
  const sound = new Sound((allowed) => (gate.hidden = allowed));
  document.addEventListener("click", () => sound.unlock());
  document.addEventListener("keydown", () => sound.unlock());
  return sound;
}

/** @param {import("../lesson.js").Lesson} lesson */
function cover(lesson) {
  const { phase } = lesson;
  const live = phase === "live";
  byId("cover").hidden = live || !phase;
  document.body.dataset.phase = phase ?? "";
  if (live || !phase) return;
  setText(byId("cover-title"), t(`cover.${phase}`));
  const starts = phase === "scheduled" || phase === "open" ? lesson.plan.starts_at : null;
  setText(byId("cover-words"), starts === null ? t(`cover.${phase}.words`) : t("cover.starts", { time: timeOfDay(starts) }));
}

let mediaTimer = 0;

/**
 * @param {import("./shell.js").Shell} shell
 * @param {Watcher} watcher
 * @param {() => void} update
 */
function sayMedia(shell, watcher, update) {
  const { state, error } = watcher.keeper;
  clearTimeout(mediaTimer);
  update();
  if (state === "connected" || state === "idle") shell.bands.set("media", null);
  if (state === "recovering") {
    const words = t("media.recovering");
    mediaTimer = window.setTimeout(() => shell.bands.set("media", { tone: "amber", icon: "connecting", words }), MEDIA_PATIENCE);
  }
  if (state === "refused") shell.bands.set("media", { tone: "red", icon: "offline", words: t(`error.${error?.code}`) });
}

/**
 * @param {import("./shell.js").Shell} shell
 * @param {Watcher} watcher
 * @param {Sound} sound
 */
function reportPlayed(shell, watcher, sound) {
  const meter = new PlayedMeter(watcher);
  every(shell.clock, PLAYED_EVERY, () => {
    void meter.look(sound.allowed).then((played) => shell.socket.signal("played", played));
  });
}

function fullScreen() {
  const element = byId("full");
  element.hidden = !document.documentElement.requestFullscreen;
  element.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen().catch(() => {});
  });
}
