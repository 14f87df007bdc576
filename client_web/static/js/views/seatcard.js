/** The quiz card on a pupil's device: takes the whole page while it is open, then says what was right. */
import { t } from "../i18n.js";
import { make } from "./dom.js";
import { keyWords, options, PICKED, questionOf, secondsLeft } from "./quizwords.js";

export class SeatCard {
  /**
   * @param {HTMLElement} holder
   * @param {{participant: string, seat: number, answer: (kind: string, payload: object) => Promise<boolean>}} actions
   */
  constructor(holder, actions) {
    this.holder = holder;
    this.actions = actions;
    this.shown = "";
    this.words = make("p", "", "");
    /** @type {Set<number>} options touched of a card with several answers, not yet sent */
    this.touched = new Set();
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @returns {boolean} a card takes the page
   */
  update(lesson) {
    const { state } = lesson;
    const quiz = state?.quiz.open || this.#revealed(state);
    this.holder.hidden = !quiz;
    if (!state || !quiz) {
      this.shown = "";
      return false;
    }
    const card = state.quiz.cards[quiz];
    const own = state.quiz.own?.[quiz];
    const now = JSON.stringify([quiz, card.closed_at, card.key, own]);
    if (now !== this.shown) this.#draw(quiz, card, own);
    this.shown = now;
    this.#say(card, own, lesson.now);
    return state.quiz.open !== "";
  }

  /** The last card, while its answer is fresh. @param {import("../fold.js").LessonState | null | undefined} state */
  #revealed(state) {
    const last = Object.entries(state?.quiz.cards ?? {}).pop();
    return last && last[1].key ? last[0] : "";
  }

  /**
   * @param {string} quiz
   * @param {import("../fold/quiz.js").Card} card
   * @param {import("../fold/quiz.js").Choice | undefined} own
   */
  #draw(quiz, card, own) {
    const open = card.closed_at === null;
    this.touched = new Set(Array.isArray(own) ? own : []);
    const title = make("h2", "", questionOf(card));
    const body = PICKED.has(card.type) ? this.#options(quiz, card, own, open) : this.#field(quiz, card, own, open);
    this.holder.replaceChildren(title, body, this.words);
  }

  /**
   * @param {string} quiz
   * @param {import("../fold/quiz.js").Card} card
   * @param {import("../fold/quiz.js").Choice | undefined} own
   * @param {boolean} open
   */
  #options(quiz, card, own, open) {
    const chosen = Array.isArray(own) ? own : [];
    const holder = make("div", "options");
    holder.append(
      ...options(card).map(({ letter, words }, n) => {
        const button = make("button", "button", make("strong", "", letter), make("span", "", words));
        button.type = "button";
        button.disabled = !open;
        button.setAttribute("aria-pressed", String(chosen.includes(n)));
        button.addEventListener("click", () => this.#touch(quiz, card, n, button));
        return button;
      }),
    );
    if (card.type !== "multiple" || !open) return holder;
    const send = make("button", "button next", t("quiz.send"));
    send.type = "button";
    send.addEventListener("click", () => void this.#send(quiz, [...this.touched].sort((a, b) => a - b)));
    holder.append(send);
    return holder;
  }

  /**
   * @param {string} quiz
   * @param {import("../fold/quiz.js").Card} card
   * @param {number} n
   * @param {HTMLElement} button
   */
  #touch(quiz, card, n, button) {
    if (card.type !== "multiple") {
      void this.#send(quiz, [n]);
      return;
    }
    if (!this.touched.delete(n)) this.touched.add(n);
    button.setAttribute("aria-pressed", String(this.touched.has(n)));
  }

  /**
   * @param {string} quiz
   * @param {import("../fold/quiz.js").Card} card
   * @param {import("../fold/quiz.js").Choice | undefined} own
   * @param {boolean} open
   */
  #field(quiz, card, own, open) {
    const input = make("input");
    input.id = "card-answer";
    input.maxLength = 200;
    input.disabled = !open;
    input.inputMode = card.type === "number" ? "decimal" : "text";
    input.value = own === undefined || own === null ? "" : String(own);
    const label = make("label", "", t("quiz.your_answer"));
    label.htmlFor = input.id;
    const send = make("button", "button next", t("quiz.send"));
    send.disabled = !open;
    const form = make("form", "options field", label, input, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim().replace(card.type === "number" ? "," : "", card.type === "number" ? "." : "");
      if (!text || (card.type === "number" && !Number.isFinite(Number(text)))) input.setAttribute("aria-invalid", "true");
      else void this.#send(quiz, card.type === "number" ? Number(text) : text);
    });
    return form;
  }

  /**
   * @param {string} quiz
   * @param {number[] | number | string} choice
   */
  #send(quiz, choice) {
    if (Array.isArray(choice) && !choice.length) return Promise.resolve(false);
    const { participant, seat } = this.actions;
    return this.actions.answer("quiz.answer", { quiz, participant, seat, choice });
  }

  /**
   * @param {import("../fold/quiz.js").Card} card
   * @param {import("../fold/quiz.js").Choice | undefined} own
   * @param {number} now
   */
  #say(card, own, now) {
    const left = secondsLeft(card, now);
    const until = left === null ? "" : `0:${String(left % 60).padStart(2, "0")}`;
    const minutes = left !== null && left >= 60 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : until;
    let words;
    if (card.closed_at !== null) words = card.key ? t("quiz.right_is", { key: keyWords(card) }) : t("quiz.closed");
    else if (own === undefined) words = left === null ? "" : t("quiz.left", { time: minutes });
    else words = left === null ? t("quiz.got") : t("quiz.got_until", { time: minutes });
    if (this.words.textContent !== words) this.words.textContent = words;
  }
}
