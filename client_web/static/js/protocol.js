/**
 * The socket client of docs/protocol.md, version 2. No DOM: the page hands in how to open a socket and what time it is.
 *
 * It says hello, resumes after the last seen `seq`, notices loss by `prev`, answers commands with promises, and comes
 * back by itself until the server says `bye` for good.
 */
import { backoff, every } from "./clock.js";
import { Emitter } from "./emitter.js";
import { Refused } from "./refused.js";

export const PROTOCOL = 2;
const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;
const OPEN_WITHIN = 8_000;
/** So long a command waits for its answer, ms (S15); a hand that goes up a minute late is worse than one that says it did not. */
const AGE = 5_000;
const HOUR = 3_600_000;
/** An answer waits until its card closes, which only the server knows: it refuses what comes too late. */
const AGES = new Map([["quiz.answer", HOUR], ["quiz.count", HOUR], ["quiz.cards", HOUR]]);
/** `bye` codes after which the page must not come back by itself (S4). */
const FINAL = new Set(["replaced", "removed", "revoked"]);

/**
 * @typedef {"connecting" | "online" | "waiting" | "stopped"} LinkState
 * @typedef {{readyState: number, send(text: string): void, close(): void,
 *   onopen: ((e: any) => void) | null, onmessage: ((e: any) => void) | null, onclose: ((e: any) => void) | null}} SocketLike
 * @typedef {{type: "event", seq: number, prev: number, at: number, kind: string, payload: any}} EventMessage
 * @typedef {{participant: string | null, source: string | null, why: "playing" | "empty" | "waiting" | "unplayable"}} SlotShow
 * @typedef {{online: boolean, media: "none" | "connected" | "disconnected", plays: {audio: boolean, camera: boolean, screen: boolean},
 *   rtt: number, loss: number, mic_silent: boolean}} Presence
 * @typedef {{participant: string | null, role: string, name: string, seat: number}} You
 * @typedef {{starts_at: number | null, ends_at: number | null, rehearsal: boolean}} Plan what the timetable says, ms on the lesson clock
 * @typedef {object} Messages
 * @property {{state: LinkState, attempt: number}} link
 * @property {{you: You, lesson: {id: string, name: string}, at: number, build: string, seats: number}} welcome `seats`: of the own room
 * @property {string} outdated the server's build
 * @property {Plan} plan
 * @property {{seq: number, state: import("./fold.js").LessonState}} state
 * @property {EventMessage} event
 * @property {Record<string, Presence>} presence
 * @property {{session: string, slots: Record<string, SlotShow>}} slots
 * @property {import("./views/intercom.js").Said[]} intercom
 * @property {{kind: "pointer" | "ink", by: "master" | "room", payload: any}} signal where somebody else points, what is drawn just now
 * @property {"" | "disk" | "queue" | "refused"} recording why what is recorded now is lost; empty: it is not
 * @property {string} lost session id
 * @property {string} bye code
 * @typedef {object} Options
 * @property {string} url
 * @property {string} build
 * @property {string} surface
 * @property {string} page the page's word for itself
 * @property {(url: string) => SocketLike} open
 * @property {import("./clock.js").Clock} clock
 * @typedef {{frame: string, resolve: (seq: number) => void, reject: (error: Refused) => void, cancel: () => void}} Pending
 */

