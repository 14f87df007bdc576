/** What the server wrote into the page for its script. */

/**
 * @typedef {object} Boot
 * @property {{id: string, name: string}} lesson
 * @property {{participant: string | null, role: string, name: string}} you
 * @property {string} lang
 * @property {string} build
 * @property {string} admission
 * @property {RTCIceServer[]} iceServers
 * @property {string} locale address of the catalogue
 * @property {string} icons address of the icon sheet
 */

/** @returns {Boot} */
export function readBoot() {
  return JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
}

/**
 * @param {Boot} boot
 * @returns {string} address of this lesson's socket
 */
export function socketUrl(boot) {
  const url = new URL(`/ws/${boot.lesson.id}`, location.origin);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (boot.admission) url.searchParams.set("a", boot.admission);
  return url.href;
}
