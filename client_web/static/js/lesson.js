/** What one page knows of the lesson now: the socket's messages folded into one object. No DOM. */
import { Emitter } from "./emitter.js";
import { fold } from "./fold.js";

/** The waiting room opens this long before the start (S8). */
export const OPENS_MS = 10 * 60_000;

/**
 * @typedef {import("./protocol.js").Messages} Messages
 * @typedef {import("./fold.js").LessonState} LessonState
 * @extends {Emitter<{change: null, lost: string, bye: string, reload: null}>}
 */
export class Lesson extends Emitter {
  /** @param {import("./protocol.js").LiveSocket} socket */
  constructor(socket) {
    super();
    this.socket = socket;
    /** @type {LessonState | null} */
    this.state = null;
    /** @type {import("./protocol.js").Plan} */
    this.plan = { starts_at: null, ends_at: null, rehearsal: false };
    /** @type {Record<string, import("./protocol.js").Presence>} */
    this.presence = {};
    /** @type {Map<string, Record<string, import("./protocol.js").SlotShow>>} */
    this.slots = new Map();
    /** @type {import("./protocol.js").LinkState} */
    this.link = "connecting";
    /** @type {string | null} */
    this.bye = null;
    this.outdated = false;
    /** Why what is recorded now is lost: told to the master. @type {Messages["recording"]} */
    this.failing = "";
    this.offset = 0;
    /** Seats of the own room. */
    this.seats = 0;
    this.#listen();
  }

  get phase() {
    return this.state?.lesson.phase ?? null;
  }

  /** Milliseconds on the lesson clock, as far as this page knows. */
  get now() {
    return this.socket.options.clock.now() + this.offset;
  }

  /** The timetable wants it later: the waiting room is not open yet (S8). */
  get early() {
    const { starts_at: starts } = this.plan;
    return this.phase === "scheduled" && starts !== null && this.now < starts - OPENS_MS;
  }

  #listen() {
    const { socket } = this;
    socket.on("link", ({ state }) => this.#set(() => (this.link = state)));
    socket.on("welcome", ({ at, seats }) => {
      this.offset = at - socket.options.clock.now();
      this.seats = seats;
      this.failing = ""; // the server tells a new socket if it is not so
    });
    socket.on("recording", (failing) => this.#set(() => (this.failing = failing)));
    socket.on("state", ({ state }) => this.#set(() => (this.state = state)));
    socket.on("event", (event) => this.#set(() => (this.state = this.state && fold(this.state, event))));
    socket.on("plan", (plan) => this.#set(() => (this.plan = plan)));
    socket.on("presence", (presence) => this.#set(() => (this.presence = presence)));
    socket.on("slots", ({ session, slots }) => this.#set(() => this.slots.set(session, slots)));
    socket.on("lost", (session) => this.emit("lost", session));
    socket.on("outdated", () => this.#set(() => (this.outdated = true)));
    socket.on("bye", (code) => {
      // After `slow` the socket comes back, and the page goes on as before.
      if (code !== "slow") this.bye = code;
      this.emit("bye", code);
    });
  }

  /** @param {() => void} update */
  #set(update) {
    update();
    this.emit("change", null);
    // An old page must not meet a newer server for long, nor blink while children watch (S19).
    if (this.outdated && this.state && this.phase !== "live") this.emit("reload", null);
  }
}
