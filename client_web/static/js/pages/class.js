/** Remote classroom, public big screen: watches the program, sends its own camera, and says loudly when it is on air. */
import { Capture } from "../capture.js";
import { every } from "../clock.js";
import { positionOf } from "../fold.js";
import { health } from "../health.js";
import { t } from "../i18n.js";
import { loudness, SentLevel, SilenceWatch } from "../level.js";
import { Onward } from "../onward.js";
import { askNext } from "../room.js";
import { byId, setChip, setIcon, setText } from "../views/dom.js";
import { MeterView } from "../views/meter.js";
import { Publisher } from "../whip.js";
import { startScreen } from "./screen.js";
import { guard, startShell } from "./shell.js";

const PUBLISHING = new Set(["scheduled", "open", "live", "break"]);

/** A lesson that has just ended may be opened again; so long a room stays. */
const HOME_AFTER = 30_000;

class ClassPage {
  /** @param {import("./shell.js").Shell} shell */
  constructor(shell) {
    this.shell = shell;
    this.capture = new Capture();
    this.self = shell.boot.you.participant;
    /** @type {boolean | null} null until the first state: a room that comes back on stage keeps its microphone closed (S12) */
    this.onStage = null;
    this.micOpen = false;
    this.leaving = 0;
    const onchange = () => this.sayPublish();
    this.publisher = new Publisher({ boot: shell.boot, clock: shell.clock, sources: ["mic", "camera"], layers: true, onchange });
    this.screen = startScreen(shell, () => this.capture.camera);
    this.sent = new SentLevel();
    this.meter = new MeterView();
    this.silence = new SilenceWatch(shell.clock.now());
    guard(shell.lesson, [this.publisher.keeper, this.screen.watcher.keeper]);
  }

  async start() {
    const { lesson, socket } = this.shell;
    byId("level").append(this.meter.element);
    byId("mic").addEventListener("click", () => this.setMic(!this.micOpen));
    document.addEventListener("keydown", (e) => e.key.toLowerCase() === "m" && this.onStage && this.setMic(!this.micOpen));
    this.capture.on("change", () => this.devices());
    lesson.on("change", () => this.update());
    every(this.shell.clock, 1_000, () => void this.listen());
    // Devices first: a page that captures may play sound without a touch (S26).
    await this.capture.open();
    this.capture.watch();
    socket.start();
    if (this.shell.boot.home) this.onward();
  }

  /** A paired PC goes on to the room's next lesson also when nobody ends this one. */
  onward() {
    const { clock, lesson } = this.shell;
    const stays = () => this.onStage !== false || lesson.bye !== null;
    const go = (/** @type {string} */ door) => location.assign(door);
    new Onward({ clock, lesson, here: location.pathname, stays, ask: askNext, go }).start();
  }

  devices() {
    const { camera, problem } = this.capture;
    void this.publisher.set("camera", camera);
    this.setMic(this.micOpen);
    const words = problem && problem !== "insecure" ? t(`device.class.${problem}`) : null;
    this.shell.bands.set("devices", words ? { tone: "amber", icon: "camera-off", words } : null);
    this.screen.update();
    this.update();
  }

  /** After the lesson a paired PC goes back to its room's page, which opens the next one. */
  goHome() {
    const { boot, lesson } = this.shell;
    const over = lesson.phase !== null && !PUBLISHING.has(lesson.phase);
    if (!over) {
      clearTimeout(this.leaving);
      this.leaving = 0;
    } else if (boot.home && !this.leaving) {
      this.leaving = window.setTimeout(() => location.assign(boot.home), HOME_AFTER);
    }
  }

  update() {
    const { lesson } = this.shell;
    if (!lesson.state || lesson.bye) return;
    this.goHome();
    this.follow(positionOf(lesson.state, this.self) !== null);
    this.sayLink();
    const { keeper } = this.publisher;
    if (!PUBLISHING.has(lesson.phase ?? "")) keeper.stop();
    else if (keeper.state === "idle" && (this.capture.camera ?? this.capture.mic)) keeper.start();
  }

  /** @param {boolean} onStage */
  follow(onStage) {
    const first = this.onStage === null;
    if (onStage === this.onStage) return;
    this.onStage = onStage;
    document.body.dataset.air = onStage ? "1" : "0";
    byId("air").hidden = !onStage;
    byId("level").hidden = !onStage;
    void this.publisher.setStage(onStage);
    this.setMic(onStage && !first);
    this.silence = new SilenceWatch(this.shell.clock.now());
  }

  /** @param {boolean} open */
  setMic(open) {
    this.micOpen = open && Boolean(this.onStage);
    this.capture.enable("mic", this.micOpen);
    void this.publisher.set("mic", this.micOpen ? this.capture.mic : null);
    const heard = this.micOpen && this.capture.mic !== null;
    setText(byId("air-words"), t(heard ? "air.heard" : "air.silent"));
    setIcon(byId("mic"), heard ? "mic" : "mic-off");
    setText(byId("mic-words"), t(heard ? "mic.close" : "mic.open"));
    byId("mic").hidden = this.capture.mic === null;
  }

  async listen() {
    const level = await this.sent.read(this.publisher.senders.get("mic"));
    const peak = this.micOpen ? level : null;
    this.meter.set(loudness(peak ?? 0));
    const silent = this.micOpen && this.silence.update(peak, this.shell.clock.now());
    this.shell.socket.signal("mic", { level: loudness(peak ?? 0), silent });
  }

  sayLink() {
    const { lesson } = this.shell;
    const own = lesson.presence[this.self ?? ""];
    const state = lesson.link === "online" ? (own ? health(own, lesson.phase) : "connecting") : "offline";
    setChip(byId("link"), state, t(`own.${state}`), state === "good" ? "good" : state === "connecting" ? "" : "amber");
  }

  sayPublish() {
    const { state, error } = this.publisher.keeper;
    this.shell.bands.set("publish", null);
    if (state === "refused" && error?.code === "place.taken") this.offerPlace();
    else if (state === "refused") this.shell.bands.set("publish", { tone: "amber", icon: "camera-off", words: t("publish.refused") });
  }

  offerPlace() {
    const action = document.createElement("button");
    action.className = "button";
    action.textContent = t("place.take");
    action.addEventListener("click", () => this.publisher.takeOver());
    this.shell.bands.set("publish", { tone: "amber", icon: "camera-off", words: t("error.place.taken"), action });
  }
}

const page = new ClassPage(await startShell("screen"));
await page.start();
