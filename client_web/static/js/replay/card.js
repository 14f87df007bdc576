/** A quiz card of the lesson as the replay comes to it: it may stop the replay, so that whoever watches answers first. */
import { t } from "../i18n.js";
import { button, make } from "../views/dom.js";
import { keyWords, options, questionOf } from "../views/quizwords.js";

export class Card {
  /**
   * @param {HTMLElement} holder
   * @param {() => void} goOn
   */
  constructor(holder, goOn) {
    this.holder = holder;
    this.goOn = goOn;
    this.drawn = "";
    /** @type {Map<string, number>} card → what whoever watches chose */
    this.chosen = new Map();
  }

  /**
   * @param {import("../fold/quiz.js").Quiz} quiz
   * @param {boolean} stopped the replay waits for an answer
   */
  show(quiz, stopped) {
    const card = quiz.cards[quiz.open] ?? null;
    const sign = card ? [quiz.open, card.key !== null, card.total !== null, stopped, this.chosen.get(quiz.open)].join() : "";
    if (sign === this.drawn) return;
    this.drawn = sign;
    this.holder.hidden = !card;
    if (!card) {
      this.holder.replaceChildren();
      return;
    }
    this.holder.replaceChildren(make("h2", "", questionOf(card)), ...this.#options(quiz.open, card, stopped), ...this.#below(card, stopped));
  }

  /**
   * @param {string} id
   * @param {import("../fold/quiz.js").Card} card
   * @param {boolean} stopped
   */
  #options(id, card, stopped) {
    const list = make("ul", "options");
    options(card).forEach(({ letter, words }, n) => {
      const press = make("button", "button", make("span", "words", `${letter} ${words}`.trim()));
      press.type = "button";
      press.disabled = !stopped;
      press.setAttribute("aria-pressed", String(this.chosen.get(id) === n));
      press.addEventListener("click", () => {
        this.chosen.set(id, n);
        this.goOn();
      });
      list.append(make("li", "", press));
    });
    return list.children.length ? [list] : [];
  }

  /**
   * @param {import("../fold/quiz.js").Card} card
   * @param {boolean} stopped
   */
  #below(card, stopped) {
    const lines = [];
    if (card.closed_at !== null && card.key) lines.push(make("p", "right", t("replay.quiz.right", { answer: keyWords(card) })));
    if (stopped) lines.push(button("replay.quiz.on", "next", "next", this.goOn));
    return lines;
  }
}
