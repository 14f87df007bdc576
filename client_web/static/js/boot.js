/** What the server wrote into the page for its script, and the page's own word for itself. */

/**
 * @typedef {object} Written
 * @property {{id: string, name: string}} lesson
 * @property {{participant: string | null, role: string, name: string, seat: number}} you
 * @property {string} lang
 * @property {string} build
 * @property {string} admission
 * @property {string} csrf token of a login's changes over HTTP, empty where there is no login
 * @property {string} holder an opaque word for who an assistant is, empty for others
 * @property {string} home where a classroom's own page lies, empty for others
 * @property {RTCIceServer[]} iceServers
 * @property {string} locale address of the catalogue
 * @property {string} icons address of the icon sheet
 * @typedef {Written & {page: string}} Boot `page`: a random word of this page load, which tells two open pages of one link apart (S4)
 */

/** @returns {Boot} */
export function readBoot() {
  const written = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
  return { ...written, page: Math.random().toString(36).slice(2, 12) };
}

/**
 * @param {Boot} boot
 * @returns {string} address of this lesson's socket
 */
export function socketUrl(boot) {
  const url = new URL(`/ws/${boot.lesson.id}`, location.origin);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (boot.admission) url.searchParams.set("a", boot.admission);
  return asHolder(url, boot);
}

/**
 * The server answers only whose page this is, not who logged in meanwhile: what waits in it is sent as nobody else's.
 * @param {URL} url
 * @param {{holder?: string}} boot
 */
export function asHolder(url, { holder }) {
  if (holder) url.searchParams.set("holder", holder);
  return url.href;
}
