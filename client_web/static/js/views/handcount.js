/** A show of hands (S23): the assistant types how many hands each option had; it is marked as counted. */
import { t } from "../i18n.js";
import { make } from "./dom.js";
import { options, PICKED } from "./quizwords.js";

export class HandCount {
  /**
   * @param {HTMLElement} holder
   * @param {(quiz: string, counts: number[]) => Promise<boolean>} send
   */
  constructor(holder, send) {
    this.holder = holder;
    this.send = send;
    this.shown = "";
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state }) {
    const quiz = state?.quiz.open ?? "";
    const card = state?.quiz.cards[quiz];
    this.holder.hidden = !card || !PICKED.has(card.type);
    if (!card || this.holder.hidden || this.shown === quiz) return;
    this.shown = quiz;
    const inputs = options(card).map(({ letter }) => {
      const input = make("input");
      Object.assign(input, { type: "number", min: "0", max: "144", inputMode: "numeric", id: `count-${letter}` });
      const label = make("label", "", letter);
      label.htmlFor = input.id;
      return { input, field: make("span", "field", label, input) };
    });
    const button = make("button", "button next", t("quiz.count.send"));
    const form = make("form", "hand-count", make("p", "", t("quiz.count.words")), ...inputs.map(({ field }) => field), button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send(quiz, inputs.map(({ input }) => Math.max(0, Math.round(Number(input.value)) || 0)));
    });
    this.holder.replaceChildren(form);
  }
}
