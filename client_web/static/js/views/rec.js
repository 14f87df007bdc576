/** REC: a chip for everybody, and the teacher's control of it. */
import { recorded, recording } from "../fold/record.js";
import { duration, t } from "../i18n.js";
import { confirmButton } from "./confirm.js";
import { byId, plainKey, setChip, setIcon, setText } from "./dom.js";

const KEY = "r";
const IN_CLASS = new Set(["live", "break"]);
/** @type {Record<import("../fold/record.js").Mode, {command: string, words: string, icon: string}>} what the first button does */
const NEXT = {
  off: { command: "record.start", words: "record.start", icon: "live" },
  on: { command: "record.pause", words: "record.pause", icon: "pause" },
  paused: { command: "record.resume", words: "record.resume", icon: "live" },
};

/**
 * Says whether this is recorded; gone when there is nothing to say.
 * @param {HTMLElement} chip
 * @param {import("../lesson.js").Lesson} lesson
 */
export function showRec(chip, lesson) {
  const says = recording(lesson.state);
  chip.hidden = says === null;
  if (says === "on") setChip(chip, "live", t("record.on"), "red");
  if (says === "paused") setChip(chip, "pause", t("record.paused"), "amber");
}

export class RecControl {
  /**
   * @param {import("../views/bands.js").Bands} bands
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   */
  constructor(bands, run) {
    this.bands = bands;
    this.element = byId("rec");
    this.button = byId("rec-state");
    this.acts = byId("rec-acts");
    this.toggle = byId("rec-toggle");
    this.stop = byId("rec-stop");
    this.next = NEXT.off;
    this.button.addEventListener("click", () => this.open(this.acts.hidden));
    this.toggle.addEventListener("click", () => this.act(run, this.next.command));
    const keys = { ask: "record.stop", icon: "end", yes: "record.stop_yes", no: "record.stop_no" };
    this.stop.append(confirmButton(keys, () => this.act(run, "record.stop")));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.open(false));
    document.addEventListener("keydown", (event) => this.keyed(event));
    document.addEventListener("click", ({ target }) => {
      // A button that was replaced by its own click lies nowhere any more.
      if (target instanceof Node && target.isConnected && !this.element.contains(target)) this.open(false, false);
    });
  }

  /** @param {KeyboardEvent} event */
  keyed(event) {
    if (event.key.toLowerCase() !== KEY || !plainKey(event) || this.element.hidden) return;
    event.preventDefault();
    this.open(this.acts.hidden);
  }

  /**
   * @param {boolean} open
   * @param {boolean} [focus] the keyboard goes along
   */
  open(open, focus = true) {
    if (open !== this.acts.hidden) return;
    this.acts.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (focus) (open ? this.toggle : this.button).focus();
  }

  /**
   * @param {(kind: string, payload: object) => Promise<boolean>} run
   * @param {string} kind
   */
  act(run, kind) {
    this.open(false);
    void run(kind, {});
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update(lesson) {
    const { state } = lesson;
    this.element.hidden = !state || !IN_CLASS.has(lesson.phase ?? "");
    const says = recording(state);
    const failing = says === "on" ? lesson.failing : ""; // of what is left out nothing can be lost
    this.bands.set("record", failing ? { tone: "red", icon: "weak", words: t(`record.failing.${failing}`) } : null);
    if (!state || this.element.hidden) return;
    const words = t(failing ? "record.failing" : `record.${says ?? "off"}`);
    this.button.className = `button rec-state ${says === "on" ? "red" : says ? "amber" : ""}`;
    setIcon(this.button, failing ? "weak" : says === "paused" ? "pause" : "live");
    setText(byId("rec-words"), words);
    setText(byId("rec-says"), words);
    setText(byId("rec-time"), state.record.recording ? duration(recorded(state.record, lesson.now)) : "");
    this.next = NEXT[state.record.mode];
    setIcon(this.toggle, this.next.icon);
    setText(this.toggle.querySelector(".words") ?? this.toggle, t(this.next.words));
    this.stop.hidden = state.record.mode === "off";
  }
}
