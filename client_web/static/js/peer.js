/** One WHIP or WHEP session: a peer connection and its HTTP resource (RFC 9725). */
import { Refused, refusal } from "./refused.js";
import { answerAfterRestart, restartFragment } from "./sdp.js";

const ANSWER_WITHIN = 8_000;

/**
 * @typedef {object} PeerOptions
 * @property {string} url POST here
 * @property {RTCIceServer[]} iceServers
 * @property {(pc: RTCPeerConnection) => void} prepare adds the m-lines, in the order the URL names them
 * @property {(state: RTCPeerConnectionState) => void} onstate
 */

/**
 * `fetch` that gives up: a request on a dead network would otherwise hang for minutes.
 * @param {string} url
 * @param {RequestInit} init
 * @returns {Promise<Response>}
 */
async function request(url, init) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_WITHIN);
  try {
    return await fetch(url, { ...init, signal: abort.signal, credentials: "same-origin" });
  } catch {
    throw new Refused({ code: "network" });
  } finally {
    clearTimeout(timer);
  }
}

export class Peer {
  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.pc = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: "max-bundle" });
    this.resource = "";
    this.etag = "";
    this.answer = "";
    this.closed = false;
    this.pc.onconnectionstatechange = () => {
      if (!this.closed) options.onstate(this.pc.connectionState);
    };
  }

  /** Session id: the last part of its resource. */
  get id() {
    return this.resource.split("?")[0].split("/").pop() ?? "";
  }

  /** Offers and applies the answer. Candidates need not be sent: the server is ICE-lite and learns ours from the checks. */
  async open() {
    this.options.prepare(this.pc);
    await this.pc.setLocalDescription(await this.pc.createOffer());
    const body = this.pc.localDescription?.sdp ?? "";
    const response = await request(this.options.url, { method: "POST", headers: { "Content-Type": "application/sdp" }, body });
    if (response.status !== 201) throw await refusal(response);
    await this.#opened(response);
  }

  /** @param {Response} response */
  async #opened(response) {
    this.resource = new URL(response.headers.get("Location") ?? "", this.options.url).href;
    this.etag = response.headers.get("ETag") ?? "*";
    this.answer = await response.text();
    if (this.closed) {
      this.#delete();
      return;
    }
    await this.pc.setRemoteDescription({ type: "answer", sdp: this.answer });
  }

  /** Asks for an ICE restart on the same session (RFC 9725 4.3.3). Rejects when the server no longer has it. */
  async restart() {
    this.pc.restartIce();
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: true }));
    const response = await request(this.resource, {
      method: "PATCH",
      headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.etag },
      body: restartFragment(this.pc.localDescription?.sdp ?? ""),
    });
    if (response.status !== 200) throw await refusal(response);
    this.etag = response.headers.get("ETag") ?? this.etag;
    this.answer = answerAfterRestart(this.answer, await response.text());
    await this.pc.setRemoteDescription({ type: "answer", sdp: this.answer });
  }

  /** Ends the session here and, without waiting, on the server; safe while the page unloads. */
  close() {
    if (this.closed) return;
    this.closed = true;
    this.pc.close();
    if (this.resource) this.#delete();
  }

  #delete() {
    fetch(this.resource, { method: "DELETE", keepalive: true, credentials: "same-origin" }).catch(() => {});
  }
}
