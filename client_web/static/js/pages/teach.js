/** Master console: the check, one button, and then the lesson. */
import { Capture } from "../capture.js";
import { every } from "../clock.js";
import { openScreen } from "../devices.js";
import { classrooms } from "../fold.js";
import { t } from "../i18n.js";
import { LevelMeter, loudness, SentLevel, SilenceWatch } from "../level.js";
import { masterSlots, wallSize } from "../slots.js";
import { Sound } from "../sound.js";
import { byId, make, plainKey } from "../views/dom.js";
import { Check } from "../views/check.js";
import { Knocks } from "../views/knocks.js";
import { Console } from "../views/console.js";
import { HeldQuestions } from "../views/heldquestions.js";
import { HandsView } from "../views/hands.js";
import { BoardTools } from "../board/tools.js";
import { BoardView } from "../board/view.js";
import { LayoutChoice } from "../views/layoutchoice.js";
import { QuizPanel } from "../views/quizpanel.js";
import { RecControl } from "../views/rec.js";
import { Shelf } from "../views/shelf.js";
import { Tabs } from "../views/tabs.js";
import { ToolsPanel } from "../views/toolspanel.js";
import { TeacherIntercom } from "../views/teacherintercom.js";
import { Wall } from "../views/wall.js";
import { wallPages } from "../views/wallpages.js";
import { Watcher } from "../whep.js";
import { Publisher } from "../whip.js";
import { command, guard, startShell } from "./shell.js";

/** @type {Record<string, string>} key → tab of the right column */
const TAB_KEYS = { h: "hands", k: "shelf", q: "quiz", t: "tools", i: "talk" };
const JOINABLE = new Set(["scheduled", "open", "live", "break"]);

class TeachPage {
  /** @param {import("./shell.js").Shell} shell */
  constructor(shell) {
    const { boot, clock } = shell;
    this.shell = shell;
    this.capture = new Capture();
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    this.opening = false;
    this.level = new LevelMeter();
    this.sent = new SentLevel();
    this.silence = new SilenceWatch(clock.now());
    this.sound = new Sound((allowed) => this.askSound(allowed));
    const onchange = () => this.update();
    this.publisher = new Publisher({ boot, clock, sources: ["mic", "camera", "screen"], layers: false, onchange });
    /** @type {import("../views/tile.js").TileActions} */
    const actions = {
      call: (who, onStage) => this.call(who, onStage),
      acknowledge: (who) => void command(shell, "help.acknowledge", { participant: who }),
      ring: (who) => void command(shell, "help.ring", { participant: who }),
      mic: (who, open) => void command(shell, open ? "mic.grant" : "mic.mute", { participant: who }),
    };
    this.wall = new Wall(byId("tiles"), byId("no-rooms"), actions, wallPages(shell, onchange));
    const ontrack = (/** @type {string} */ slot, /** @type {MediaStreamTrack} */ track) => this.received(slot, track);
    this.watcher = new Watcher({ boot, clock, slots: masterSlots(9), ontrack, onchange });
    this.check = new Check(this.capture);
    this.knocks = new Knocks(byId("knocks"), boot);
    this.hands = new HandsView(
      {
        list: byId("hands-list"),
        mode: /** @type {HTMLSelectElement} */ (byId("hands-mode")),
        clear: byId("hands-clear"),
        count: byId("hands-count"),
      },
      {
        call: (participant, seat) => void command(shell, "hand.call", { participant, seat }),
        order: (mode) => void command(shell, "hand.mode", { mode }),
        clear: () => void command(shell, "hand.clear", {}),
      },
    );
    const run = (/** @type {string} */ kind, /** @type {object} */ payload) => command(shell, kind, payload);
    this.board = new BoardView(byId("board"), {
      boot,
      lesson: shell.lesson,
      canDraw: () => true,
      send: {
        command: (kind, payload) => shell.socket.command(kind, payload),
        signal: (kind, payload) => shell.socket.signal(kind, payload),
      },
    });
    this.boardTools = new BoardTools(byId("board-tools"), this.board, true);
    this.shelf = new Shelf(byId("panel-shelf"), shell, run);
    this.layout = new LayoutChoice(/** @type {HTMLSelectElement} */ (byId("layout")), run);
    this.rec = new RecControl(shell.bands, run);
    this.quiz = new QuizPanel(byId("panel-quiz"), byId("quiz-open"), run);
    this.tools = new ToolsPanel(byId("panel-tools"), byId("timer-left"), run, (participant, seat) => void run("hand.call", { participant, seat }));
    this.questions = new HeldQuestions(byId("questions"), byId("questions-count"), run, "master");
    this.intercom = new TeacherIntercom(shell, () => this.tabs.open === "talk");
    this.tabs = new Tabs(Object.values(TAB_KEYS), (name) => this.opened(name));
    this.console = new Console({
      live: () => void this.goLive(),
      end: () => void command(shell, "lesson.end", {}),
      reopen: () => void command(shell, "lesson.reopen", {}),
      pause: () => void command(shell, "lesson.pause", {}),
      toggle: (source) => this.toggle(source),
      devices: () => this.check.toggle(),
    });
    guard(shell.lesson, [this.publisher.keeper, this.watcher.keeper]);
  }