/** @extends {Emitter<Messages>} */
export class LiveSocket extends Emitter {
  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    /** @type {SocketLike | null} */
    this.socket = null;
    /** @type {number | null} */
    this.last = null;
    this.ready = false;
    this.resyncing = false;
    this.attempt = 0;
    this.stopped = false;
    this.count = 0;
    /** @type {() => string[]} media sessions this page believes it has */
    this.claims = () => [];
    this.prefix = options.clock.random().toString(36).slice(2, 10);
    /** @type {Map<string, Pending>} */
    this.pending = new Map();
    this.cancelRetry = () => {};
    this.cancelPing = () => {};
    this.cancelDeadline = () => {};
    /** @type {Map<string, (m: any) => void>} */
    this.handlers = new Map(Object.entries({
      welcome: (/** @type {any} */ m) => this.#welcome(m),
      plan: (/** @type {any} */ m) => this.emit("plan", { starts_at: m.starts_at, ends_at: m.ends_at, rehearsal: m.rehearsal }),
      state: (/** @type {any} */ m) => this.#state(m),
      event: (/** @type {any} */ m) => this.#event(m),
      ack: (/** @type {any} */ m) => this.#settle(m.id)?.resolve(m.seq),
      refused: (/** @type {any} */ m) => this.#settle(m.id)?.reject(new Refused(m.error)),
      presence: (/** @type {any} */ m) => this.emit("presence", m.participants),
      slots: (/** @type {any} */ m) => this.emit("slots", { session: m.session, slots: m.slots }),
      intercom: (/** @type {any} */ m) => this.emit("intercom", m.messages),
      signal: (/** @type {any} */ m) => this.emit("signal", { kind: m.kind, by: m.by, payload: m.payload }),
      recording: (/** @type {any} */ m) => this.emit("recording", m.failing),
      "media.lost": (/** @type {any} */ m) => this.emit("lost", m.session),
      bye: (/** @type {any} */ m) => this.#bye(m.code),
      pong: () => this.cancelDeadline(),
    }));
  }

  start() {
    this.stopped = false;
    this.#connect();
  }

  /** Ends the socket for good. */
  stop() {
    this.stopped = true;
    this.#drop();
    this.#link("stopped");
  }

  /** The network changed: ask now whether the socket still lives, or stop waiting. */
  poke() {
    if (this.stopped) return;
    if (this.ready) this.#ping();
    else if (!this.socket) this.#connect();
  }

  /**
   * @param {string} kind
   * @param {object} payload
   * @param {number} [maxAge] ms after which an unanswered command is given up (S15)
   * @param {string} [id] of a command that may have been sent by an earlier page
   * @returns {Promise<number>} the `seq` of its event; rejects with `Refused`
   */
  command(kind, payload, maxAge = AGES.get(kind) ?? AGE, id = this.#draw()) {
    return this.#ask({ type: "command", kind, payload }, maxAge, id);
  }

  /**
   * Words for the intercom; said again after a loss, heard once.
   * @param {string} text
   * @param {string} [to] participant; empty: every assistant, or the teacher
   */
  speak(text, to = "") {
    return this.#ask({ type: "intercom", to, text }, 20_000, this.#draw());
  }

  #draw() {
    return `${this.prefix}-${++this.count}`;
  }

  /**
   * @param {object} message
   * @param {number} maxAge ms
   * @param {string} id
   * @returns {Promise<number>}
   */
  #ask(message, maxAge, id) {
    const frame = JSON.stringify({ ...message, id });
    return new Promise((resolve, reject) => {
      const cancel = this.options.clock.after(maxAge, () => this.#settle(id)?.reject(new Refused({ code: "timeout" })));
      this.pending.set(id, { frame, resolve, reject, cancel });
      if (this.ready) this.socket?.send(frame);
    });
  }

  /**
   * Latest wins: what cannot be sent now is dropped.
   * @param {string} kind
   * @param {object} payload
   */
  signal(kind, payload) {
    if (this.ready) this.#send({ type: "signal", kind, payload });
  }

  #connect() {
    this.cancelRetry();
    this.#link("connecting");
    const socket = this.options.open(this.options.url);
    this.socket = socket;
    socket.onopen = () => socket === this.socket && this.#hello(this.last);
    socket.onmessage = (e) => this.#receive(socket, e.data);
    socket.onclose = () => socket === this.socket && this.#closed();
    this.#deadline(OPEN_WITHIN);
  }

  /** @param {number | null} after */
  #hello(after) {
    const { build, surface, page } = this.options;
    const hello = { type: "hello", protocol: PROTOCOL, build, surface, page, sessions: this.claims() };
    this.#send(after === null ? hello : { ...hello, after });
  }

  /** @param {object} message */
  #send(message) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  /**
   * A frame is one message or an array of them; after a `bye` the rest of it is nobody's.
   * @param {SocketLike} socket
   * @param {string} text
   */
  #receive(socket, text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      if (socket === this.socket) this.handlers.get(message?.type)?.(message);
    }
  }

  /** @param {Messages["welcome"]} message */
  #welcome(message) {
    this.cancelDeadline();
    this.cancelPing();
    this.cancelPing = every(this.options.clock, PING_EVERY, () => this.#ping());
    this.ready = true;
    this.attempt = 0;
    this.emit("welcome", message);
    this.#link("online");
    if (message.build !== this.options.build) this.emit("outdated", message.build);
    for (const { frame } of this.pending.values()) this.socket?.send(frame);
  }

  /** @param {Messages["state"]} message */
  #state(message) {
    this.last = message.seq;
    this.resyncing = false;
    this.emit("state", { seq: message.seq, state: message.state });
  }

  /** @param {EventMessage} message */
  #event(message) {
    if (this.last === null || this.resyncing || message.seq <= this.last) return;
    if (message.prev !== this.last) {
      this.resyncing = true;
      this.#hello(null);
      return;
    }
    this.last = message.seq;
    this.emit("event", message);
  }

  /** @param {string} code */
  #bye(code) {
    if (FINAL.has(code)) this.stopped = true;
    this.attempt = 0;
    this.#drop();
    this.emit("bye", code);
    if (this.stopped) this.#link("stopped");
    else this.#retry(0);
  }

  #ping() {
    this.#send({ type: "ping", t: Math.round(this.options.clock.now()) });
    this.#deadline(PONG_WITHIN);
  }

  /** @param {number} ms */
  #deadline(ms) {
    this.cancelDeadline();
    this.cancelDeadline = this.options.clock.after(ms, () => this.#closed());
  }

  #closed() {
    this.#drop();
    if (!this.stopped) this.#retry(backoff(this.attempt++, this.options.clock.random));
  }

  /** @param {number} ms */
  #retry(ms) {
    this.#link("waiting");
    this.cancelRetry = this.options.clock.after(ms, () => this.#connect());
  }

  /** Lets go of the socket without waiting for its close handshake, which a dead network never ends. */
  #drop() {
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    this.resyncing = false;
    this.cancelPing();
    this.cancelDeadline();
    this.cancelRetry();
    socket?.close();
  }

  /** @param {string} id */
  #settle(id) {
    const entry = this.pending.get(id);
    this.pending.delete(id);
    entry?.cancel();
    return entry;
  }

  /** @param {LinkState} state */
  #link(state) {
    this.emit("link", { state, attempt: this.attempt });
  }
}
