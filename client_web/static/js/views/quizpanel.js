/** The master's quiz: ask in two touches, watch the tally by room, close, show the answer. */
import { total, tally } from "../fold/tally.js";
import { t } from "../i18n.js";
import { make, setText } from "./dom.js";
import { keyWords, options, questionOf, secondsLeft } from "./quizwords.js";

/** What one touch asks: type, number of options. Everything else is optional. */
const QUICK = /** @type {const} */ ([["single", 4], ["boolean", 0], ["multiple", 4], ["number", 0], ["text", 0], ["poll", 4]]);
const SECONDS = [0, 30, 60, 120, 300];

export class QuizPanel {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLElement} badge seats that have answered the open card
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   */
  constructor(holder, badge, run) {
    this.badge = badge;
    this.run = run;
    this.drawn = "";
    this.time = make("p", "time");
    this.composer = this.#composer();
    this.current = make("div", "quiz-now");
    holder.append(this.composer, this.current);
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update(lesson) {
    const { state, phase } = lesson;
    if (!state) return;
    const quiz = state.quiz.open || (Object.keys(state.quiz.cards).pop() ?? "");
    const card = state.quiz.cards[quiz];
    const done = !card || (card.closed_at !== null && card.total !== null);
    this.composer.hidden = !done || !["open", "live", "break"].includes(phase ?? "");
    this.current.hidden = !card;
    this.badge.hidden = !state.quiz.open;
    if (!card) return;
    const rooms = tally(state.quiz, quiz);
    const now = JSON.stringify([quiz, card, rooms]);
    const all = total(state.quiz, quiz);
    setText(this.badge, String(all.answered));
    if (now !== this.drawn) this.#draw(quiz, card, rooms, all, (who) => state.participants[who]?.name ?? "");
    this.drawn = now;
    const left = card.closed_at === null ? secondsLeft(card, lesson.now) : null;
    setText(this.time, left === null ? "" : t("quiz.left", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` }));
  }

  /** Puts the cursor where a question is written. */
  focus() {
    /** @type {HTMLElement | null} */ (this.composer.querySelector("textarea"))?.focus();
  }

  #composer() {
    const form = make("form", "compose");
    const question = make("textarea");
    question.id = "quiz-question";
    question.rows = 2;
    question.maxLength = 500;
    question.placeholder = t("quiz.question.hint");
    const label = make("label", "", t("quiz.question"));
    label.htmlFor = question.id;
    const type = select("quiz-type", QUICK.map(([name]) => [name, t(`quiz.type.${name}`)]));
    const seconds = select("quiz-seconds", SECONDS.map((n) => [String(n), n ? t("quiz.seconds", { n }) : t("quiz.no_end")]));
    const key = make("input");
    key.id = "quiz-key";
    key.maxLength = 100;
    key.autocomplete = "off";
    const keyLabel = make("label", "", t("quiz.key"));
    keyLabel.htmlFor = key.id;
    const hint = make("p", "quiet hint");
    const ask = make("button", "button next", t("quiz.ask"));
    const say = () => setText(hint, t(`quiz.key.${type.value}`));
    type.addEventListener("change", say);
    say();
    form.append(label, question, make("div", "row", type, seconds), keyLabel, key, hint, ask);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const payload = asked(question.value, type.value, Number(seconds.value), key.value);
      key.toggleAttribute("aria-invalid", payload === null);
      if (!payload) return;
      void this.run("quiz.open", payload).then((done) => {
        if (done) question.value = key.value = "";
      });
    });
    return form;
  }

  /**
   * @param {string} quiz
   * @param {import("../fold/quiz.js").Card} card
   * @param {Record<string, import("../fold/quiz.js").Tally>} rooms
   * @param {import("../fold/quiz.js").Tally} all
   * @param {(participant: string) => string} name
   */
  #draw(quiz, card, rooms, all, name) {
    const acts = make("p", "actions");
    if (card.closed_at === null) acts.append(this.#act("quiz.close", quiz, "quiz.close", true));
    if (!card.total) acts.append(this.#act("quiz.reveal", quiz, "quiz.reveal", card.closed_at !== null));
    acts.append(this.#act("quiz.discard", quiz, "quiz.discard", false));
    const bars = options(card).map(({ letter, words }, n) => bar(letter, words, all.options[n], all.answered, card.key?.options.includes(n) ?? false));
    const lines = Object.entries(rooms).map(([room, one]) => make("li", "", make("span", "", name(room)), make("span", "n", roomWords(one))));
    this.current.replaceChildren(
      make("h3", "", questionOf(card)),
      this.time,
      ...(bars.length ? [make("ol", "bars", ...bars)] : []),
      make("p", "quiet", [t("quiz.seats", { n: all.answered }), all.counted ? t("quiz.counted", { counts: all.counted.join(" / ") }) : "",
        all.right === null ? "" : t("quiz.right", { n: all.right }), card.key ? t("quiz.right_is", { key: keyWords(card) }) : ""].filter(Boolean).join(" · ")),
      make("ul", "by-room", ...lines),
      acts,
    );
  }

  /**
   * @param {string} kind
   * @param {string} quiz
   * @param {string} words
   * @param {boolean} next
   */
  #act(kind, quiz, words, next) {
    const button = make("button", next ? "button next" : "button", t(words));
    button.type = "button";
    button.addEventListener("click", () => void this.run(kind, { quiz }));
    return button;
  }
}

/** @param {import("../fold/quiz.js").Tally} one */
const roomWords = (one) => (one.counted ? `${one.answered} · ${t("quiz.counted", { counts: one.counted.join(" / ") })}` : String(one.answered));

/**
 * @param {string} letter
 * @param {string} words
 * @param {number} n
 * @param {number} of
 * @param {boolean} right
 */
function bar(letter, words, n, of, right) {
  const meter = make("meter");
  meter.max = Math.max(1, of);
  meter.value = n;
  meter.setAttribute("aria-label", `${letter} ${n}`);
  return make("li", right ? "right" : "", make("strong", "", right ? `${letter} ✓` : letter), make("span", "words", words), meter, make("span", "n", String(n)));
}

/**
 * @param {string} id
 * @param {readonly (readonly [string, string])[]} choices
 */
function select(id, choices) {
  const element = make("select");
  element.id = id;
  element.setAttribute("aria-label", t(id.replace("-", ".")));
  element.append(
    ...choices.map(([value, words]) => {
      const option = make("option", "", words);
      option.value = value;
      return option;
    }),
  );
  return element;
}

/**
 * What the form asks for; null: the key cannot be read. The options of a question of several lines are its lines after the first.
 * @param {string} text
 * @param {string} type
 * @param {number} seconds
 * @param {string} key
 */
export function asked(text, type, seconds, key) {
  const [question, ...lines] = text.split("\n").map((line) => line.trim());
  const written = lines.filter(Boolean).map((line) => line.replace(/^[A-Ha-h][.、)\s]\s*/, "")).slice(0, 8);
  const listed = type === "single" || type === "multiple" || type === "poll";
  const choices = listed ? (written.length >= 2 ? written : ["", "", "", ""]) : [];
  const base = { type, question: listed ? question : text.trim(), options: choices, seconds };
  const wanted = key.trim();
  if (!wanted || type === "poll") return base;
  if (type === "number") {
    const [number, tolerance = "0"] = wanted.split("±").map((part) => part.trim().replace(",", "."));
    const read = { number: Number(number), tolerance: Number(tolerance) };
    return Number.isFinite(read.number) && Number.isFinite(read.tolerance) && number ? { ...base, key: read } : null;
  }
  if (type === "text") return { ...base, key: { texts: wanted.split("/").map((one) => one.trim()).filter(Boolean) } };
  if (type === "boolean") {
    const yes = /^(对|是|√|y|t|a|yes|true)$/i.test(wanted);
    return yes || /^(错|否|×|x|n|f|b|no|false)$/i.test(wanted) ? { ...base, key: { options: [yes ? 0 : 1] } } : null;
  }
  const letters = [...wanted.toUpperCase().replace(/[^A-H]/g, "")].map((letter) => letter.charCodeAt(0) - 65);
  const picked = [...new Set(letters)].sort((a, b) => a - b);
  const fits = picked.length > 0 && picked.every((n) => n < choices.length) && (type === "multiple" || picked.length === 1);
  return fits ? { ...base, key: { options: picked } } : null;
}
