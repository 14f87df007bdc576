/** A button that asks once more in its own place, and forgets the question after 6 s. */
import { button, make } from "./dom.js";

const FORGET = 6_000;

/**
 * @param {{ask: string, icon: string, yes: string, no: string, kind?: string}} keys
 * @param {() => void} confirmed
 * @returns {HTMLElement}
 */
export function confirmButton(keys, confirmed) {
  const holder = make("span", "button-pair");
  let timer = 0;
  const quiet = () => {
    clearTimeout(timer);
    holder.replaceChildren(button(keys.ask, keys.icon, keys.kind ?? "", ask));
  };
  const ask = () => {
    const no = button(keys.no, "back", "", back);
    const yes = button(keys.yes, keys.icon, "danger", () => {
      quiet();
      confirmed();
    });
    holder.replaceChildren(no, yes);
    // The harmless answer gets the focus: Enter twice must not end a lesson.
    no.focus();
    timer = window.setTimeout(quiet, FORGET);
  };
  const back = () => {
    quiet();
    holder.querySelector("button")?.focus();
  };
  holder.addEventListener("keydown", (e) => e.key === "Escape" && back());
  quiet();
  return holder;
}
