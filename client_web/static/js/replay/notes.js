/** An inspector's own notes to moments of the lesson, beside the replay: each leads there, and new ones are written. */
import { duration, t } from "../i18n.js";
import { make } from "../views/dom.js";

/**
 * @typedef {{id: string, at: number, text: string}} Note
 * @typedef {object} Options
 * @property {number} begin lesson time of the replay's beginning
 * @property {string} address where notes are kept
 * @property {string} csrf
 * @property {() => number} now lesson time that is shown
 * @property {(at: number) => void} seek
 */

/** Whoever writes began to see it so long before the first letter. */
const WRITING_MS = 3_000;

export class Notes {
  /**
   * @param {{list: HTMLElement, form: HTMLElement, text: HTMLTextAreaElement}} parts
   * @param {Note[]} notes
   * @param {Options} options
   */
  constructor(parts, notes, options) {
    this.parts = parts;
    this.options = options;
    /** Lesson time at which the note that is being written began. */
    this.began = -1;
    /** @type {Note[]} */
    this.notes = [];
    for (const note of notes) this.#add(note);
    parts.text.addEventListener("input", () => {
      if (!parts.text.value) this.began = -1;
      else if (this.began < 0) this.began = Math.max(options.begin, options.now() - WRITING_MS);
    });
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#keep();
    });
  }

  async #keep() {
    const { text } = this.parts;
    const words = text.value.trim();
    if (!words) return;
    const at = Math.round(this.began < 0 ? this.options.now() : this.began);
    const answer = await this.#post(this.options.address, { at: String(at), text: words });
    if (!answer?.ok) {
      text.setAttribute("aria-invalid", "true");
      return;
    }
    text.removeAttribute("aria-invalid");
    text.value = "";
    this.began = -1;
    this.#add(await answer.json());
  }

  /** @param {Note} note in its place by time */
  #add(note) {
    const { list } = this.parts;
    const when = make("button", "chapter", make("span", "when", duration(note.at - this.options.begin)), make("span", "words", note.text));
    when.type = "button";
    when.addEventListener("click", () => this.options.seek(note.at));
    const remove = make("button", "button", t("inspect.remove"));
    remove.type = "button";
    const row = make("li", "note", when, remove);
    remove.addEventListener("click", async () => {
      const answer = await this.#post(`${this.options.address}/${note.id}/remove`, {});
      if (!answer?.ok) return;
      this.notes = this.notes.filter((one) => one !== note);
      row.remove();
    });
    const place = this.notes.filter((one) => one.at <= note.at).length;
    this.notes.splice(place, 0, note);
    list.insertBefore(row, list.children[place] ?? null);
  }

  /**
   * @param {string} url
   * @param {Record<string, string>} fields
   */
  #post(url, fields) {
    const headers = { "X-CSRF-Token": this.options.csrf, Accept: "application/json" };
    return fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) }).catch(() => null);
  }
}
