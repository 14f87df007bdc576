/** An assistant's console: tell the teacher, the room's seats, the room's questions. */
import { positionOf } from "../fold.js";
import { t } from "../i18n.js";
import { byId, make, setChip, setText } from "../views/dom.js";
import { HandCount } from "../views/handcount.js";
import { HeldQuestions } from "../views/heldquestions.js";
import { IntercomView } from "../views/intercom.js";
import { tellScreen } from "../views/framed.js";
import { SeatMap } from "../views/seatmap.js";
import { Tabs } from "../views/tabs.js";
import { command, guard, startShell } from "./shell.js";

const WORDS = /** @type {const} */ (["ready", "deaf", "blind", "fast", "help"]);
/** How a tap goes on from a seat's present state. */
/** @type {Record<string, "here" | "late" | "absent">} */
const NEXT = { unknown: "here", here: "late", late: "absent", absent: "here" };

const shell = await startShell("console");
const { boot, lesson, socket } = shell;
const participant = boot.you.participant ?? "";

const tabs = new Tabs(["class", "seats", "questions"], (name) => name === "class" && intercom.read());
const intercom = new IntercomView(
  {
    list: byId("said"),
    form: /** @type {HTMLFormElement} */ (byId("speak")),
    input: /** @type {HTMLInputElement} */ (byId("speak-text")),
    unread: byId("unread"),
  },
  { self: participant, name: nameOf, say, open: () => tabs.open === "class" },
);
const questions = new HeldQuestions(byId("questions"), byId("held"), (kind, payload) => command(shell, kind, payload));
const counts = new HandCount(byId("counts"), (quiz, numbers) => command(shell, "quiz.count", { quiz, participant, counts: numbers }));
const map = new SeatMap(byId("seats"), (seat) => void tap(seat));
const signals = WORDS.map((word) => {
  const button = make("button", "button", t(`help.${word}`));
  button.type = "button";
  button.addEventListener("click", () => void command(shell, "help.signal", { participant, word }));
  return button;
});
byId("signals").append(...signals);
byId("phones").addEventListener("click", () => void command(shell, phonesOpen() ? "phones.close" : "phones.open", { participant }));
for (const radio of document.querySelectorAll("[name=tap]")) radio.addEventListener("change", update);
socket.on("intercom", (messages) => intercom.hear(messages));
lesson.on("change", update);
guard(lesson, []);
tellScreen();
socket.start();

function mode() {
  return /** @type {HTMLInputElement} */ (document.querySelector("[name=tap]:checked")).value;
}

function phonesOpen() {
  return lesson.state?.seats.open.includes(participant) ?? false;
}

/** @param {string} who */
function nameOf(who) {
  return lesson.state?.participants[who]?.name || (who === "master" ? t("name.master") : "");
}

/** @param {string} text */
async function say(text) {
  try {
    await socket.speak(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {number} seat */
async function tap(seat) {
  const { state } = lesson;
  if (!state) return;
  if (mode() === "hand") {
    await command(shell, state.hands.raised[participant]?.[seat] ? "hand.cancel" : "hand.raise", { participant, seat });
  } else if (mode() === "here") {
    const status = NEXT[statusOf(seat) || "unknown"];
    await command(shell, "checkin.mark", { participant, seat, status, done_at: Math.round(lesson.now), settles: true });
  } else if (state.seats.taken[participant]?.includes(seat)) {
    await free(seat);
  }
}

/** @param {number} seat */
async function free(seat) {
  const body = JSON.stringify({ seat });
  const url = `/seat/${boot.lesson.id}/free?a=${boot.admission}`;
  await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
}

/** @param {number} seat */
function statusOf(seat) {
  return lesson.state?.checkin.rooms[participant]?.[seat]?.status ?? "";
}

function update() {
  const { state, phase } = lesson;
  if (!state) return;
  setChip(byId("phase"), phase === "live" ? "live" : "room", t(`phase.${phase}`), phase === "live" ? "red" : "");
  const onStage = positionOf(state, participant) !== null;
  byId("air").hidden = !onStage;
  const seat = state.hands.called[participant];
  setText(byId("air"), onStage ? (seat ? t("assist.called", { seat }) : t("assist.on_stage")) : "");
  saySignal(state);
  sayCue(state);
  const taken = new Set(state.seats.taken[participant] ?? []);
  map.update(lesson.seats, (n) => ({ hand: Boolean(state.hands.raised[participant]?.[n]), status: /** @type {any} */ (statusOf(n)), device: taken.has(n) }));
  const here = Object.values(state.checkin.rooms[participant] ?? {}).filter((one) => one.status === "here" || one.status === "late").length;
  setText(byId("present"), t("assist.present", { n: here, m: lesson.seats }));
  setText(byId("tap-words"), t(`assist.tap.${mode()}.words`));
  const phones = byId("phones");
  const open = phonesOpen();
  setText(/** @type {Element} */ (phones.querySelector(".words")), t(open ? "seats.close" : "seats.open"));
  questions.update(lesson);
  counts.update(lesson);
}

/** @param {import("../fold.js").LessonState} state */
function saySignal(state) {
  const signal = state.help.signals[participant];
  signals.forEach((button, n) => button.setAttribute("aria-pressed", String(signal?.word === WORDS[n])));
  const rung = participant in state.help.rung;
  const words = rung ? t("help.rung") : !signal ? "" : t(signal.acknowledged === null ? "help.sent" : "help.seen");
  setText(byId("signal-words"), words);
}

/** What is going on now, for whoever stands at the back of the room. @param {import("../fold.js").LessonState} state */
function sayCue(state) {
  const open = state.quiz.open;
  const cue = byId("cue");
  cue.hidden = !open;
  setText(cue, open ? t("assist.cue.quiz") : "");
}
