/**
 * The part `seats` of a lesson's state, folded as the server folds it. Pure.
 *
 * @typedef {{open: string[], taken: Record<string, number[]>}} Seats rooms that let devices in; room → seats that have one
 */

/**
 * @param {Seats} part
 * @param {string} room
 * @param {number[]} seats
 * @returns {Seats}
 */
const seated = (part, room, seats) => {
  const { [room]: _, ...others } = part.taken;
  return { ...part, taken: seats.length ? { ...others, [room]: [...seats].sort((a, b) => a - b) } : others };
};

/** @type {import("../fold.js").PartFolds<Seats>} */
export const SEATS = {
  "phones.opened": (part, { payload: { participant } }) => ({ ...part, open: [...part.open, participant].sort() }),
  "phones.closed": (part, { payload: { participant } }) => ({ ...part, open: part.open.filter((room) => room !== participant) }),
  "seat.taken": (part, { payload: { participant, seat } }) => seated(part, participant, [...(part.taken[participant] ?? []), seat]),
  "seat.freed": (part, { payload: { participant, seat } }) =>
    seated(part, participant, (part.taken[participant] ?? []).filter((n) => n !== seat)),
  "participant.removed": (part, { payload: { participant } }) => ({
    ...seated(part, participant, []),
    open: part.open.filter((room) => room !== participant),
  }),
};
