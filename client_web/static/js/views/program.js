/** What a classroom and a viewer see: screen, teacher and the stage, laid out by what really plays. */
import { positionOf } from "../fold.js";
import { layoutOf } from "../fold/director.js";
import { t } from "../i18n.js";
import { STAGE } from "../slots.js";
import { Stall } from "../stall.js";
import { Picture } from "./picture.js";

/**
 * @typedef {Record<string, import("../protocol.js").SlotShow>} Slots
 */

export class Program {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLElement} board where the courseware lies
   */
  constructor(holder, board) {
    this.holder = holder;
    this.board = board;
    this.stall = new Stall();
    this.camera = new Picture("camera", "teacher");
    this.screen = new Picture("screen", "screen");
    this.stage = STAGE.map((n) => new Picture(`stage stage-${n}`, "room"));
    holder.append(this.board, this.screen.element, this.camera.element, ...this.stage.map((p) => p.element));
  }

  /**
   * @param {string} slot
   * @param {MediaStreamTrack} track
   */
  show(slot, track) {
    if (slot === "program.camera") this.camera.show(track);
    if (slot === "program.screen") this.screen.show(track);
    const stage = /^stage\.(\d)\.video$/.exec(slot);
    if (stage) this.stage[Number(stage[1]) - 1].show(track);
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @param {string} session
   * @param {string | null} self own participant
   * @param {MediaStreamTrack | null} own camera shown in the own place: the server never sends it back (M27)
   */
  update(lesson, session, self, own) {
    const slots = this.stall.settle(lesson.slots.get(session) ?? {}, lesson.now);
    const parts = layers(lesson, carries(slots["program.screen"], this.screen), carries(slots["program.camera"], this.camera));
    const { camera, layout } = parts;
    const screen = parts.screen || parts.board;
    this.board.hidden = !parts.board;
    this.screen.element.hidden = !parts.screen;
    // With a screen and no camera there is nothing to say about the camera; with neither, the empty frame says it.
    this.camera.element.hidden = screen && !camera;
    this.holder.dataset.layout = layout;
    this.camera.say(wordsFor(slots["program.camera"], this.camera));
    this.camera.label(teacher(lesson));
    const places = STAGE.map((n) => this.#stage(n, lesson, slots, self, own)).filter(Boolean).length;
    this.holder.dataset.screen = screen ? "1" : "0";
    this.holder.dataset.camera = this.camera.element.hidden ? "0" : "1";
    this.holder.dataset.stage = String(places);
    this.holder.dataset.side = String(sideColumn(screen, !this.camera.element.hidden, places));
  }

  /**
   * @param {number} n
   * @param {import("../lesson.js").Lesson} lesson
   * @param {Slots} slots
   * @param {string | null} self
   * @param {MediaStreamTrack | null} own
   * @returns {boolean} somebody is there
   */
  #stage(n, lesson, slots, self, own) {
    const picture = this.stage[n - 1];
    const who = lesson.state?.stage[String(n)];
    picture.element.hidden = !who;
    if (!who) {
      picture.clear();
      return false;
    }
    const mine = who === self;
    const show = slots[`stage.${n}.video`];
    if (mine) picture.show(own);
    picture.say(mine ? null : wordsFor(show, picture));
    picture.label(lesson.state?.participants[who]?.name ?? "");
    picture.element.dataset.self = mine ? "1" : "0";
    return true;
  }

  /**
   * Tracks of the watch session; a stage picture that showed the own camera gets its slot back.
   * @param {Map<string, MediaStreamTrack>} tracks
   * @param {import("../lesson.js").Lesson} lesson
   * @param {string | null} self
   */
  apply(tracks, lesson, self) {
    const mine = positionOf(lesson.state, self);
    for (const [slot, track] of tracks) if (slot !== `stage.${mine}.video` && this.#wanted(slot, lesson)) this.show(slot, track);
  }

  /**
   * @param {string} slot
   * @param {import("../lesson.js").Lesson} lesson
   */
  #wanted(slot, lesson) {
    const stage = /^stage\.(\d)\.video$/.exec(slot);
    return !stage || stage[1] in (lesson.state?.stage ?? {});
  }
}

/**
 * Which of the large pictures are shown: by the layout, and in `auto` by what really plays, a shared screen before the courseware.
 * @param {import("../lesson.js").Lesson} lesson
 * @param {boolean} screen it plays
 * @param {boolean} camera it plays
 */
function layers({ state }, screen, camera) {
  const layout = state ? layoutOf(state) : "teacher";
  const byHand = state !== null && state.director.mode !== "auto";
  const page = state !== null && state.board.at !== null && state.board.shown;
  const wanted = layout === "courseware" || layout === "side" || layout === "pip";
  const shared = screen && (byHand ? layout === "screen" || (wanted && !page) : layout !== "stage" || !page);
  const board = page && wanted && !shared;
  return { layout, screen: shared && !(byHand && layout === "teacher"), board, camera: camera && !(byHand && (layout === "courseware" || layout === "screen")) };
}

/**
 * How many pictures share the column beside the large one; 0: there is no such column.
 * @param {boolean} screen
 * @param {boolean} camera
 * @param {number} places
 */
function sideColumn(screen, camera, places) {
  if (screen) return places ? places + (camera ? 1 : 0) : 0;
  return places > 1 ? places : 0;
}

/** @param {import("../lesson.js").Lesson} lesson */
function teacher(lesson) {
  const found = Object.values(lesson.state?.participants ?? {}).find((p) => p.role === "master");
  return found?.name || t("name.master");
}

/**
 * Whether a slot has something to show; between two keyframes the last picture stays.
 * @param {import("../protocol.js").SlotShow | undefined} show
 * @param {Picture} picture
 */
function carries(show, picture) {
  if (!show) return picture.painted;
  return show.why === "playing" || (show.why === "waiting" && picture.painted);
}

/**
 * @param {import("../protocol.js").SlotShow | undefined} show
 * @param {Picture} picture
 * @returns {string | null}
 */
function wordsFor(show, picture) {
  if (show?.why === "unplayable") return t("slot.unplayable");
  if (show?.why === "empty") return t("slot.empty");
  return show?.why === "playing" || picture.painted ? null : t("slot.waiting");
}
