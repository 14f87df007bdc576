/**
 * The one error shape of the server (docs/protocol.md, Errors).
 * @typedef {{code: string, params?: Record<string, string | number>, message?: Record<string, string>}} ErrorBody
 */

/** A refusal by the server, or by this page on its behalf (`network`, `timeout`). */
export class Refused extends Error {
  /**
   * @param {ErrorBody} body
   * @param {number} [status] HTTP status, 0 when there was none
   */
  constructor(body, status = 0) {
    super(body.code);
    this.name = "Refused";
    this.code = body.code;
    this.params = body.params ?? {};
    this.sentences = body.message ?? {};
    this.status = status;
  }

  /** Trying again unchanged may help. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {unknown} error
 * @returns {Refused}
 */
export function asRefused(error) {
  return error instanceof Refused ? error : new Refused({ code: "network" });
}

/**
 * Reads the error of a response; an answer that is not ours becomes `network`.
 * @param {Response} response
 * @returns {Promise<Refused>}
 */
export async function refusal(response) {
  try {
    const body = await response.json();
    if (typeof body?.error?.code === "string") return new Refused(body.error, response.status);
  } catch {
    // Not JSON: a proxy answered in our place.
  }
  return new Refused({ code: "network" }, response.status);
}
