/**
 * What the master needs to know of each room, in one word each. Pure.
 * @typedef {import("./protocol.js").Presence} Presence
 * @typedef {"offline" | "connecting" | "deaf" | "blind" | "weak" | "good"} Health
 */

const NO_MEDIA = new Set(["ended", "archived", "cancelled"]);
const WEAK_LOSS = 0.05;
const WEAK_RTT = 600;

/**
 * @param {Presence | undefined} presence
 * @returns {{hears: boolean, sees: boolean}}
 */
export function receives(presence) {
  const plays = presence?.online ? presence.plays : undefined;
  return { hears: Boolean(plays?.audio), sees: Boolean(plays?.camera || plays?.screen) };
}

/**
 * @param {Presence | undefined} presence
 * @param {import("./fold.js").Phase | null} phase only a live lesson has something to hear and see
 * @returns {Health} the worst thing that is true
 */
export function health(presence, phase) {
  if (!presence?.online) return "offline";
  if (phase && NO_MEDIA.has(phase)) return "good";
  const sending = phase === "live";
  if (presence.media !== "connected") return "connecting";
  const { hears, sees } = receives(presence);
  if (sending && !hears) return "deaf";
  if (sending && !sees) return "blind";
  return presence.loss > WEAK_LOSS || presence.rtt > WEAK_RTT ? "weak" : "good";
}

/**
 * "n of m classrooms hear and see you" (S11).
 * @param {string[]} rooms participant ids
 * @param {Record<string, Presence>} presence
 * @returns {{good: number, all: number, deaf: string[], blind: string[], away: string[]}}
 */
export function delivery(rooms, presence) {
  const judged = rooms.map((id) => ({ id, here: Boolean(presence[id]?.online), ...receives(presence[id]) }));
  return {
    good: judged.filter((r) => r.hears && r.sees).length,
    all: rooms.length,
    deaf: judged.filter((r) => r.here && !r.hears).map((r) => r.id),
    blind: judged.filter((r) => r.hears && !r.sees).map((r) => r.id),
    away: judged.filter((r) => !r.here).map((r) => r.id),
  };
}
