/**
 * Tells a source that was switched off from a teacher who lost the link. A slot that waits while another of its group
 * (`program`, `stage.N`: one publisher each) plays was switched off, and its last picture goes after 2 s; when all wait, the last pictures stay. Pure.
 */
const OFF_AFTER = 2_000;

/**
 * @typedef {Record<string, import("./protocol.js").SlotShow>} Slots
 */

/** @param {string} slot */
const group = (slot) => slot.slice(0, slot.lastIndexOf("."));

export class Stall {
  constructor() {
    /** @type {Map<string, number>} slot → since when it alone waits, ms */
    this.since = new Map();
  }

  /**
   * @param {Slots} slots
   * @param {number} now ms
   * @returns {Slots} the same, with switched-off slots as `empty`
   */
  settle(slots, now) {
    const alive = new Set(Object.keys(slots).filter((slot) => slots[slot].why === "playing").map(group));
    const entries = Object.entries(slots).map(([slot, show]) => {
      const alone = show.why === "waiting" && alive.has(group(slot));
      if (!alone) this.since.delete(slot);
      else if (!this.since.has(slot)) this.since.set(slot, now);
      const off = alone && now - (this.since.get(slot) ?? now) >= OFF_AFTER;
      return [slot, off ? { ...show, why: "empty" } : show];
    });
    return Object.fromEntries(entries);
  }
}
