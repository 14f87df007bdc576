/** A pupil's phone: raise a hand, answer, ask. */
import { queue } from "../fold/hands.js";
import { positionOf } from "../fold.js";
import { t } from "../i18n.js";
import { byId, setText } from "../views/dom.js";
import { SeatCard } from "../views/seatcard.js";
import { SeatQuestions } from "../views/seatquestions.js";
import { command, guard, startShell } from "./shell.js";

const IN_CLASS = new Set(["open", "live", "break"]);

const shell = await startShell("seat");
const { boot, lesson, socket } = shell;
const seat = boot.you.seat;
const participant = boot.you.participant ?? "";
const hand = /** @type {HTMLButtonElement} */ (byId("hand"));
const card = new SeatCard(byId("card"), { participant, seat, answer: (kind, payload) => command(shell, kind, payload) });
const questions = new SeatQuestions(byId("asked"), byId("ask-form"), { participant, seat, ask: (text) => ask(text) });

const raised = () => Boolean(lesson.state?.hands.raised[participant]?.[seat]);

hand.addEventListener("click", () => void command(shell, raised() ? "hand.cancel" : "hand.raise", { participant, seat }));
byId("leave").addEventListener("click", () => void leave());
lesson.on("change", update);
guard(lesson, []);
socket.start();

function update() {
  const { state, phase } = lesson;
  if (!state) return;
  const place = queue(state).findIndex((one) => one.participant === participant && one.seat === seat) + 1;
  const called = state.hands.called[participant] === seat && positionOf(state, participant) !== null;
  const up = raised();
  document.body.dataset.called = called ? "1" : "0";
  hand.disabled = !IN_CLASS.has(phase ?? "");
  hand.setAttribute("aria-pressed", String(up));
  setText(/** @type {Element} */ (hand.querySelector(".words")), t(up ? "seat.lower" : "seat.raise"));
  setText(byId("place"), called ? t("seat.called") : place ? t("seat.place", { n: place }) : IN_CLASS.has(phase ?? "") ? "" : t(`phase.${phase}`));
  byId("raise").hidden = card.update(lesson);
  questions.update(lesson);
}

/** @param {string} text */
function ask(text) {
  return command(shell, "question.ask", { participant, seat, text });
}

async function leave() {
  await fetch(`/seat/${boot.lesson.id}/free?a=${boot.admission}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ seat }),
  }).catch(() => null);
}