  start() {
    const { clock, lesson, socket } = this.shell;
    lesson.on("change", () => this.update());
    this.capture.on("change", () => this.devices());
    for (const touch of ["click", "keydown"]) {
      document.addEventListener(touch, () => {
        this.level.wake();
        this.sound.unlock();
      });
    }
    document.addEventListener("keydown", (event) => this.tabKey(event));
    every(clock, 100, () => this.console.level(loudness(this.level.read() ?? 0)));
    every(clock, 1_000, () => void this.listen());
    every(clock, 1_000, () => this.update());
    every(clock, 4_000, () => void this.knocks.look(JOINABLE.has(lesson.phase ?? "")));
    socket.start();
    // Chromium lets a page sound that captures: try again once the devices are open.
    void this.capture.open().then(() => this.sound.unlock());
    this.capture.watch();
  }

  /** @param {string} name a tab of the right column */
  opened(name) {
    if (name === "talk") this.intercom.read();
    if (name === "quiz") this.quiz.focus();
  }

  /** @param {KeyboardEvent} event */
  tabKey(event) {
    const name = TAB_KEYS[event.key.toLowerCase()];
    if (!name || !plainKey(event)) return;
    event.preventDefault();
    this.tabs.show(name);
  }

  devices() {
    this.level.attach(this.capture.mic);
    void this.publisher.set("mic", this.capture.mic);
    void this.publisher.set("camera", this.sentCamera());
    void this.check.list();
    this.update();
  }

  /** A camera switched off is taken away, so that rooms see words and not a black picture. */
  sentCamera() {
    return this.capture.live("camera") ? this.capture.camera : null;
  }

  update() {
    const { lesson } = this.shell;
    const state = this.model();
    this.console.update(state);
    this.check.update(state.phase);
    this.wall.update(lesson, this.watcher.keeper.session);
    this.hands.update(lesson);
    this.shelf.update(lesson);
    this.layout.update(lesson);
    this.rec.update(lesson);
    this.quiz.update(lesson);
    this.tools.update(lesson);
    this.questions.update(lesson);
    this.intercom.update(lesson);
    if (lesson.phase && !lesson.bye) this.follow(lesson.phase);
    this.sayPublish();
  }

  /** @returns {import("../views/console.js").ConsoleState} */
  model() {
    const { lesson } = this.shell;
    const { capture, publisher, screen, watcher } = this;
    return {
      lesson,
      phase: lesson.phase,
      mic: capture.live("mic"),
      camera: this.sentCamera(),
      screen,
      problem: capture.problem,
      sending: publisher.keeper.state,
      session: watcher.keeper.session,
    };
  }

