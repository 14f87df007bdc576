/** The master's small tools: timer, somebody by lot, praise. */
import { classrooms } from "../fold.js";
import { duration, t } from "../i18n.js";
import { make, setText } from "./dom.js";

const MINUTES = [1, 3, 5, 10];

export class ToolsPanel {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLElement} badge what the timer says
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   * @param {(participant: string, seat: number) => void} call
   */
  constructor(holder, badge, run, call) {
    this.run = run;
    this.badge = badge;
    this.clock = make("strong", "clock");
    this.picked = make("span", "picked");
    this.callIt = this.#button("hands.call", () => this.pick && call(this.pick.participant, this.pick.seat));
    this.callIt.hidden = true;
    /** @type {{participant: string, seat: number} | null} */
    this.pick = null;
    this.stop = this.#button("timer.stop", () => void run("timer.stop", {}));
    const starts = MINUTES.map((n) => this.#button("timer.minutes", () => void run("timer.start", { seconds: n * 60 }), { n }));
    const draw = this.#button("pick.draw", () => void run("pick.draw", { exclude_called: true }));
    this.rooms = make("ul", "stars");
    this.drawn = "";
    holder.append(
      make("p", "actions", this.clock, ...starts, this.stop),
      make("p", "actions", draw, this.picked, this.callIt),
      this.rooms,
    );
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update(lesson) {
    const { state } = lesson;
    if (!state) return;
    const { timer, pick, stars } = state.tools;
    this.stop.hidden = !timer;
    const left = !timer ? "" : timer.rang ? t("timer.over") : duration(timer.ends_at - lesson.now);
    setText(this.clock, left);
    setText(this.badge, left);
    this.pick = pick;
    const name = pick ? (state.participants[pick.participant]?.name ?? "") : "";
    setText(this.picked, pick ? `${name} ${t("seat.n", { seat: pick.seat })}` : "");
    this.callIt.hidden = !pick || lesson.phase !== "live";
    const rooms = classrooms(state).map((room) => ({ ...room, n: stars.rooms[room.id] ?? 0 }));
    const now = JSON.stringify(rooms);
    if (now === this.drawn) return;
    this.drawn = now;
    this.rooms.replaceChildren(...rooms.map(({ id, name: room, n }) => this.#room(id, room, n)));
  }

  /**
   * @param {string} participant
   * @param {string} name
   * @param {number} n
   */
  #room(participant, name, n) {
    const praise = this.#button("praise.give", () => void this.run("praise.give", { participant }));
    praise.setAttribute("aria-label", t("praise.give_name", { room: name }));
    return make("li", "", make("span", "", name), make("span", "n", n ? `★ ${n}` : ""), praise);
  }

  /**
   * @param {string} words
   * @param {() => void} press
   * @param {Record<string, number>} [params]
   */
  #button(words, press, params = {}) {
    const button = make("button", "button", t(words, params));
    button.type = "button";
    button.addEventListener("click", press);
    return button;
  }
}
