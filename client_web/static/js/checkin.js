/** Check-in of the own room as one page shows it: what the lesson knows, what this device kept, and the marks that still wait. No DOM. */

/** How a tap goes on from a seat's present state. */
/** @type {Record<string, "here" | "late" | "absent">} */
const NEXT = { unknown: "here", here: "late", late: "absent", absent: "here" };

/**
 * @typedef {import("./fold/checkin.js").Status} Status
 * @typedef {import("./fold/checkin.js").CheckedSeat} CheckedSeat
 * @typedef {{seat: number, ours: import("./fold/checkin.js").Mark, other: import("./fold/checkin.js").Mark}} Difference
 */

export class CheckIn {
  /**
   * @param {() => Record<string, CheckedSeat>} known the room's seats as far as the page knows
   * @param {Pick<import("./offline/outbox.js").Outbox, "pending">} outbox
   */
  constructor(known, outbox) {
    this.known = known;
    this.outbox = outbox;
    /** @type {Set<string>} `SEAT@DONE_AT` of each mark of this page; the lesson tells them back one by one, behind quick fingers */
    this.own = new Set();
  }

  /** This page has just marked a seat. @param {number} seat */
  note(seat) {
    this.own.add(`${seat}@${this.outbox.pending(seat)?.done_at}`);
  }

  /**
   * A mark made now overrules what another device said, and whoever makes it has seen that. A first mark, or one upon the own, settles
   * nothing: a device without network may have said something else before. @param {number} seat
   */
  settles(seat) {
    const known = this.known()[seat];
    return Boolean(known) && (known.other !== null || !this.own.has(`${seat}@${known.done_at}`));
  }

  /** @param {number} seat @returns {Status | ""} */
  status(seat) {
    return this.outbox.pending(seat)?.status ?? this.known()[seat]?.status ?? "";
  }

  /** What the next tap makes of it. @param {number} seat */
  next(seat) {
    return NEXT[this.status(seat) || "unknown"];
  }

  /** @param {number} seat */
  waits(seat) {
    return this.outbox.pending(seat) !== null;
  }

  /** @param {number} seat */
  differs(seat) {
    return !this.waits(seat) && Boolean(this.known()[seat]?.other);
  }

  /** @param {number} seats */
  here(seats) {
    return Array.from({ length: seats }, (_, n) => this.status(n + 1)).filter((one) => one === "here" || one === "late").length;
  }

  /**
   * Seats of which nobody has said anything; where it is known who sits where, only theirs.
   * @param {number} seats
   * @param {Record<string, string>} names seat → pupil
   */
  rest(seats, names) {
    const known = Object.keys(names).length > 0;
    const all = Array.from({ length: seats }, (_, n) => n + 1);
    return all.filter((seat) => ["", "unknown"].includes(this.status(seat)) && (!known || seat in names));
  }

  /** Seats of which two devices say different things, and nobody has settled it. @returns {Difference[]} */
  differences() {
    const found = [];
    for (const [seat, { other, ...ours }] of Object.entries(this.known())) {
      if (other && !this.waits(Number(seat))) found.push({ seat: Number(seat), ours, other });
    }
    return found;
  }
}