  /** @param {import("../fold.js").Phase} phase */
  follow(phase) {
    const { publisher, watcher, shell } = this;
    if (phase === "scheduled" && !this.opening && !shell.lesson.early) {
      this.opening = true;
      void command(shell, "lesson.open", {});
    }
    if (!JOINABLE.has(phase)) watcher.keeper.stop();
    else if (watcher.keeper.state === "idle") watcher.keeper.start();
    watcher.relayout(masterSlots(wallSize(classrooms(shell.lesson.state).length)));
    // Already in the waiting room: the server forwards nothing before class, and going live has nothing left to set up.
    const something = this.capture.mic ?? this.capture.camera ?? this.screen;
    if (!JOINABLE.has(phase)) publisher.keeper.stop();
    else if (something && publisher.keeper.state === "idle") publisher.keeper.start();
    if (phase === "ended") this.dropScreen();
  }

  async goLive() {
    this.silence = new SilenceWatch(this.shell.clock.now());
    await command(this.shell, "lesson.live", {});
  }

  /**
   * @param {string} participant
   * @param {boolean} onStage
   */
  call(participant, onStage) {
    void command(this.shell, onStage ? "stage.release" : "stage.call", { participant });
  }

  /**
   * @param {string} slot
   * @param {MediaStreamTrack} track
   */
  received(slot, track) {
    if (track.kind === "audio") this.sound.play(slot, track);
    else if (slot.startsWith("wall.")) this.wall.tracks.set(slot, track);
    else this.console.stageTracks.set(slot, track);
    this.update();
  }

  /** @param {import("../whip.js").Source} source */
  toggle(source) {
    if (source === "screen") {
      void this.toggleScreen();
      return;
    }
    this.capture.enable(source, !this.capture.switched[source]);
    void this.capture.open();
    this.devices();
  }

  async toggleScreen() {
    if (this.screen) {
      this.dropScreen();
      return;
    }
    const track = await openScreen();
    if (!track) return;
    track.addEventListener("ended", () => this.dropScreen());
    this.screen = track;
    await this.publisher.set("screen", track);
    this.update();
  }

  dropScreen() {
    if (!this.screen) return;
    this.screen.stop();
    this.screen = null;
    void this.publisher.set("screen", null);
    this.update();
  }

  async listen() {
    const { bands, clock, lesson, socket } = this.shell;
    const peak = (await this.sent.read(this.publisher.senders.get("mic"))) ?? this.level.read();
    const watched = lesson.phase === "live" && this.capture.switched.mic;
    const amplitude = this.capture.mic ? peak : 0;
    const silent = this.silence.update(watched ? amplitude : null, clock.now());
    socket.signal("mic", { level: loudness(peak ?? 0), silent: silent || !this.capture.switched.mic });
    bands.set("silent", silent ? { tone: "red", icon: "mic-off", words: t("mic.silent") } : null);
  }

  /** @param {boolean} allowed */
  askSound(allowed) {
    const action = make("button", "button next", t("sound.on"));
    this.shell.bands.set("sound", allowed ? null : { tone: "amber", icon: "sound-off", words: t("sound.held"), action });
  }

  sayPublish() {
    const { state, error } = this.publisher.keeper;
    const { bands } = this.shell;
    bands.set("sending", state === "recovering" ? { tone: "amber", icon: "connecting", words: t("publish.recovering") } : null);
    if (state !== "refused" || !error) {
      bands.set("publish", null);
      return;
    }
    const action = make("button", "button", t("place.take"));
    action.addEventListener("click", () => this.publisher.takeOver());
    const words = t(`error.${error.code}`);
    bands.set("publish", { tone: "red", icon: "weak", words, action: error.code === "place.taken" ? action : undefined });
  }
}

const page = new TeachPage(await startShell("screen"));
page.start();
