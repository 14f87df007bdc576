/** The teacher's courseware: bring a file, put it on the board, a blank page, give the pen to a room on stage. */
import { positionOf } from "../fold.js";
import { t } from "../i18n.js";
import { button, make, setText } from "./dom.js";

const LOOK_AGAIN = 3_000;

/** @typedef {{id: string, name: string, state: string, pages: unknown[], error?: {message: Record<string, string>} | null}} File */

export class Shelf {
  /**
   * @param {HTMLElement} holder
   * @param {import("../pages/shell.js").Shell} shell
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   */
  constructor(holder, shell, run) {
    this.shell = shell;
    this.run = run;
    /** @type {File[]} */
    this.files = [];
    this.shown = "";
    this.looked = false;
    this.input = make("input");
    Object.assign(this.input, { type: "file", id: "shelf-file", accept: ".pdf,.pptx,image/png,image/jpeg,image/webp" });
    this.input.addEventListener("change", () => void this.#upload());
    this.input.className = "sr";
    const label = make("label", "button next", t("shelf.bring"));
    label.htmlFor = this.input.id;
    this.words = make("p", "quiet");
    this.words.setAttribute("role", "status");
    this.list = make("ul", "files");
    this.pen = make("p", "actions");
    this.show = button("shelf.hide", "eye", "", () => void run("board.show", { on: !shell.lesson.state?.board.shown }));
    const blank = button("shelf.blank", "blank", "", () => void run("board.blank", {}));
    holder.append(this.input, label, this.words, this.list, make("p", "actions", blank, this.show), this.pen);
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update(lesson) {
    const { state } = lesson;
    if (!state) return;
    if (!this.looked) {
      this.looked = true;
      void this.look();
    }
    const onBoard = state.board.sheets.map((sheet) => sheet.sheet);
    const stage = Object.values(state.stage);
    const now = JSON.stringify([this.files, onBoard, state.board.shown, state.board.pen, stage]);
    if (now === this.shown) return;
    this.shown = now;
    this.show.hidden = state.board.at === null;
    setText(this.show.querySelector(".words") ?? this.show, t(state.board.shown ? "shelf.hide" : "shelf.show"));
    this.list.replaceChildren(...this.files.map((file) => this.#row(file, onBoard.includes(file.id))));
    this.pen.replaceChildren(...stage.filter((room) => positionOf(state, room) !== null).map((room) => this.#pen(state, room)));
  }

  /** Asks the server what there is; again while something is still being drawn. */
  async look() {
    const { boot, clock, lesson } = this.shell;
    const response = await fetch(`/courseware/${boot.lesson.id}?a=${boot.admission}`, { cache: "no-store" }).catch(() => null);
    if (!response || !response.ok) return;
    this.files = (await response.json()).courseware;
    this.update(lesson);
    if (this.files.some(({ state }) => state === "waiting" || state === "drawing")) clock.after(LOOK_AGAIN, () => void this.look());
  }

  async #upload() {
    const file = this.input.files?.[0];
    if (!file) return;
    const { boot } = this.shell;
    const form = new FormData();
    form.append("file", file);
    setText(this.words, t("shelf.sending"));
    const response = await fetch(`/courseware/${boot.lesson.id}?a=${boot.admission}`, { method: "POST", body: form }).catch(() => null);
    this.input.value = "";
    if (response?.ok) setText(this.words, "");
    else {
      const body = await response?.json().catch(() => null);
      setText(this.words, body?.error?.message?.[boot.lang] ?? t("error.network"));
    }
    await this.look();
  }

  /**
   * @param {File} file
   * @param {boolean} onBoard
   */
  #row(file, onBoard) {
    const row = make("li", "", make("span", "who", file.name));
    if (file.state === "ready") {
      const kind = onBoard ? "courseware.detach" : "courseware.attach";
      const words = onBoard ? "shelf.take" : "shelf.put";
      row.append(button(words, onBoard ? "back" : "screen", onBoard ? "" : "next", () => void this.run(kind, onBoard ? { sheet: file.id } : { courseware: file.id })));
    } else row.append(make("span", "quiet", file.error?.message?.[this.shell.boot.lang] ?? t(file.error ? "shelf.failed" : "shelf.drawing")));
    return row;
  }

  /**
   * @param {import("../fold.js").LessonState} state
   * @param {string} room
   */
  #pen(state, room) {
    const has = state.board.pen === room;
    const press = button(has ? "pen.take" : "pen.give", "pen", "", () => void this.run(has ? "pen.take" : "pen.give", has ? {} : { participant: room }));
    press.append(` ${state.participants[room]?.name ?? ""}`);
    return press;
  }
}
