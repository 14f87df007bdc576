/**
 * The lesson's state and how an event changes it: the same fold as the server's, for what this page may see (S19). Pure.
 * The parts of the back-channel fold themselves, each in its module under `fold/`.
 *
 * @typedef {"scheduled" | "open" | "live" | "break" | "ended" | "archived" | "cancelled"} Phase
 * @typedef {{name: string, role: string, present?: boolean}} Participant `present` is told to rooms, not to plain viewers
 * @typedef {object} LessonState
 * @property {{id: string, name: string, phase: Phase, live_at: number | null, ended_at: number | null}} lesson
 * @property {Record<string, string>} stage position "1" … "4" → participant
 * @property {Record<string, Participant>} participants
 * @property {import("./fold/hands.js").Hands} hands
 * @property {import("./fold/mic.js").Mic} mic
 * @property {import("./fold/help.js").Help} help
 * @property {import("./fold/checkin.js").Checkin} checkin
 * @property {import("./fold/quiz.js").Quiz} quiz
 * @property {import("./fold/seats.js").Seats} seats
 * @property {import("./fold/talk.js").Talk} talk
 * @property {import("./fold/tools.js").Tools} tools
 * @property {import("./fold/board.js").Board} board
 * @property {import("./fold/director.js").Director} director
 * @property {import("./fold/record.js").Recording} record
 *
 * @typedef {{kind: string, at: number, payload: any}} Event
 */

/**
 * @template T
 * @typedef {Record<string, (part: T, event: Event, state: LessonState) => T>} PartFolds event kind → the part after it
 */
import { BOARD } from "./fold/board.js";
import { CHECKIN } from "./fold/checkin.js";
import { DIRECTOR } from "./fold/director.js";
import { HANDS } from "./fold/hands.js";
import { HELP } from "./fold/help.js";
import { MIC } from "./fold/mic.js";
import { QUIZ } from "./fold/quiz.js";
import { RECORD } from "./fold/record.js";
import { SEATS } from "./fold/seats.js";
import { TALK } from "./fold/talk.js";
import { TOOLS } from "./fold/tools.js";

/** @type {Record<string, PartFolds<any>>} */
const PARTS = {
  ...{ hands: HANDS, mic: MIC, help: HELP, checkin: CHECKIN, quiz: QUIZ, seats: SEATS, talk: TALK, tools: TOOLS, board: BOARD },
  ...{ director: DIRECTOR, record: RECORD },
};

/**
 * @param {LessonState} state
 * @param {Partial<LessonState["lesson"]>} change
 * @returns {LessonState}
 */
const lesson = (state, change) => ({ ...state, lesson: { ...state.lesson, ...change } });

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {(key: string, value: T) => boolean} keep
 * @returns {Record<string, T>}
 */
const filter = (record, keep) => Object.fromEntries(Object.entries(record).filter(([k, v]) => keep(k, v)));

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {(key: string, value: T) => T} change
 * @returns {Record<string, T>}
 */
const map = (record, change) => Object.fromEntries(Object.entries(record).map(([k, v]) => [k, change(k, v)]));

/** @type {Record<string, (state: LessonState, event: {at: number, payload: any}) => LessonState>} */
const KINDS = {
  "lesson.opened": (s) => lesson(s, { phase: "open" }),
  "lesson.live": (s, { at }) => lesson(s, { phase: "live", live_at: s.lesson.live_at ?? at }),
  "lesson.ended": (s, { at }) => lesson(s, { phase: "ended", ended_at: at }),
  "lesson.reopened": (s) => lesson(s, { phase: s.lesson.live_at === null ? "open" : "live", ended_at: null }),
  "lesson.paused": (s) => lesson(s, { phase: "break" }),
  "lesson.cancelled": (s) => lesson(s, { phase: "cancelled" }),
  "lesson.archived": (s) => lesson(s, { phase: "archived" }),
  "participant.joined": (s, { payload: { participant, name, role } }) => ({
    ...s,
    participants: { ...s.participants, [participant]: { name, role, present: true } },
  }),
  // A room that left keeps its place in the lesson, and on stage until the server releases it (S12); presence says it is away.
  "participant.left": (s, { payload }) => ({
    ...s,
    participants: map(s.participants, (id, p) => (id === payload.participant ? { ...p, present: false } : p)),
  }),
  "participant.removed": (s, { payload }) => ({ ...s, participants: filter(s.participants, (p) => p !== payload.participant) }),
  "stage.called": (s, { payload: { participant, position, name } }) => ({
    ...s,
    stage: { ...s.stage, [String(position)]: participant },
    // A plain viewer knows of the roster only who is on stage.
    participants: { [participant]: { name, role: "classroom" }, ...s.participants },
  }),
  "stage.released": (s, { payload: { participant, position } }) => ({
    ...s,
    stage: filter(s.stage, (n) => n !== String(position)),
    participants: filter(s.participants, (id, p) => id !== participant || p.present !== undefined),
  }),
  "stage.swapped": (s, { payload: { a, b } }) => ({
    ...s,
    stage: Object.fromEntries(Object.entries(s.stage).map(([n, p]) => [n === String(a) ? String(b) : n === String(b) ? String(a) : n, p])),
  }),
};

/**
 * An unknown kind changes nothing: an older page may meet a newer server.
 * @param {LessonState} state
 * @param {{kind: string, at: number, payload: any}} event
 * @returns {LessonState}
 */
export function fold(state, event) {
  let next = KINDS[event.kind]?.(state, event) ?? state;
  for (const [name, kinds] of Object.entries(PARTS)) {
    const change = kinds[event.kind];
    if (change) next = { ...next, [name]: change(/** @type {any} */ (state)[name], event, state) };
  }
  return next;
}

/**
 * @param {LessonState | null} state
 * @param {string | null} participant
 * @returns {number | null} stage position
 */
export function positionOf(state, participant) {
  const found = Object.entries(state?.stage ?? {}).find(([, p]) => p === participant);
  return found && participant ? Number(found[0]) : null;
}

/**
 * Remote classrooms in the order they are shown: by name, numerals as numbers.
 * @param {LessonState | null} state
 * @returns {{id: string, name: string}[]}
 */
export function classrooms(state) {
  return Object.entries(state?.participants ?? {})
    .filter(([, p]) => p.role === "classroom")
    .map(([id, p]) => ({ id, name: p.name }))
    .sort((a, b) => a.name.localeCompare(b.name, "zh", { numeric: true }) || (a.id < b.id ? -1 : 1));
}
