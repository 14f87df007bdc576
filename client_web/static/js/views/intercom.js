/** Words between the teacher and the assistants; never on a public screen. */
import { t, timeOfDay } from "../i18n.js";
import { make } from "./dom.js";

const KEPT = 200;

/** @typedef {{id: string, at: number, from: string, to: string, text: string}} Said */

export class IntercomView {
  /**
   * @param {{list: HTMLElement, form: HTMLFormElement, input: HTMLInputElement, unread: HTMLElement | null}} parts
   * @param {{self: string, name: (participant: string) => string, say: (text: string) => Promise<boolean>, open: () => boolean}} actions
   */
  constructor(parts, actions) {
    this.parts = parts;
    this.actions = actions;
    /** @type {Map<string, Said>} */
    this.said = new Map();
    this.unread = 0;
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#say();
    });
  }

  /** @param {Said[]} messages */
  hear(messages) {
    const fresh = messages.filter((one) => !this.said.has(one.id));
    for (const one of fresh) {
      this.said.set(one.id, one);
      this.parts.list.append(this.#row(one));
    }
    while (this.said.size > KEPT) {
      this.said.delete(String(this.said.keys().next().value));
      this.parts.list.firstElementChild?.remove();
    }
    if (!fresh.length) return;
    this.parts.list.scrollTop = this.parts.list.scrollHeight;
    if (!this.actions.open()) this.unread += fresh.filter((one) => one.from !== this.actions.self).length;
    this.#count();
  }

  /** The panel is open now. */
  read() {
    this.unread = 0;
    this.#count();
    this.parts.list.scrollTop = this.parts.list.scrollHeight;
  }

  #count() {
    const { unread } = this.parts;
    if (!unread) return;
    unread.hidden = this.unread === 0;
    unread.textContent = String(this.unread);
  }

  async #say() {
    const { input } = this.parts;
    const text = input.value.trim();
    if (text && (await this.actions.say(text))) input.value = "";
  }

  /** @param {Said} one */
  #row(one) {
    const { self, name } = this.actions;
    const to = one.to && one.to !== self && one.from === self ? ` → ${name(one.to)}` : "";
    const who = one.from === self ? `${t("intercom.me")}${to}` : name(one.from);
    const row = make("li", one.from === self ? "mine" : "", make("span", "quiet", `${who} · ${timeOfDay(one.at)}`), make("span", "said", one.text));
    return row;
  }
}
