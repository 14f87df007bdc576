/** A pupil's own questions, and the way to ask one. */
import { t } from "../i18n.js";
import { make } from "./dom.js";

export class SeatQuestions {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} form holds a textarea
   * @param {{participant: string, seat: number, ask: (text: string) => Promise<boolean>}} actions
   */
  constructor(list, form, actions) {
    this.list = list;
    this.actions = actions;
    this.shown = "";
    const text = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (text.value.trim() && (await actions.ask(text.value.trim()))) text.value = "";
    });
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state }) {
    const { participant, seat } = this.actions;
    const own = Object.values(state?.talk.questions ?? {}).filter((one) => one.participant === participant && one.seat === seat);
    const now = JSON.stringify(own);
    if (now === this.shown) return;
    this.shown = now;
    this.list.replaceChildren(
      ...own.map(({ text, stage, answer }) => {
        const row = make("li", "", make("p", "", text ?? t("text.erased")), make("p", "quiet", t(`question.${stage}`)));
        if (answer) row.append(make("p", "answer", answer));
        return row;
      }),
    );
  }
}
