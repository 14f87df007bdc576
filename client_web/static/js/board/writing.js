/** Typing a text onto the page: a field in its place; Ctrl+Enter or leaving it puts it there, Escape does not. */
import { t } from "../i18n.js";
import { make } from "../views/dom.js";
import { WIDTH } from "./codec.js";

const MOST = 500;

/**
 * @param {HTMLElement} holder of the page's size
 * @param {{x: number, y: number, size: number, color: string}} where 1/10000 of the page's width
 * @param {(text: string) => void} done
 */
export function write(holder, where, done) {
  const field = make("textarea", "board-writing");
  field.maxLength = MOST;
  field.setAttribute("aria-label", t("board.text.field"));
  field.style.left = `${(where.x / WIDTH) * 100}%`;
  field.style.top = `${(where.y / WIDTH) * holder.clientWidth}px`;
  field.style.fontSize = `${(where.size / WIDTH) * holder.clientWidth}px`;
  field.style.color = where.color;
  let open = true;
  const close = (/** @type {boolean} */ keep) => {
    if (!open) return;
    open = false;
    const text = field.value.trim();
    field.remove();
    if (keep && text) done(text);
  };
  field.addEventListener("blur", () => close(true));
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close(false);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) close(true);
  });
  holder.append(field);
  field.focus();
}
