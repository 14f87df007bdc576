/** What the rooms see: by the rules, or as the teacher chose. L turns to the next one. */
import { plainKey } from "./dom.js";

export class LayoutChoice {
  /**
   * @param {HTMLSelectElement} select
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   */
  constructor(select, run) {
    this.select = select;
    select.addEventListener("change", () => void run("director.layout", { layout: select.value }));
    document.addEventListener("keydown", (event) => {
      if (!plainKey(event) || event.key.toLowerCase() !== "l") return;
      select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
      void run("director.layout", { layout: select.value });
    });
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state, phase }) {
    this.select.disabled = !["open", "live", "break"].includes(phase ?? "");
    if (state && document.activeElement !== this.select) this.select.value = state.director.mode;
  }
}
