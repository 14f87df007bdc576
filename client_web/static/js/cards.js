/** Printed answer cards (S23): a few pictures of the room's camera, read by the server, which keeps none of them. */

const WIDTH = 1280;
const QUALITY = 0.82;
/** Pictures of one press, and how far apart: a card half hidden now is seen in the next. */
const SHOTS = 3;
const APART = 700;

/**
 * @param {object} options
 * @param {() => MediaStreamTrack | null} options.camera
 * @param {string} options.url
 * @param {import("./clock.js").Clock} options.clock
 * @param {(answers: Record<string, number>, unclear: number[]) => void} options.seen called after each picture
 * @returns {Promise<boolean>} false: no camera, or the server could not read
 */
export async function readCards({ camera, url, clock, seen }) {
  let read = false;
  for (let shot = 0; shot < SHOTS; shot += 1) {
    const track = camera();
    const picture = track && (await photograph(track));
    const response = picture && (await fetch(url, { method: "POST", body: picture }).catch(() => null));
    if (response && response.ok) {
      const { answers, unclear } = await response.json();
      seen(answers, unclear);
      read = true;
    }
    if (shot + 1 < SHOTS) await new Promise((done) => void clock.after(APART, () => done(null)));
  }
  return read;
}

/**
 * @param {MediaStreamTrack} track
 * @returns {Promise<Blob | null>}
 */
async function photograph(track) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  try {
    await video.play();
    const scale = Math.min(1, WIDTH / video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  } catch {
    return null;
  } finally {
    video.srcObject = null;
  }
}
