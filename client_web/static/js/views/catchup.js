/** What this screen missed of a lesson that is recorded: said when the link is back, until somebody watches it or does not want to. */
import { every } from "../clock.js";
import { recording } from "../fold/record.js";
import { duration, t } from "../i18n.js";
import { keptHere, Missed } from "../missed.js";
import { make } from "./dom.js";

const LOOK_MS = 1_000;

export class CatchUp {
  /**
   * @param {import("../pages/shell.js").Shell} shell
   * @param {() => boolean} arrives whether the program's media arrives
   * @param {(span: import("../missed.js").Span) => void} watch
   */
  constructor(shell, arrives, watch) {
    this.shell = shell;
    this.arrives = arrives;
    this.watch = watch;
    this.missed = new Missed(keptHere(), shell.boot.lesson.id);
    every(shell.clock, LOOK_MS, () => this.look());
  }

  look() {
    const { lesson } = this.shell;
    if (!lesson.state || !lesson.offset) return;
    if (this.missed.look(Math.round(lesson.now), recording(lesson.state) === "on", this.arrives())) this.say();
  }

  say() {
    const { bands } = this.shell;
    bands.set("missed", null);
    const span = this.missed.spans[this.missed.spans.length - 1];
    if (!span) return;
    const now = make("button", "button next", t("missed.watch"));
    const later = make("button", "button", t("missed.later"));
    now.addEventListener("click", () => this.watch(span));
    later.addEventListener("click", () => bands.set("missed", null));
    const action = make("span", "actions", now, later);
    bands.set("missed", { tone: "", icon: "play", words: t("missed.words", { time: duration(span.end - span.begin) }), action });
  }
}
