/** The little SDP a WHIP/WHEP client touches itself: ICE restart fragments (RFC 8840, RFC 9725 4.3.3). Pure. */

/**
 * @param {string} sdp
 * @returns {{head: string[], media: string[][]}} lines before the first m-line, then per m-line
 */
function sections(sdp) {
  /** @type {string[][]} */
  const parts = [[]];
  for (const line of sdp.split(/\r?\n/)) {
    if (!line) continue;
    if (line.startsWith("m=")) parts.push([]);
    parts[parts.length - 1].push(line);
  }
  return { head: parts[0], media: parts.slice(1) };
}

/**
 * @param {string[]} lines
 * @param {string} prefix
 */
const find = (lines, prefix) => lines.find((line) => line.startsWith(prefix));
/** @param {string} line */
const isIce = (line) => /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)/.test(line);

/**
 * The fragment that asks for an ICE restart: credentials and candidates of the bundle's first m-line.
 * @param {string} offer SDP of the new local description
 * @returns {string}
 */
export function restartFragment(offer) {
  const { head, media } = sections(offer);
  const first = media[0] ?? [];
  /** @param {string} p */
  const ice = (p) => find(first, p) ?? find(head, p) ?? "";
  const lines = [
    ...head.filter((line) => line.startsWith("a=group:")),
    first[0],
    find(first, "a=mid:") ?? "",
    ice("a=ice-ufrag:"),
    ice("a=ice-pwd:"),
    ...first.filter((line) => line.startsWith("a=candidate")),
  ];
  return lines.filter(Boolean).join("\r\n") + "\r\n";
}

/**
 * The old answer with the ICE side of the server's fragment.
 * @param {string} answer SDP that was applied before
 * @param {string} fragment body of the 200
 * @returns {string}
 */
export function answerAfterRestart(answer, fragment) {
  const lines = fragment.split(/\r?\n/);
  const ice = [...lines.filter((line) => /^a=ice-(ufrag|pwd):/.test(line)).slice(0, 2), ...new Set(lines.filter((line) => line.startsWith("a=candidate")))];
  const { head, media } = sections(answer);
  const renewed = media.map((section) => [...section.filter((line) => !isIce(line)), ...ice]);
  return [...head.filter((line) => !isIce(line)), ...renewed.flat()].join("\r\n") + "\r\n";
}
