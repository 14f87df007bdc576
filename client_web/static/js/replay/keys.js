/** Keys as in every player. */
import { plainKey } from "../views/dom.js";

/** Keys by which a browser itself moves along a line. */
const NATIVE = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", "Tab"]);

/**
 * @typedef {object} Acts
 * @property {() => void} toggle play or pause
 * @property {(ms: number) => void} by forth or back
 * @property {(by: 1 | -1) => void} step a speed more or less
 * @property {() => void} next chapter
 * @property {() => void} previous
 * @property {() => void} mute
 * @property {() => void} full
 * @property {() => void} home
 * @property {() => void} end
 */

/**
 * @param {HTMLElement} range the line along which one seeks
 * @param {Acts} acts
 */
export function playerKeys(range, acts) {
  /** @type {Record<string, () => void>} */
  const keys = {
    " ": acts.toggle,
    k: acts.toggle,
    j: () => acts.by(-10_000),
    l: () => acts.by(10_000),
    ArrowLeft: () => acts.by(-5_000),
    ArrowRight: () => acts.by(5_000),
    ",": () => acts.step(-1),
    "<": () => acts.step(-1),
    ".": () => acts.step(1),
    ">": () => acts.step(1),
    n: acts.next,
    p: acts.previous,
    m: acts.mute,
    f: acts.full,
    Home: acts.home,
    End: acts.end,
  };
  document.addEventListener("keydown", (event) => {
    const onLine = event.target === range && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (onLine ? NATIVE.has(event.key) : !plainKey(event)) return;
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const onButton = event.target instanceof HTMLButtonElement && event.key === " ";
    if (!run || onButton) return;
    event.preventDefault();
    run();
  });
}
