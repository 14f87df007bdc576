/** The quiz on a classroom's big screen: the question large, a grid of the seats that have answered, whom it still waits for. */
import { t } from "../i18n.js";
import { make, setText } from "./dom.js";
import { HELD_UP, keyWords, options, questionOf, secondsLeft } from "./quizwords.js";

const NAMED = 8;
/** A result stays so long after it was shown. */
const RESULT_MS = 60_000;

export class RoomCard {
  /**
   * @param {HTMLElement} holder
   * @param {() => void} scan read the printed cards
   */
  constructor(holder, scan) {
    this.holder = holder;
    this.shown = "";
    this.title = make("h2");
    this.options = make("ol", "choices");
    this.grid = make("ul", "answered");
    this.words = make("p", "waiting");
    this.time = make("p", "time");
    this.scan = make("button", "button", make("span", "", t("cards.read")), make("kbd", "", "P"));
    this.scan.type = "button";
    this.scan.addEventListener("click", scan);
    holder.append(this.time, this.title, this.options, this.grid, this.words, this.scan);
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @returns {boolean} the card is shown
   */
  update(lesson) {
    const { state, seats } = lesson;
    const quiz = state?.quiz.open || latest(state, lesson.now);
    this.holder.hidden = !quiz;
    if (!state || !quiz) return false;
    const card = state.quiz.cards[quiz];
    const answered = state.quiz.answered?.[quiz] ?? [];
    const now = JSON.stringify([quiz, card, answered, seats]);
    const left = card.closed_at === null ? secondsLeft(card, lesson.now) : null;
    setText(this.time, left === null ? "" : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
    if (now === this.shown) return true;
    this.shown = now;
    this.#draw(card, new Set(answered), seats);
    return true;
  }

  /**
   * @param {import("../fold/quiz.js").Card} card
   * @param {Set<number>} answered
   * @param {number} seats
   */
  #draw(card, answered, seats) {
    const open = card.closed_at === null;
    setText(this.title, questionOf(card));
    this.options.replaceChildren(
      ...options(card).map(({ letter, words }, n) => {
        const row = make("li", card.key?.options.includes(n) ? "right" : "", make("strong", "", letter), make("span", "", words));
        if (card.total) row.append(make("span", "count", String(card.total.options[n] ?? 0)));
        return row;
      }),
    );
    const all = Array.from({ length: seats }, (_, n) => n + 1);
    this.grid.replaceChildren(...all.map((n) => make("li", answered.has(n) ? "done" : "", answered.has(n) ? `${n} ✓` : String(n))));
    this.grid.hidden = !open;
    const missing = all.filter((n) => !answered.has(n));
    const few = missing.length > 0 && missing.length <= NAMED;
    const waits = few ? t("quiz.missing", { seats: missing.join(" ") }) : t("quiz.answered", { n: answered.size, m: seats });
    setText(this.words, open ? waits : card.key ? t("quiz.right_is", { key: keyWords(card) }) : t("quiz.closed"));
    this.scan.hidden = !open || !HELD_UP.has(card.type);
  }
}

/**
 * @param {import("../fold.js").LessonState | null} state
 * @param {number} now
 * @returns {string}
 */
function latest(state, now) {
  const last = Object.entries(state?.quiz.cards ?? {}).pop();
  const closed = last?.[1].closed_at ?? null;
  return last && closed !== null && now - closed < RESULT_MS ? last[0] : "";
}
