/** Words of a quiz card that several pages show. */
import { optionsOf } from "../fold/tally.js";
import { t } from "../i18n.js";

/** Types one answers by choosing options. */
export const PICKED = new Set(["single", "multiple", "boolean", "poll"]);
/** Types that a printed card, held up, can answer. */
export const HELD_UP = new Set(["single", "boolean", "poll"]);

/**
 * @param {import("../fold/quiz.js").Card} card
 * @param {number} n option from 0
 * @returns {string}
 */
export function optionLetter(card, n) {
  return card.type === "boolean" ? t(n === 0 ? "quiz.yes" : "quiz.no") : String.fromCharCode(65 + n);
}

/**
 * @param {import("../fold/quiz.js").Card} card
 * @returns {{letter: string, words: string}[]}
 */
export function options(card) {
  return Array.from({ length: optionsOf(card) }, (_, n) => ({ letter: optionLetter(card, n), words: card.options[n] ?? "" }));
}

/**
 * @param {import("../fold/quiz.js").Card} card
 * @returns {string}
 */
export function questionOf(card) {
  return card.question === null ? t("text.erased") : card.question || t(`quiz.aloud.${card.type}`);
}

/**
 * Whole seconds that are left, null for a card without an end.
 * @param {import("../fold/quiz.js").Card} card
 * @param {number} now
 * @returns {number | null}
 */
export function secondsLeft({ deadline }, now) {
  return deadline === null ? null : Math.max(0, Math.ceil((deadline - now) / 1000));
}

/**
 * The right answer in words.
 * @param {import("../fold/quiz.js").Card} card
 * @returns {string}
 */
export function keyWords(card) {
  const { key } = card;
  if (!key) return "";
  if (key.options.length) return key.options.map((n) => optionLetter(card, n)).join(" ");
  if (key.number !== null) return key.tolerance ? `${key.number} ± ${key.tolerance}` : String(key.number);
  return key.texts.filter((text) => text !== null).join(" / ");
}
