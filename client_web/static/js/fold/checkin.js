/**
 * The part `checkin` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {"here" | "late" | "absent" | "unknown"} Status
 * @typedef {{status: Status, done_at: number}} Mark
 * @typedef {Mark & {other: Mark | null}} CheckedSeat `other`: another device says something else
 * @typedef {object} Checkin
 * @property {Record<string, Record<string, CheckedSeat>>} rooms room → seat; to a room its own, to a student's device its seat
 */

/** @type {import("../fold.js").PartFolds<Checkin>} */
export const CHECKIN = {
  "seat.checked": (part, { payload: { participant, seat, status, done_at, other } }) => ({
    rooms: { ...part.rooms, [participant]: { ...part.rooms[participant], [seat]: { status, done_at, other } } },
  }),
};

/**
 * How many seats of a room have each status.
 * @param {Checkin} checkin
 * @param {string} participant
 * @returns {Record<Status, number>}
 */
export function checkedSeats(checkin, participant) {
  const counts = { here: 0, late: 0, absent: 0, unknown: 0 };
  for (const { status } of Object.values(checkin.rooms[participant] ?? {})) counts[status] += 1;
  return counts;
}
