/** One lesson an inspector looks into: its program in a small picture, silent until it is the large one. */
import { browserClock } from "../clock.js";
import { socketUrl } from "../boot.js";
import { t } from "../i18n.js";
import { Lesson } from "../lesson.js";
import { guard } from "../pages/shell.js";
import { LiveSocket } from "../protocol.js";
import { Watcher } from "../whep.js";
import { chip, make, setText } from "./dom.js";
import { Picture } from "./picture.js";
import { showRec } from "./rec.js";

const SLOTS = ["program.audio", "program.camera", "program.screen"];
const WATCHED = new Set(["live", "break"]);

export class Look {
  /**
   * @param {import("../boot.js").Boot} boot of this lesson
   * @param {string} school
   * @param {() => void} choose
   */
  constructor(boot, school, choose) {
    this.boot = boot;
    this.picture = new Picture("fill", "live");
    this.large = new Picture("", "live");
    this.state = make("span", "quiet");
    this.rec = chip();
    this.rec.hidden = true;
    const about = make("span", "about", make("strong", "", boot.lesson.name), make("span", "quiet", school), this.state, this.rec);
    this.button = make("button", "", this.picture.element, about);
    this.button.type = "button";
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", choose);
    this.element = make("li", "", this.button);
    this.sound = new Audio();
    /** @type {Map<string, MediaStreamTrack>} */
    this.tracks = new Map();
    const open = (/** @type {string} */ url) => new WebSocket(url);
    this.socket = new LiveSocket({ url: socketUrl(boot), build: boot.build, surface: "screen", page: boot.page, open, clock: browserClock });
    this.lesson = new Lesson(this.socket);
    const ontrack = (/** @type {string} */ slot, /** @type {MediaStreamTrack} */ track) => {
      this.tracks.set(slot, track);
      this.update();
    };
    this.watcher = new Watcher({ boot, clock: browserClock, slots: SLOTS, ontrack, onchange: () => this.update() });
    this.lesson.on("change", () => this.update());
    guard(this.lesson, [this.watcher.keeper]);
    this.socket.start();
  }

  update() {
    const { lesson, watcher } = this;
    if (!lesson.phase || lesson.bye) return;
    setText(this.state, t(`phase.${lesson.phase}`));
    showRec(this.rec, lesson);
    if (!WATCHED.has(lesson.phase)) watcher.keeper.stop();
    else if (watcher.keeper.state === "idle") watcher.keeper.start();
    const slots = lesson.slots.get(watcher.keeper.session) ?? {};
    const slot = slots["program.screen"]?.why === "playing" ? "program.screen" : "program.camera";
    const track = this.tracks.get(slot);
    for (const picture of [this.picture, this.large]) {
      if (track) picture.show(track);
      picture.say(slots[slot]?.why === "playing" || picture.painted ? null : t("slot.waiting"));
    }
  }

  /** @param {boolean} chosen the large one is heard */
  choose(chosen) {
    this.button.setAttribute("aria-pressed", String(chosen));
    const track = this.tracks.get("program.audio");
    this.sound.srcObject = chosen && track ? new MediaStream([track]) : null;
    if (chosen) void this.sound.play().catch(() => {});
  }
}
