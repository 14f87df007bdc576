/** The master's own half of the console: what the rooms see, the buttons, the bar and the sentence about delivery. */
import { layoutOf } from "../fold/director.js";
import { classrooms } from "../fold.js";
import { delivery } from "../health.js";
import { duration, t, timeOfDay } from "../i18n.js";
import { STAGE } from "../slots.js";
import { confirmButton } from "./confirm.js";
import { byId, plainKey, setChip, setIcon, setText } from "./dom.js";
import { MeterView } from "./meter.js";
import { Picture } from "./picture.js";

const REOPEN_MS = 10 * 60_000;
/** @type {Record<string, import("../whip.js").Source>} */
const KEYS = { m: "mic", c: "camera", s: "screen" };

/**
 * @typedef {object} ConsoleState
 * @property {import("../lesson.js").Lesson} lesson
 * @property {import("../fold.js").Phase | null} phase
 * @property {boolean} mic
 * @property {MediaStreamTrack | null} camera as it is sent
 * @property {MediaStreamTrack | null} screen
 * @property {import("../devices.js").DeviceProblem | null} problem
 * @property {import("../keeper.js").MediaState} sending
 * @property {string} session of the master's watching
 * @typedef {{live: () => void, end: () => void, reopen: () => void, pause: () => void, toggle: (source: import("../whip.js").Source) => void,
 *   devices: () => void}} Actions
 */

export class Console {
  /** @param {Actions} actions */
  constructor(actions) {
    this.camera = new Picture("camera", "teacher");
    this.screen = new Picture("screen", "screen");
    this.stage = STAGE.map(() => new Picture("stage", "room"));
    this.meters = [new MeterView(), new MeterView()];
    /** @type {Map<string, MediaStreamTrack>} */
    this.stageTracks = new Map();
    this.board = byId("board");
    byId("main").append(this.board, this.screen.element, this.camera.element);
    byId("pictures").append(...this.stage.map((p) => p.element));
    byId("mic").insertBefore(this.meters[0].element, byId("mic").querySelector("kbd"));
    byId("check-level").append(this.meters[1].element);
    byId("end").append(confirmButton({ ask: "teach.end", icon: "end", yes: "teach.end_yes", no: "teach.end_no" }, actions.end));
    byId("go").addEventListener("click", actions.live);
    byId("pause").addEventListener("click", actions.pause);
    byId("reopen").addEventListener("click", actions.reopen);
    byId("devices").addEventListener("click", actions.devices);
    for (const source of Object.values(KEYS)) byId(source).addEventListener("click", () => actions.toggle(source));
    document.addEventListener("keydown", (e) => keyed(e, actions));
  }

  /** @param {number} loudness */
  level(loudness) {
    for (const meter of this.meters) meter.set(loudness);
  }

  /** @param {ConsoleState} state */
  update(state) {
    this.#pictures(state);
    this.#stage(state);
    this.#buttons(state);
    sayPhase(state);
    sayPlan(state.lesson);
    sayDelivery(state.lesson);
  }

