/** An assistant's console: tell the teacher, the room's seats, the room's questions. Check-in goes on without network (S24). */
import { CheckIn } from "../checkin.js";
import { positionOf } from "../fold.js";
import { explain, t } from "../i18n.js";
import { Outbox } from "../offline/outbox.js";
import { byId, make, setChip, setText } from "../views/dom.js";
import { framed, tellScreen } from "../views/framed.js";
import { HandCount } from "../views/handcount.js";
import { HeldQuestions } from "../views/heldquestions.js";
import { IntercomView } from "../views/intercom.js";
import { Marks } from "../views/marks.js";
import { SeatMap } from "../views/seatmap.js";
import { Tabs } from "../views/tabs.js";
import { bootHere } from "./here.js";
import { command, guard, startShell } from "./shell.js";

const WORDS = /** @type {const} */ (["ready", "deaf", "blind", "fast", "help"]);
/** The lesson takes check-in now: so the outbox tells it. */
const TOLD = new Set(["open", "live", "break", "ended", "archived", "cancelled"]);
const SEND_WITHIN = 20_000;
/** Nobody is known here, who may be again after a login or by the link. */
const LOGGED_OUT = new Set(["link.missing", "login.needed", "login.step"]);
/** Where the browser keeps nothing. */
const NOWHERE = { all: async () => [], put: () => Promise.reject(new Error("no storage")), remove: async () => {} };

const { boot, keeping, offline } = await bootHere();
const shell = await startShell("console", boot, (why) => void dead(why));
const { lesson, socket } = shell;
const participant = boot.you.participant ?? "";
const outbox = new Outbox({
  storage: keeping?.store.marks ?? NOWHERE,
  whose: { holder: boot.holder, lesson: boot.lesson.id, participant },
  draw: () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  open: () => socket.ready && TOLD.has(lesson.phase ?? ""),
  send: ({ id, seat, status, done_at }, settles) => socket.command("checkin.mark", { participant, seat, status, done_at, settles }, SEND_WITHIN, id),
  clock: shell.clock,
});
const checkin = new CheckIn(() => lesson.state?.checkin.rooms[participant] ?? keeping?.kept?.checked ?? {}, outbox);
const marks = new Marks(shell.bands, { outbox, lang: boot.lang, now: () => now(), settle: (seat, status) => void mark(seat, status) });

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
byId("rest-here").addEventListener("click", markRest);
for (const radio of document.querySelectorAll("[name=tap]")) radio.addEventListener("change", update);
socket.on("intercom", (messages) => intercom.hear(messages));
socket.on("welcome", ({ at }) => keeping?.learn(at));
socket.on("state", () => void keep());
lesson.on("change", update);
lesson.on("bye", (code) => void dismissed(code));
outbox.on("change", update);
const fullNames = /** @type {HTMLInputElement} */ (byId("full-names"));
fullNames.checked = keeping?.kept?.full ?? false;
fullNames.addEventListener("change", () => void keep(true));
/** The outbox was told that the lesson hears. */
let told = false;
if (offline) nameThePage();
await outbox.load(now());
guard(lesson, []);
tellScreen();
socket.start();
let reopens = false;
sayReach();
reopens = (!framed && (await keeping?.reopens())) || false; // behind a PIN nothing opens without it
sayReach();

function sayReach() {
  marks.reach(!keeping ? "none" : reopens && keeping.kept ? "ready" : "open");
}

/** ms on the lesson clock, also while nobody can be asked */
function now() {
  return socket.ready || !keeping ? lesson.now : keeping.time.now;
}

/** A page that came without network has only its own words. */
function nameThePage() {
  setText(byId("room-name"), boot.you.name);
  setText(byId("lesson-name"), boot.lesson.name);
  document.title = [boot.lesson.name, document.title.split(" · ").pop()].filter(Boolean).join(" · ");
  /** @type {HTMLAnchorElement} */ (byId("cards")).href = `/cards/${boot.lesson.id}?a=${boot.admission}`;
  tabs.show("seats");
  /** @type {HTMLInputElement} */ (document.querySelector("[name=tap][value=here]")).checked = true;
  update();
}

/** Sent away for good: names leave the device, and what waits is shown as not delivered. @param {string} code */
async function dismissed(code) {
  if (code !== "revoked" && code !== "removed") return;
  await keeping?.wipe(boot.holder);
  await outbox.refuse({ code: `paper.${code}` });
}

