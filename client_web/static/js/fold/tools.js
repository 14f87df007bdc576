/**
 * The part `tools` of a lesson's state, folded as the server folds it. Pure. Plain viewers have the timer only.
 *
 * @typedef {{timer: string, seconds: number, ends_at: number, label: string | null, rang: boolean}} Timer
 * @typedef {{rooms: Record<string, number>, seats: Record<string, Record<string, number>>, groups: Record<string, number>}} Stars
 *   a room's stars are its own and its seats'; a group's are in no room's
 * @typedef {object} Tools
 * @property {Timer | null} timer
 * @property {{participant: string, seat: number, at: number} | null} pick on whom the lot fell last
 * @property {Stars} stars
 * @property {Record<string, {name: string | null, members: [string, number][]}>} groups room and seat; seat 0: the whole room
 */

/**
 * @param {Record<string, number>} counts
 * @param {string | number} key
 * @returns {Record<string, number>}
 */
const more = (counts, key) => ({ ...counts, [key]: (counts[key] ?? 0) + 1 });

/**
 * @param {Tools} part
 * @param {import("../fold.js").Event} event
 * @returns {Tools}
 */
function praised(part, { payload: { participant, seat, group } }) {
  const { rooms, seats, groups } = part.stars;
  if (group) return { ...part, stars: { ...part.stars, groups: more(groups, group) } };
  const ofSeat = seat ? { ...seats, [participant]: more(seats[participant] ?? {}, seat) } : seats;
  return { ...part, stars: { groups, rooms: more(rooms, participant), seats: ofSeat } };
}

/**
 * @param {Tools} part
 * @param {import("../fold.js").Event} event
 * @returns {Tools}
 */
function grouped(part, { payload }) {
  /** @type {Tools["groups"]} */
  const groups = {};
  for (const { id, name, members } of payload.groups) groups[id] = { name, members };
  const kept = Object.fromEntries(Object.entries(part.stars.groups).filter(([id]) => id in groups));
  return { ...part, groups, stars: { ...part.stars, groups: kept } };
}

/**
 * @param {Tools} part
 * @returns {Tools}
 */
const stopped = (part) => ({ ...part, timer: null });

/**
 * @param {Tools} part
 * @param {string} timer
 * @returns {Tools}
 */
const rang = (part, timer) => (part.timer?.timer === timer && part.timer ? { ...part, timer: { ...part.timer, rang: true } } : part);

/** @type {import("../fold.js").PartFolds<Tools>} */
export const TOOLS = {
  "pick.drawn": (part, { at, payload: { participant, seat } }) => ({ ...part, pick: { participant, seat, at } }),
  "praise.given": praised,
  "timer.started": (part, { payload }) => ({ ...part, timer: { ...payload, rang: false } }),
  "timer.stopped": stopped,
  "timer.rang": (part, { payload: { timer } }) => rang(part, timer),
  "groups.set": grouped,
  "lesson.ended": stopped,
  "lesson.cancelled": stopped,
};
