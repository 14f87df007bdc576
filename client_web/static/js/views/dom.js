/** Small helpers over the DOM; text goes in as text, never as markup. */
import { t } from "../i18n.js";

let iconSheet = "/static/icons.svg";

/** @param {string} url */
export function useIcons(url) {
  iconSheet = url;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/**
 * The element a page's template promises.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}

/**
 * Touches the DOM only when the words change, so that screen readers are not told the same again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  setIcon(svg, name);
  return svg;
}

/**
 * @param {Element} holder an icon, or an element that contains one
 * @param {string} name
 */
export function setIcon(holder, name) {
  const href = `${iconSheet}#${name}`;
  const use = holder.querySelector("use");
  if (use && use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/**
 * @param {string} key of the words
 * @param {string} iconName
 * @param {string} kind class names
 * @param {() => void} press
 * @returns {HTMLButtonElement}
 */
export function button(key, iconName, kind, press) {
  const element = make("button", `button ${kind}`, icon(iconName), make("span", "words", t(key)));
  element.type = "button";
  element.addEventListener("click", press);
  return element;
}

/**
 * A state in one word with its own shape.
 * @param {Element} chip holds an icon and `.words`
 * @param {string} iconName
 * @param {string} words
 * @param {string} tone `good`, `amber`, `red` or empty
 */
export function setChip(chip, iconName, words, tone) {
  setIcon(chip, iconName);
  setText(chip.querySelector(".words") ?? chip, words);
  chip.className = `chip ${tone}`;
}

/** @returns {HTMLElement} */
export function chip() {
  return make("span", "chip", icon("connecting"), make("span", "words"));
}

/**
 * A key pressed as a shortcut: alone, once, and not into a field.
 * @param {KeyboardEvent} event
 */
export function plainKey(event) {
  const typing = event.target instanceof Element && event.target.closest("select, input, textarea, [contenteditable]");
  return !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
}