  /** @param {ConsoleState} state */
  #pictures({ camera, screen, problem, lesson }) {
    this.camera.show(camera);
    this.screen.show(screen);
    const { state } = lesson;
    const layout = state ? layoutOf(state) : "teacher";
    const open = state !== null && state.board.at !== null && state.board.shown;
    // The teacher needs the page to draw on whatever the rooms see, but for a screen that is being shared.
    const board = open && (!screen || layout === "courseware" || layout === "side" || layout === "pip");
    this.board.hidden = !board;
    this.screen.element.hidden = !screen || board;
    this.camera.element.hidden = (Boolean(screen) || board) && !camera;
    this.camera.say(camera ? null : t(problem ? `device.${problem}` : "camera.off"), problem ? "camera-off" : "teacher");
    byId("main").dataset.screen = screen || board ? "1" : "0";
  }

  /** @param {ConsoleState} state */
  #stage({ lesson, session }) {
    const slots = lesson.slots.get(session) ?? {};
    const places = STAGE.filter((n) => {
      const picture = this.stage[n - 1];
      const who = lesson.state?.stage[String(n)];
      picture.element.hidden = !who;
      if (!who) picture.clear();
      else this.#onStage(picture, n, slots[`stage.${n}.video`], lesson.state?.participants[who]?.name ?? "");
      return who;
    });
    byId("pictures").dataset.stage = String(places.length);
  }

  /**
   * @param {Picture} picture
   * @param {number} n
   * @param {import("../protocol.js").SlotShow | undefined} show
   * @param {string} name
   */
  #onStage(picture, n, show, name) {
    const track = this.stageTracks.get(`stage.${n}.video`);
    if (track) picture.show(track);
    picture.label(name);
    picture.element.dataset.air = "1";
    const waits = !picture.painted || show?.why === "empty" || show?.why === "unplayable";
    picture.say(waits ? t(`slot.${show?.why === "unplayable" || show?.why === "empty" ? show.why : "waiting"}`) : null);
  }

  /** @param {ConsoleState} state */
  #buttons({ phase, mic, camera, screen, lesson }) {
    const before = phase === "scheduled" || phase === "open";
    const over = phase === "ended" || phase === "archived" || phase === "cancelled";
    const live = phase === "live" || phase === "break";
    byId("go").hidden = lesson.early || !(before || phase === "break");
    setText(byId("go"), t(phase === "break" ? "teach.resume" : "teach.start"));
    byId("pause").hidden = phase !== "live";
    byId("end").hidden = !live;
    byId("controls").hidden = over;
    byId("over").hidden = !over;
    byId("pictures").hidden = over;
    const endedAt = lesson.state?.lesson.ended_at ?? null;
    byId("reopen").hidden = phase !== "ended" || endedAt === null || lesson.now - endedAt > REOPEN_MS;
    byId("over-words").hidden = byId("reopen").hidden;
    byId("over-record").hidden = !lesson.state?.record.recording;
    switchButton("mic", mic, mic ? "mic" : "mic-off");
    switchButton("camera", camera !== null, camera ? "camera" : "camera-off");
    switchButton("screen", screen !== null, "screen");
    byId("screen").classList.remove("off");
    byId("screen").classList.toggle("on", screen !== null);
  }
}

/**
 * @param {KeyboardEvent} event
 * @param {Actions} actions
 */
function keyed(event, actions) {
  if (!plainKey(event)) return;
  const source = KEYS[event.key.toLowerCase()];
  if (source && !byId("controls").hidden) actions.toggle(source);
}

/**
 * @param {import("../whip.js").Source} source
 * @param {boolean} on
 * @param {string} iconName
 */
function switchButton(source, on, iconName) {
  const element = byId(source);
  element.setAttribute("aria-pressed", String(on));
  element.classList.toggle("off", !on);
  setIcon(element, iconName);
  setText(element.querySelector(".words") ?? element, t(`${source}.${on ? "is_on" : "is_off"}`));
}

/** @param {ConsoleState} state */
function sayPhase({ lesson, phase, sending }) {
  document.body.dataset.phase = phase ?? "";
  const live = phase === "live";
  const [iconName, key, tone] = live && sending !== "connected" ? ["connecting", "phase.going", "amber"] : ["live", `phase.${phase ?? "loading"}`, live ? "red" : ""];
  setChip(byId("phase"), live ? iconName : "room", t(key), tone);
  const since = lesson.state?.lesson.live_at;
  setText(byId("clock"), live && since !== null && since !== undefined ? duration(lesson.now - since) : "");
}

/** @param {import("../lesson.js").Lesson} lesson */
function sayPlan({ plan }) {
  const { starts_at: starts, ends_at: ends, rehearsal } = plan;
  const times = starts !== null && ends !== null ? `${timeOfDay(starts)}–${timeOfDay(ends)}` : "";
  setText(byId("plan"), [times, rehearsal ? t("plan.rehearsal") : ""].filter(Boolean).join(" · "));
}

/** @param {import("../lesson.js").Lesson} lesson */
function sayDelivery(lesson) {
  const rooms = classrooms(lesson.state);
  const { good, all, deaf, blind, away } = delivery(rooms.map((r) => r.id), lesson.presence);
  const live = lesson.phase === "live";
  const here = rooms.filter((r) => lesson.presence[r.id]?.online).length;
  const words = live ? t("delivery.live", { n: good, m: all }) : t("delivery.before", { n: here });
  setText(byId("delivery-words"), all ? words : t("delivery.none"));
  byId("delivery").dataset.state = live && all ? (good === all ? "good" : "amber") : "";
  setIcon(byId("delivery"), live && all && good < all ? "weak" : live && all ? "good" : "room");
  const names = (/** @type {string[]} */ ids) => ids.map((id) => rooms.find((r) => r.id === id)?.name).join(t("list.comma"));
  const troubles = [
    deaf.length ? t("delivery.deaf", { rooms: names(deaf) }) : "",
    blind.length ? t("delivery.blind", { rooms: names(blind) }) : "",
    away.length ? t("delivery.away", { rooms: names(away) }) : "",
  ];
  setText(byId("delivery-trouble"), live ? troubles.filter(Boolean).join(" ") : "");
}
