/**
 * The part `mic` of a lesson's state, folded as the server folds it, and who is heard. Pure.
 *
 * @typedef {object} Mic
 * @property {Record<string, "master" | "room" | "echo">} closed rooms on stage that are not heard → who closed it
 * @property {Record<string, number>} requests rooms that ask to be heard → since when; told to the teacher and the own room
 */
import { without } from "./records.js";

/**
 * @param {Mic} part
 * @param {import("../fold.js").Event} event
 * @returns {Mic}
 */
const answered = (part, { payload: { participant } }) => ({ ...part, requests: without(part.requests, participant) });

/**
 * @param {Mic} part
 * @param {import("../fold.js").Event} event
 * @returns {Mic}
 */
const opened = (part, { payload: { participant } }) => ({
  closed: without(part.closed, participant),
  requests: without(part.requests, participant),
});

/** @returns {Mic} */
const over = () => ({ closed: {}, requests: {} });

/** @type {import("../fold.js").PartFolds<Mic>} */
export const MIC = {
  "mic.requested": (part, { at, payload: { participant } }) => ({ ...part, requests: { ...part.requests, [participant]: at } }),
  "mic.declined": answered,
  "mic.opened": opened,
  "mic.closed": (part, { payload: { participant, by } }) => ({
    closed: { ...part.closed, [participant]: by },
    requests: without(part.requests, participant),
  }),
  "stage.called": opened,
  "stage.released": (part, { payload: { participant } }) => ({ ...part, closed: without(part.closed, participant) }),
  "participant.left": answered,
  "participant.removed": answered,
  "lesson.paused": over,
  "lesson.ended": over,
};

/**
 * Whether a remote classroom's microphone is open: live, on stage, here, and closed by nobody. The server's media plan says the same.
 * @param {Pick<import("../fold.js").LessonState, "lesson" | "stage" | "participants" | "mic">} state
 * @param {string} participant
 * @returns {boolean}
 */
export function isHeard({ lesson, stage, participants, mic }, participant) {
  const onStage = lesson.phase === "live" && Object.values(stage).includes(participant);
  const who = participants[participant];
  return onStage && who !== undefined && who.present !== false && !(participant in mic.closed);
}
