/**
 * Keeps one media session up. Rules: disconnected > 3 s: ICE restart; failed, or no answer to the restart: a new session;
 * `media.lost`: a new session within 2 s, jittered (M33); a refusal that waiting cannot cure stops it. No DOM.
 */
import { backoff } from "./clock.js";
import { asRefused } from "./refused.js";

const PATIENCE = 3_000;
const CONNECT_WITHIN = 10_000;
const RESTART_WITHIN = 4_000;
const LOST_SPREAD = 1_500;

/**
 * @typedef {"idle" | "connecting" | "connected" | "recovering" | "refused"} MediaState
 * @typedef {object} PeerLike
 * @property {string} id
 * @property {() => Promise<void>} open
 * @property {() => Promise<void>} restart
 * @property {() => void} close
 * @typedef {object} KeeperOptions
 * @property {(onstate: (state: string) => void) => PeerLike} make a fresh session
 * @property {import("./clock.js").Clock} clock
 * @property {(state: MediaState) => void} onchange
 */

export class Keeper {
  /** @param {KeeperOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {PeerLike | null} */
    this.peer = null;
    /** @type {PeerLike | null} */
    this.retiring = null;
    /** @type {MediaState} */
    this.state = "idle";
    /** @type {import("./refused.js").Refused | null} */
    this.error = null;
    this.attempt = 0;
    this.cancel = () => {};
  }

  get running() {
    return this.state !== "idle" && this.state !== "refused";
  }

  get session() {
    return this.peer?.id ?? "";
  }

  start() {
    if (this.running) return;
    this.attempt = 0;
    this.#set("connecting");
    this.#open();
  }

  stop() {
    this.cancel();
    this.#retire();
    this.peer?.close();
    this.peer = null;
    if (this.state !== "idle") this.#set("idle");
  }

  /** Replaces the session by a new one; the old one serves until the new one is connected (M30, make before break). */
  swap() {
    if (!this.running) return;
    this.#retire();
    this.retiring = this.peer;
    this.#open();
  }

  /**
   * The server says that a session is gone.
   * @param {string} session
   */
  lost(session) {
    if (!this.running || session !== this.session) return;
    this.#recover();
    this.#later(this.options.clock.random() * LOST_SPREAD, () => this.#open());
  }

  /** The network changed: old paths are suspect, so do not wait for the timers. */
  network() {
    if (this.state === "connected" || this.state === "recovering") this.#restart();
  }

  #open() {
    this.cancel();
    if (this.peer !== this.retiring) this.peer?.close();
    const peer = this.options.make((state) => this.#changed(peer, state));
    this.peer = peer;
    this.#later(CONNECT_WITHIN, () => this.#again());
    peer.open().catch((error) => this.#failed(peer, error));
  }

  /**
   * @param {PeerLike} peer
   * @param {string} state
   */
  #changed(peer, state) {
    if (peer !== this.peer) return;
    if (state === "connected") this.#connected();
    else if (state === "disconnected") this.#suspect();
    else if (state === "failed") this.#again();
  }

  #connected() {
    this.cancel();
    this.attempt = 0;
    this.error = null;
    this.#retire();
    this.#set("connected");
  }

  #suspect() {
    this.#recover();
    this.#later(PATIENCE, () => this.#restart());
  }

  #restart() {
    const peer = this.peer;
    if (!peer) return;
    this.#later(RESTART_WITHIN, () => this.#again());
    const restarting = this.cancel;
    peer.restart().then(
      // A connection that never broke has nothing to come back to: the server's yes is enough.
      () => peer === this.peer && this.state === "connected" && this.cancel === restarting && this.cancel(),
      () => peer === this.peer && this.#again(),
    );
  }

  #again() {
    this.#recover();
    this.#later(backoff(this.attempt++, this.options.clock.random, 400, 5_000), () => this.#open());
  }

  /**
   * @param {PeerLike} peer
   * @param {unknown} error
   */
  #failed(peer, error) {
    if (peer !== this.peer) return;
    this.error = asRefused(error);
    if (this.error.passing) {
      this.#again();
      return;
    }
    this.cancel();
    this.#retire();
    peer.close();
    this.peer = null;
    this.#set("refused");
  }

  #retire() {
    this.retiring?.close();
    this.retiring = null;
  }

  #recover() {
    if (this.state !== "connecting") this.#set("recovering");
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   */
  #later(ms, run) {
    this.cancel();
    this.cancel = this.options.clock.after(ms, run);
  }

  /** @param {MediaState} state */
  #set(state) {
    this.state = state;
    this.options.onchange(state);
  }
}
