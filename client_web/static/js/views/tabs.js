/** Tabs by click, arrow keys, Home and End (WAI-ARIA Authoring Practices, Tabs). Panels are `panel-NAME`, tabs `tab-NAME`. */
import { byId } from "./dom.js";

export class Tabs {
  /**
   * @param {string[]} names
   * @param {(name: string) => void} opened
   */
  constructor(names, opened) {
    this.names = names;
    this.opened = opened;
    this.open = names[0];
    names.forEach((name, n) => {
      byId(`tab-${name}`).addEventListener("click", () => this.show(name));
      byId(`tab-${name}`).addEventListener("keydown", (event) => this.#key(event, n));
    });
  }

  /** @param {string} name */
  show(name) {
    this.open = name;
    for (const one of this.names) {
      const tab = byId(`tab-${one}`);
      tab.setAttribute("aria-selected", String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
      byId(`panel-${one}`).hidden = one !== name;
    }
    this.opened(name);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} n
   */
  #key(event, n) {
    const last = this.names.length - 1;
    /** @type {Record<string, number>} */
    const to = { ArrowRight: n === last ? 0 : n + 1, ArrowLeft: n === 0 ? last : n - 1, Home: 0, End: last };
    const next = this.names[to[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    this.show(next);
    byId(`tab-${next}`).focus();
  }
}
