/** Questions as an assistant or the teacher sees them, with what may be done about each. */
import { t } from "../i18n.js";
import { make, setText } from "./dom.js";

/** @typedef {[stage: string, act: (id: string) => [string, object], words: string, next: boolean]} Act */

/** @type {Record<"assistant" | "master", Act[]>} */
const ACTS = {
  assistant: [
    ["held", (id) => ["question.release", { id }], "question.release", true],
    ["held", (id) => ["question.discard", { id }], "question.discard", false],
  ],
  master: [
    ["released", (id) => ["question.answer", { id, mode: "spoken" }], "question.spoken", true],
    ["released", (id) => ["question.discard", { id }], "question.discard", false],
  ],
};

export class HeldQuestions {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} count
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   * @param {"assistant" | "master"} role
   */
  constructor(list, count, run, role = "assistant") {
    this.list = list;
    this.count = count;
    this.run = run;
    this.role = role;
    this.shown = "";
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state }) {
    const stage = this.role === "master" ? "released" : "held";
    const all = Object.entries(state?.talk.questions ?? {});
    const open = this.role === "master" ? all.filter(([, one]) => one.stage === "released") : all;
    const now = JSON.stringify(open);
    if (now === this.shown) return;
    this.shown = now;
    const waiting = open.filter(([, one]) => one.stage === stage).length;
    this.count.hidden = waiting === 0;
    setText(this.count, String(waiting));
    const rows = open.map(([id, one]) => this.#row(id, one, state?.participants[one.participant]?.name ?? ""));
    this.list.replaceChildren(...(rows.length ? rows : [make("li", "quiet", t("question.none"))]));
  }

  /**
   * @param {string} id
   * @param {import("../fold/talk.js").Question} one
   * @param {string} room
   */
  #row(id, one, room) {
    const seat = one.seat ? t("seat.n", { seat: one.seat }) : "";
    const who = [this.role === "master" ? room : "", seat].filter(Boolean).join(" ");
    const row = make("li", "", make("p", "", one.text ?? t("text.erased")), make("p", "quiet", [who, t(`question.${one.stage}`)].filter(Boolean).join(" · ")));
    const acts = make("p", "actions");
    for (const [stage, act, words, next] of ACTS[this.role]) {
      if (stage !== one.stage) continue;
      const button = make("button", next ? "button next" : "button", t(words));
      button.type = "button";
      button.addEventListener("click", () => void this.run(...act(id)));
      acts.append(button);
    }
    if (acts.childElementCount) row.append(acts);
    return row;
  }
}
