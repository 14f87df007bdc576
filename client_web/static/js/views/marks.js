/** What the assistant reads about check-in marks: how many wait, which were refused and why, and on which seats two devices differ. */
import { explain, t, timeOfDay } from "../i18n.js";
import { Refused } from "../refused.js";
import { byId, make, setText } from "./dom.js";

/** "Delivered" is news for so long. */
const NEWS_MS = 20_000;

/**
 * @typedef {import("../offline/outbox.js").Outbox} Outbox
 * @typedef {import("../fold/checkin.js").Status} Status
 * @typedef {import("../checkin.js").Difference} Difference
 * @typedef {"ready" | "open" | "none"} Reach without network: the page opens again; only goes on while it stays open; keeps nothing
 */

export class Marks {
  /**
   * @param {import("./bands.js").Bands} bands
   * @param {{outbox: Outbox, lang: string, now: () => number, settle: (seat: number, status: Status) => void}} options `now`: ms on the lesson clock
   */
  constructor(bands, options) {
    this.bands = bands;
    this.options = options;
    /** Of some marks was said that they wait; `told`: how many had arrived before. */
    this.waited = false;
    this.told = 0;
    this.timer = 0;
    this.differences = "";
    const { outbox } = options;
    byId("unsent-again").addEventListener("click", () => void outbox.again());
    byId("unsent-dismiss").addEventListener("click", () => void outbox.dismiss());
  }

  /** @param {Reach} reach */
  reach(reach) {
    setText(byId("kept"), t(`offline.reach.${reach}`));
    byId("kept").dataset.reach = reach;
  }

  /** @param {"open" | "early" | "offline"} link whether the lesson hears; `early`: not yet (S8) */
  update(link) {
    const { waiting, failing } = this.options.outbox;
    const n = waiting.length;
    if (failing && n) this.bands.set("outbox", { tone: "red", icon: "offline", words: t("offline.failing", { n }) });
    else if (n && link === "offline") this.#wait(t("offline.waiting", { n }));
    else if (n && link === "early") this.#wait(t("offline.early", { n }));
    else if (n && this.waited) this.#wait(t("offline.sending", { n }));
    else if (!n) this.#arrived(); // a mark on its way is no news
    this.#refused();
  }

  /** @param {string} words */
  #wait(words) {
    if (!this.waited) this.told = this.options.outbox.delivered;
    this.waited = true;
    clearTimeout(this.timer);
    this.bands.set("outbox", { tone: "amber", icon: "offline", words });
  }

  /** All is there. It is said only of marks of which was said that they wait. */
  #arrived() {
    const { outbox, now } = this.options;
    if (!this.waited) return;
    this.waited = false;
    this.bands.set("outbox", null); // another icon is another band
    const n = outbox.delivered - this.told;
    if (!n) return;
    const words = t("offline.delivered", { n, time: timeOfDay(now()) });
    this.bands.set("outbox", { tone: "", icon: "good", words });
    setText(byId("delivered"), words);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => !outbox.waiting.length && this.bands.set("outbox", null), NEWS_MS);
  }

  #refused() {
    const { outbox, lang } = this.options;
    const refused = outbox.refused;
    byId("unsent").hidden = !refused.length;
    const words = t("offline.unsent.n", { n: refused.length });
    this.bands.set("unsent", refused.length ? { tone: "red", icon: "weak", words } : null);
    const lines = refused.map(({ seat, status, done_at, refused: why }) => {
      const said = t("offline.refused", { seat, status: t(`seat.${status}`), time: timeOfDay(done_at) });
      return make("li", "", make("span", "", said), make("span", "quiet", why ? explain(new Refused(why), lang) : ""));
    });
    byId("unsent-list").replaceChildren(...lines);
  }

  /** @param {Difference[]} found */
  differ(found) {
    const shown = JSON.stringify(found);
    if (shown === this.differences) return; // a button under a finger stays
    this.differences = shown;
    byId("differences").hidden = !found.length;
    byId("differences-list").replaceChildren(...found.map((one) => this.#difference(one)));
  }

  /** @param {Difference} difference */
  #difference({ seat, ours, other }) {
    const at = (/** @type {import("../fold/checkin.js").Mark} */ mark) => ({ status: t(`seat.${mark.status}`), time: timeOfDay(mark.done_at) });
    const [one, two] = [at(ours), at(other)];
    const words = t("offline.differ", { seat, status: one.status, time: one.time, other: two.status, other_time: two.time });
    const actions = make("p", "actions", this.#choice(seat, ours.status), this.#choice(seat, other.status));
    return make("li", "", make("span", "", words), actions);
  }

  /**
   * @param {number} seat
   * @param {Status} status
   */
  #choice(seat, status) {
    const word = t(`seat.${status}`);
    const button = make("button", "button", word);
    button.type = "button";
    button.setAttribute("aria-label", t("offline.settle", { seat, status: word }));
    button.addEventListener("click", () => this.options.settle(seat, status));
    return button;
  }
}
