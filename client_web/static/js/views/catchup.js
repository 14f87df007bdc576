/**
 * Looking back while class goes on: what this screen missed is said when the link is back, and anything that was recorded can be watched
 * over the live picture, which is silent meanwhile. Whoever is called on stage is back at once.
 */
import { every } from "../clock.js";
import { positionOf } from "../fold.js";
import { recording } from "../fold/record.js";
import { duration, t } from "../i18n.js";
import { keptHere, Missed } from "../missed.js";
import { byId, button, make } from "./dom.js";

const LOOK_MS = 1_000;
const REWIND_MS = 30_000;
const LEAD_MS = 2_000;

export class CatchUp {
  /**
   * @param {import("../pages/shell.js").Shell} shell
   * @param {() => boolean} arrives whether the program's media arrives
   * @param {(quiet: boolean) => void} hush the live sound
   */
  constructor(shell, arrives, hush) {
    this.shell = shell;
    this.arrives = arrives;
    this.hush = hush;
    this.missed = new Missed(keptHere(), shell.boot.lesson.id);
    this.element = byId("catchup");
    this.rewind = byId("rewind");
    /** @type {HTMLIFrameElement | null} */
    this.frame = null;
    this.close = this.close.bind(this);
    this.rewind.addEventListener("click", () => this.open(shell.lesson.now - REWIND_MS));
    this.element.append(make("p", "words", t("missed.behind")), button("missed.back", "live", "next", this.close));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    window.addEventListener("message", (event) => event.source === this.frame?.contentWindow && event.data === "panel.close" && this.close());
    every(shell.clock, LOOK_MS, () => this.look());
  }

  look() {
    const { lesson, boot } = this.shell;
    const { state } = lesson;
    if (!state || !lesson.offset) return;
    const live = state.lesson.phase === "live";
    this.rewind.hidden = !live || !state.record.recording;
    if (this.frame && (!live || (boot.you.participant && positionOf(state, boot.you.participant) !== null))) this.close();
    if (this.missed.look(Math.round(lesson.now), live && recording(state) === "on", this.arrives())) this.say();
  }

  say() {
    const { bands } = this.shell;
    bands.set("missed", null);
    const span = this.missed.spans[this.missed.spans.length - 1];
    if (!span) return;
    const quiet = () => bands.set("missed", null);
    const now = button("missed.watch", "play", "next", () => {
      quiet();
      this.open(span.begin - LEAD_MS);
    });
    const words = t("missed.words", { time: duration(span.end - span.begin) });
    bands.set("missed", { tone: "", icon: "offline", words, action: make("span", "actions", now, button("missed.later", "end", "", quiet)) });
  }

  /** @param {number} at lesson time */
  open(at) {
    const { boot } = this.shell;
    if (this.frame) return;
    this.frame = make("iframe");
    this.frame.title = t("missed.frame");
    this.frame.allow = "autoplay; fullscreen";
    this.frame.src = `/shift/${boot.lesson.id}/page?a=${boot.admission}&at=${Math.round(at)}`;
    this.frame.addEventListener("load", () => this.frame?.focus());
    this.element.append(this.frame);
    this.element.hidden = false;
    this.hush(true);
  }

  close() {
    if (!this.frame) return;
    this.frame.remove();
    this.frame = null;
    this.element.hidden = true;
    this.hush(false);
    this.rewind.focus();
  }
}
