/** All remote classrooms as tiles, each showing the wall slot that carries it. */
import { classrooms, positionOf } from "../fold.js";
import { health } from "../health.js";
import { t } from "../i18n.js";
import { Tile } from "./tile.js";

export class Wall {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLElement} empty shown while nobody is here
   * @param {import("./tile.js").TileActions | null} actions null: a wall without buttons
   * @param {import("./wallpages.js").WallPages} pages
   */
  constructor(holder, empty, actions, pages) {
    this.pages = pages;
    this.holder = holder;
    this.empty = empty;
    this.actions = actions;
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {Map<string, MediaStreamTrack>} */
    this.tracks = new Map();
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @param {string} session whose slots count
   */
  update(lesson, session) {
    const rooms = this.pages.cut(classrooms(lesson.state), session);
    this.empty.hidden = rooms.length > 0;
    this.#forget(new Set(rooms.map((room) => room.id)));
    const shows = this.#shows(lesson.slots.get(session) ?? {});
    rooms.forEach((room, i) => this.#place(room, i, lesson, shows.get(room.id)));
  }

  /** @param {Record<string, import("../protocol.js").SlotShow>} slots */
  #shows(slots) {
    const wall = Object.entries(slots).filter(([slot, show]) => slot.startsWith("wall.") && show.participant);
    return new Map(wall.map(([slot, show]) => [show.participant, { slot, why: show.why }]));
  }

  /** @param {Set<string>} present */
  #forget(present) {
    for (const [id, tile] of this.tiles) {
      if (present.has(id)) continue;
      tile.element.remove();
      this.tiles.delete(id);
    }
  }

  /**
   * @param {{id: string, name: string}} room
   * @param {number} index
   * @param {import("../lesson.js").Lesson} lesson
   * @param {{slot: string, why: string} | undefined} show
   */
  #place(room, index, lesson, show) {
    const tile = this.tiles.get(room.id) ?? new Tile(room.id, this.actions);
    this.tiles.set(room.id, tile);
    if (this.holder.children[index] !== tile.element) this.holder.insertBefore(tile.element, this.holder.children[index] ?? null);
    const track = show && this.tracks.get(show.slot);
    if (track) tile.picture.show(track);
    const live = lesson.phase === "live";
    const state = health(lesson.presence[room.id], lesson.phase);
    const onStage = positionOf(lesson.state, room.id) !== null;
    const more = tileExtras(lesson, room.id);
    tile.update({ name: room.name, health: state, onStage, canCall: live && state !== "offline", noPicture: words(show, tile), ...more });
  }
}

/**
 * What the back-channel says of a room.
 * @param {import("../lesson.js").Lesson} lesson
 * @param {string} room
 */
function tileExtras({ state }, room) {
  return {
    hands: Object.keys(state?.hands.raised[room] ?? {}).length,
    signal: state?.help.signals[room] ?? null,
    rung: room in (state?.help.rung ?? {}),
    request: room in (state?.mic.requests ?? {}),
    closed: state?.mic.closed[room] ?? null,
  };
}

/**
 * @param {{why: string} | undefined} show
 * @param {Tile} tile
 * @returns {string | null}
 */
function words(show, tile) {
  if (!show || show.why === "empty") return t("slot.empty");
  if (show.why === "unplayable") return t("slot.unplayable");
  return show.why === "playing" || tile.picture.painted ? null : t("slot.waiting");
}
