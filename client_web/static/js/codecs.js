/** Codecs a page offers: what every browser and the worker speak (RFC 7742), so that offers stay small (M31). */

const WANTED = ["video/vp8", "video/h264", "video/rtx"];

/**
 * @param {RTCRtpTransceiver} transceiver
 * @param {"send" | "receive"} direction
 */
export function narrow(transceiver, direction) {
  // Firefox 115 has no setCodecPreferences; its default offer is accepted as well.
  if (typeof transceiver.setCodecPreferences !== "function") return;
  const side = direction === "send" ? RTCRtpSender : RTCRtpReceiver;
  const codecs = side.getCapabilities("video")?.codecs ?? [];
  const kept = codecs.filter((codec) => WANTED.includes(codec.mimeType.toLowerCase()));
  kept.sort((a, b) => WANTED.indexOf(a.mimeType.toLowerCase()) - WANTED.indexOf(b.mimeType.toLowerCase()));
  if (kept.length > 1) transceiver.setCodecPreferences(kept);
}
