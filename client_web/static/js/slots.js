/** Names of slots and sources (M30, M31). Pure. */

export const STAGE = [1, 2, 3, 4];
const PROGRAM = ["program.audio", "program.camera", "program.screen"];
const STAGES = STAGE.flatMap((n) => [`stage.${n}.audio`, `stage.${n}.video`]);

/** What a classroom and a viewer watch. */
export const programSlots = () => [...PROGRAM, ...STAGES];

/** Classrooms that a wall shows at a time. */
export const WALL_MOST = 25;

/**
 * Wall sizes step, so that a room more or less does not make a new session.
 * @param {number} rooms
 * @returns {9 | 16 | 25}
 */
export function wallSize(rooms) {
  if (rooms <= 9) return 9;
  return rooms <= 16 ? 16 : WALL_MOST;
}

/** @param {number} size */
export const wallSlots = (size) => Array.from({ length: size }, (_, i) => `wall.${i + 1}.video`);

/**
 * What the master watches: who is on stage, and the wall.
 * @param {number} size
 */
export const masterSlots = (size) => [...STAGES, ...wallSlots(size)];

/**
 * @param {string} slot
 * @returns {"audio" | "video"}
 */
export const kindOf = (slot) => (slot.endsWith(".audio") ? "audio" : "video");

/**
 * Address of a WHIP or WHEP endpoint.
 * @param {string} path
 * @param {Record<string, string | undefined>} query
 * @param {string} origin
 */
export function endpoint(path, query, origin) {
  const url = new URL(path, origin);
  for (const [key, value] of Object.entries(query)) if (value) url.searchParams.set(key, value);
  // Commas read better than %2C in logs, and are legal in a query (RFC 3986 3.4).
  return url.href.replace(/%2C/g, ",");
}
