/** Cameras, microphones and screens of this computer. */

/**
 * @typedef {{mic: MediaStreamTrack | null, camera: MediaStreamTrack | null, problem: DeviceProblem | null}} Opened
 * @typedef {"insecure" | "denied" | "missing" | "busy"} DeviceProblem
 * @typedef {{mic?: string, camera?: string}} Choice
 */

const CHOICE = "shuangshi.devices";
/** 720p is what a 1080p classroom screen needs beside a page; more only costs the school's uplink. */
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @returns {Choice} */
export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(CHOICE) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Choice} choice */
export function remember(choice) {
  try {
    localStorage.setItem(CHOICE, JSON.stringify({ ...remembered(), ...choice }));
  } catch {
    // Private mode: the choice lives as long as the page.
  }
}

/**
 * @param {unknown} error
 * @returns {DeviceProblem}
 */
function problemOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

/**
 * @param {Choice} choice
 * @param {{mic: boolean, camera: boolean}} want
 * @returns {MediaStreamConstraints}
 */
function constraints(choice, want) {
  // `ideal`, never `exact`: a camera on another USB port must not cost the lesson.
  return {
    audio: want.mic && { ...AUDIO, ...(choice.mic ? { deviceId: { ideal: choice.mic } } : {}) },
    video: want.camera && { ...VIDEO, ...(choice.camera ? { deviceId: { ideal: choice.camera } } : {}) },
  };
}

/**
 * Opens microphone and camera with one prompt; if one of the two fails, keeps the other.
 * @param {Choice} [choice]
 * @returns {Promise<Opened>}
 */
export async function open(choice = remembered()) {
  if (!navigator.mediaDevices) return { mic: null, camera: null, problem: "insecure" };
  const both = await openOnly({ mic: true, camera: true }, choice);
  if (!both.problem || both.problem === "denied") return both;
  const mic = await openOnly({ mic: true, camera: false }, choice);
  const camera = await openOnly({ mic: false, camera: true }, choice);
  return { mic: mic.mic, camera: camera.camera, problem: mic.problem ?? camera.problem };
}

/**
 * @param {{mic: boolean, camera: boolean}} want
 * @param {Choice} [choice]
 * @returns {Promise<Opened>}
 */
export async function openOnly(want, choice = remembered()) {
  if (!navigator.mediaDevices) return { mic: null, camera: null, problem: "insecure" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints(choice, want));
    return { mic: stream.getAudioTracks()[0] ?? null, camera: stream.getVideoTracks()[0] ?? null, problem: null };
  } catch (error) {
    return { mic: null, camera: null, problem: problemOf(error) };
  }
}

/**
 * The browser always asks which screen; a person who closes the picker gets null.
 * @returns {Promise<MediaStreamTrack | null>}
 */
export async function openScreen() {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: false });
    const [track] = stream.getVideoTracks();
    // Text must stay sharp; frames may go.
    if ("contentHint" in track) track.contentHint = "detail";
    return track;
  } catch {
    return null;
  }
}

/**
 * @returns {Promise<{mics: MediaDeviceInfo[], cameras: MediaDeviceInfo[]}>}
 */
export async function list() {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const named = all.filter((d) => d.deviceId && d.deviceId !== "communications");
  return { mics: named.filter((d) => d.kind === "audioinput"), cameras: named.filter((d) => d.kind === "videoinput") };
}
