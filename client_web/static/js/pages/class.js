/** Remote classroom, public big screen: watches the program, sends its own camera, and says loudly when it is on air. */
import { Capture } from "../capture.js";
import { readCards } from "../cards.js";
import { every } from "../clock.js";
import { positionOf } from "../fold.js";
import { EchoGuard } from "../echo/guard.js";
import { optionsOf } from "../fold/tally.js";
import { isHeard } from "../fold/mic.js";
import { health } from "../health.js";
import { t } from "../i18n.js";
import { loudness, SentLevel, SilenceWatch } from "../level.js";
import { Onward } from "../onward.js";
import { askNext } from "../room.js";
import { byId, make, setChip, setIcon, setText } from "../views/dom.js";
import { MeterView } from "../views/meter.js";
import { Publisher } from "../whip.js";
import { startScreen } from "./screen.js";
import { OwnHands } from "../views/ownhands.js";
import { Panel } from "../views/panel.js";
import { PhonesCode } from "../views/phonescode.js";
import { RoomCard } from "../views/roomcard.js";
import { HELD_UP } from "../views/quizwords.js";
import { SeatPad } from "../views/seatpad.js";
import { command, guard, startShell } from "./shell.js";

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
    this.scanning = false;
    /** @type {string | null} who closed the microphone on stage, as the lesson says */
    this.closed = null;
    /** @type {number | undefined} when the teacher rang last */
    this.rung = undefined;
    const onchange = () => this.sayPublish();
    this.publisher = new Publisher({ boot: shell.boot, clock: shell.clock, sources: ["mic", "camera"], layers: true, onchange });
    this.echo = new EchoGuard(new URL("../echo/bands.js", import.meta.url).href, (echo) => this.hearEcho(echo));
    this.opened = false;
    const heard = (/** @type {string} */ slot, /** @type {MediaStreamTrack} */ track) => this.echo.play(slot, track);
    this.screen = startScreen(shell, () => this.capture.camera, heard, () => this.opened);
    this.sent = new SentLevel();
    this.meter = new MeterView();
    this.silence = new SilenceWatch(shell.clock.now());
    this.hands = new OwnHands(byId("own-hands"));
    this.code = new PhonesCode(byId("phones"), /** @type {HTMLImageElement} */ (byId("phones-code")), shell);
    this.pad = new SeatPad(byId("seatpad"), {
      raise: (seat) => command(shell, "hand.raise", { participant: this.self, seat }),
      cancel: (seat) => void command(shell, "hand.cancel", { participant: this.self, seat }),
      raised: (seat) => Boolean(shell.lesson.state?.hands.raised[this.self ?? ""]?.[seat]),
      seats: () => shell.lesson.seats,
      options: () => this.options(),
      answer: (seat, option) => void command(shell, "quiz.answer", { quiz: this.quiz, participant: this.self, seat, choice: [option] }),
    });
    this.panel = new Panel(shell, (kind, payload) => command(shell, kind, payload));
    this.card = new RoomCard(byId("card"), () => void this.scan());
    guard(shell.lesson, [this.publisher.keeper, this.screen.watcher.keeper]);
  }

  get quiz() {
    return this.shell.lesson.state?.quiz.open ?? "";
  }

  /** How many letters a seat may be answered by on the keyboard now. */
  options() {
    const card = this.shell.lesson.state?.quiz.cards[this.quiz];
    return card && HELD_UP.has(card.type) ? optionsOf(card) : 0;
  }

  /** Printed cards held up: read, and sent as one. */
  async scan() {
    const { boot, bands, clock } = this.shell;
    const { quiz } = this;
    if (!this.options() || this.scanning) return;
    this.scanning = true;
    const seen = (/** @type {Record<string, number>} */ answers) => {
      const fits = Object.fromEntries(Object.entries(answers).filter(([, option]) => option < this.options()));
      if (Object.keys(fits).length) void command(this.shell, "quiz.cards", { quiz, participant: this.self, answers: fits });
    };
    const url = `/class/${boot.lesson.id}/cards?a=${boot.admission}`;
    const read = await readCards({ camera: () => this.capture.camera, url, clock, seen });
    this.scanning = false;
    bands.set("cards", read ? null : { tone: "amber", icon: "camera-off", words: t("cards.unread") });
  }

  async start() {
    const { lesson, socket } = this.shell;
    byId("level").append(this.meter.element);
    byId("mic").addEventListener("click", () => void this.pressMic());
    document.addEventListener("keydown", (e) => e.key.toLowerCase() === "p" && !e.ctrlKey && void this.scan());
    document.addEventListener("keydown", (e) => e.key.toLowerCase() === "m" && this.onStage && void this.pressMic());
    this.capture.on("change", () => this.devices());
    lesson.on("change", () => this.update());
    every(this.shell.clock, 1_000, () => void this.listen());
    // The board at once. Devices before media: a page that captures may play sound without a touch (S26).
    socket.start();
    await this.capture.open();
    this.opened = true;
    this.capture.watch();
    this.screen.update();
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
    this.hands.update(lesson, this.self ?? "");
    this.code.update(lesson, this.self ?? "");
    this.panel.update(lesson);
    document.body.dataset.quiz = this.card.update(lesson) ? "1" : "0";
    this.followMic();
    this.sayRing();
    this.sayAir();
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

  /** Close the own microphone, open it again, or ask the teacher who has closed it. */
  async pressMic() {
    const participant = this.self;
    const closed = this.shell.lesson.state?.mic.closed[participant ?? ""];
    if (this.micOpen) {
      this.setMic(false);
      void command(this.shell, "mic.close", { participant });
    } else if (!closed) this.setMic(true);
    else if (closed === "room") await command(this.shell, "mic.open", { participant });
    else if (await command(this.shell, "mic.request", { participant })) setText(byId("air-words"), t("air.asked"));
  }

  /** The teacher's word counts: muted is closed, granted is open. */
  followMic() {
    const closed = this.shell.lesson.state?.mic.closed[this.self ?? ""] ?? null;
    if (closed === this.closed) return;
    const opened = this.closed !== null && closed === null;
    this.closed = closed;
    if (closed !== null && this.micOpen) this.setMic(false);
    if (opened && this.onStage) this.setMic(true);
  }

  /** @param {boolean} open */
  setMic(open) {
    this.micOpen = open && Boolean(this.onStage);
    this.capture.enable("mic", this.micOpen);
    void this.publisher.set("mic", this.micOpen ? this.capture.mic : null);
    const heard = this.micOpen && this.capture.mic !== null;
    void this.echo.listen(heard ? this.capture.mic : null);
    this.sayAir();
    setIcon(byId("mic"), heard ? "mic" : "mic-off");
    setText(byId("mic-words"), t(heard ? "mic.close" : "mic.open"));
    byId("mic").hidden = this.capture.mic === null;
  }

  /**
   * The microphone carries the stage's sound back: the room closes it before anybody has to ask (S25).
   * @param {import("../echo/detector.js").Echo} echo
   */
  hearEcho({ correlation, delay }) {
    this.setMic(false);
    const { bands, clock } = this.shell;
    bands.set("echo", { tone: "amber", icon: "mic-off", words: t("mic.echo") });
    clock.after(20_000, () => bands.set("echo", null));
    void command(this.shell, "mic.echo", { participant: this.self, correlation, delay_ms: delay });
  }

  /** Who was called, and whether all hear it: the teacher may have muted the room. */
  sayAir() {
    const { state } = this.shell.lesson;
    if (!state || !this.self) return;
    const heard = this.micOpen && this.capture.mic !== null && isHeard(state, this.self);
    const seat = state.hands.called[this.self];
    const words = t(heard ? "air.heard" : this.self in state.mic.closed ? `air.closed.${state.mic.closed[this.self]}` : "air.silent");
    setText(byId("air-words"), seat ? `${t("seat.n", { seat })} · ${words}` : words);
  }

  /** The teacher rings a room that does not answer. */
  sayRing() {
    const { bands, lesson } = this.shell;
    const rung = lesson.state?.help.rung[this.self ?? ""];
    if (rung === undefined) bands.set("ring", null);
    else if (this.rung !== rung) {
      const action = make("button", "button next", t("help.ready"));
      action.addEventListener("click", () => void command(this.shell, "help.signal", { participant: this.self, word: "ready" }));
      bands.set("ring", { tone: "red", icon: "sound", words: t("help.ring"), action });
      this.screen.sound.ring();
    }
    this.rung = rung;
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