/**
 * The way in is shut. Marks that wait for another login go on waiting; else they stand here with the reason, and the page stays.
 * @param {import("../refused.js").Refused} why
 */
async function dead(why) {
  await keeping?.wipe(boot.holder);
  if (LOGGED_OUT.has(why.code) || !outbox.waiting.length) {
    location.reload();
    return;
  }
  socket.stop();
  await outbox.refuse({ code: why.code, params: why.params, message: why.sentences });
  shell.bands.set("bye", { tone: "red", icon: "offline", words: explain(why, boot.lang) });
}

/** @param {boolean} [asked] somebody wants it now */
async function keep(asked = false) {
  if (!keeping || framed) return;
  const kept = await keeping.ask(boot, fullNames.checked, asked);
  if (kept) keeping.note(lesson.state?.checkin.rooms[participant] ?? {});
  fullNames.checked = keeping.kept?.full ?? false;
  sayReach();
  update();
}

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
  if (mode() === "here") {
    await mark(seat, checkin.next(seat));
    return;
  }
  const { state } = lesson;
  if (!state) return;
  if (mode() === "hand") {
    await command(shell, state.hands.raised[participant]?.[seat] ? "hand.cancel" : "hand.raise", { participant, seat });
  } else if (state.seats.taken[participant]?.includes(seat)) {
    await free(seat);
  }
}

/** Everybody of whom nothing was said has come. */
function markRest() {
  const { names = {}, seats = 0 } = keeping?.kept ?? {};
  for (const seat of checkin.rest(lesson.seats || seats, names)) void mark(seat, "here");
}

/** @param {number} seat */
async function free(seat) {
  const body = JSON.stringify({ seat });
  const url = `/seat/${boot.lesson.id}/free?a=${boot.admission}`;
  await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
}

/**
 * @param {number} seat
 * @param {import("../fold/checkin.js").Status} status
 */
function mark(seat, status) {
  const done = outbox.mark(seat, status, now(), socket.ready && checkin.settles(seat));
  checkin.note(seat);
  return done;
}

function update() {
  tell();
  showSeats();
  const { state, phase } = lesson;
  byId("names-choice").hidden = !keeping?.kept || !Object.keys(keeping.kept.names).length;
  fullNames.disabled = !socket.ready;
  if (!state) {
    if (offline) setChip(byId("phase"), "offline", t("offline.phase"), "amber");
    return;
  }
  setChip(byId("phase"), phase === "live" ? "live" : "room", t(`phase.${phase}`), phase === "live" ? "red" : "");
  const onStage = positionOf(state, participant) !== null;
  byId("air").hidden = !onStage;
  const seat = state.hands.called[participant];
  setText(byId("air"), onStage ? (seat ? t("assist.called", { seat }) : t("assist.on_stage")) : "");
  saySignal(state);
  sayCue(state);
  const phones = byId("phones");
  const open = phonesOpen();
  setText(/** @type {Element} */ (phones.querySelector(".words")), t(open ? "seats.close" : "seats.open"));
  questions.update(lesson);
  counts.update(lesson);
}

/** The lesson hears what waits as soon as it can. */
function tell() {
  const open = outbox.options.open();
  if (open && !told) void outbox.flush();
  told = open;
  marks.update(open ? "open" : socket.ready ? "early" : "offline");
}

function showSeats() {
  const { state } = lesson;
  const known = state?.checkin.rooms[participant];
  if (known) keeping?.note(known);
  const { names = {}, seats = 0 } = keeping?.kept ?? {};
  const count = lesson.seats || seats;
  const taken = new Set(state?.seats.taken[participant] ?? []);
  map.update(count, (n) => ({
    hand: Boolean(state?.hands.raised[participant]?.[n]),
    status: checkin.status(n),
    device: taken.has(n),
    name: names[n] ?? "",
    waiting: checkin.waits(n),
    differs: checkin.differs(n),
  }));
  marks.differ(checkin.differences());
  byId("rest-here").hidden = mode() !== "here" || !checkin.rest(count, names).length;
  setText(byId("present"), t("assist.present", { n: checkin.here(count), m: count }));
  setText(byId("tap-words"), t(`assist.tap.${mode()}.words`));
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
