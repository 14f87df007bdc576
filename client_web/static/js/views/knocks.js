/** Unpaired classroom PCs that knock at the lesson: their picture, and whether to let them in (S5). */
import { t } from "../i18n.js";
import { refusal } from "../refused.js";
import { button, make } from "./dom.js";

/** @typedef {{id: string, room: string, picture: string, created: number}} Knock */

export class Knocks {
  /**
   * @param {HTMLElement} holder
   * @param {import("../boot.js").Boot} boot
   */
  constructor(holder, boot) {
    this.holder = holder;
    this.address = `/lessons/${boot.lesson.id}/knocks`;
    this.csrf = boot.csrf;
    this.busy = false;
    /** @type {Map<string, HTMLElement>} */
    this.shown = new Map();
  }

  /** @param {boolean} wanted a master by a link has no login, and nobody knocks at such a lesson */
  async look(wanted) {
    if (!this.csrf || !wanted || this.busy) return;
    this.busy = true;
    try {
      const response = await fetch(this.address, { cache: "no-store", headers: { Accept: "application/json" } });
      if (response.ok) this.show((await response.json()).knocks);
    } catch {
      // The link is down; the page says so elsewhere, and asks again.
    } finally {
      this.busy = false;
    }
  }

  /** @param {Knock[]} knocks */
  show(knocks) {
    const ids = new Set(knocks.map((one) => one.id));
    for (const [id, card] of this.shown) if (!ids.has(id)) this.#remove(id, card);
    for (const one of knocks) if (!this.shown.has(one.id)) this.#add(one);
    this.holder.hidden = this.shown.size === 0;
  }

  /** @param {Knock} one */
  #add(one) {
    const picture = make("img");
    picture.src = `data:image/jpeg;base64,${one.picture}`;
    picture.alt = t("knock.picture", { room: one.room });
    const yes = button("knock.allow", "room", "next", () => void this.#answer(one.id, "1"));
    const no = button("knock.refuse", "end", "", () => void this.#answer(one.id, "0"));
    const card = make("li", "knock", picture, make("p", "", t("knock.words", { room: one.room })), make("div", "actions", yes, no));
    this.shown.set(one.id, card);
    this.holder.append(card);
  }

  /**
   * @param {string} id
   * @param {HTMLElement} card
   */
  #remove(id, card) {
    card.remove();
    this.shown.delete(id);
    this.holder.hidden = this.shown.size === 0;
  }

  /**
   * @param {string} id
   * @param {"0" | "1"} allow
   */
  async #answer(id, allow) {
    const card = this.shown.get(id);
    for (const each of card?.querySelectorAll("button") ?? []) each.disabled = true;
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": this.csrf };
    try {
      const response = await fetch(`${this.address}/${id}`, { method: "POST", headers, body: JSON.stringify({ allow }) });
      if (!response.ok && (await refusal(response)).passing) throw new Error("again");
      if (card) this.#remove(id, card);
    } catch {
      for (const each of card?.querySelectorAll("button") ?? []) each.disabled = false;
    }
  }
}
