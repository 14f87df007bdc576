/** A wall has room for 25 classrooms: with more it is turned, by hand or by itself, and the server is told which it shows. */
import { every } from "../clock.js";
import { WALL_MOST } from "../slots.js";
import { t } from "../i18n.js";
import { button, byId, make, plainKey, setText } from "./dom.js";

const TURN_MS = 15_000;

/**
 * @typedef {{id: string, name: string}} Room
 */

export class WallPages {
  /**
   * @param {HTMLElement} holder
   * @param {{turned: () => void, tell: (rooms: string[]) => void, clock: import("../clock.js").Clock}} options
   */
  constructor(holder, { turned, tell, clock }) {
    this.holder = holder;
    this.turned = turned;
    this.tell = tell;
    this.page = 0;
    this.pages = 1;
    /** What the server was told last, and of which session. */
    this.told = "";
    this.where = make("span", "where");
    this.where.setAttribute("aria-live", "polite");
    this.itself = button("wall.itself", "play", "", () => this.#toggle());
    this.itself.setAttribute("aria-pressed", "false");
    holder.append(button("wall.previous", "previous", "", () => this.turn(-1)), this.where, button("wall.next", "next", "", () => this.turn(1)), this.itself);
    document.addEventListener("keydown", (event) => this.#key(event));
    every(clock, TURN_MS, () => this.itself.getAttribute("aria-pressed") === "true" && this.turn(1));
  }

  /**
   * @param {Room[]} rooms all of them, in order
   * @param {string} session whose wall it is
   * @returns {Room[]} those to be shown now
   */
  cut(rooms, session) {
    this.pages = Math.max(1, Math.ceil(rooms.length / WALL_MOST));
    this.page = Math.min(this.page, this.pages - 1);
    this.holder.hidden = this.pages === 1;
    setText(this.where, t("wall.page", { page: this.page + 1, pages: this.pages }));
    const shown = rooms.slice(WALL_MOST * this.page, WALL_MOST * (this.page + 1));
    const key = [session, ...shown.map(({ id }) => id)].join();
    if (session && key !== this.told && (this.pages > 1 || this.told)) {
      this.told = key;
      this.tell(shown.map(({ id }) => id));
    }
    return shown;
  }

  /** A new socket: whoever answers it knows nothing of what was told before. */
  forget() {
    if (this.told) this.told = "?";
  }

  /** @param {1 | -1} by */
  turn(by) {
    this.page = (this.page + by + this.pages) % this.pages;
    this.turned();
  }

  #toggle() {
    this.itself.setAttribute("aria-pressed", String(this.itself.getAttribute("aria-pressed") !== "true"));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.pages === 1 || !plainKey(event) || (event.key !== "PageDown" && event.key !== "PageUp")) return;
    event.preventDefault();
    this.turn(event.key === "PageDown" ? 1 : -1);
  }
}

/**
 * The pages of a page's wall.
 * @param {import("../pages/shell.js").Shell} shell
 * @param {() => void} turned
 */
export function wallPages({ socket, clock }, turned) {
  const pages = new WallPages(byId("wall-pages"), { turned, clock, tell: (rooms) => socket.signal("wall", { rooms }) });
  socket.on("welcome", () => pages.forget());
  return pages;
}
