/** An unpaired classroom PC that waits: for somebody of the school to type its code, or for the teacher to open the door (S5). */
import { openOnly } from "../devices.js";
import { explain, load, t } from "../i18n.js";
import { asRefused, refusal } from "../refused.js";
import { byId, setText } from "../views/dom.js";

const EVERY = 3_000;
const WIDTH = 320;
const QUALITY = 0.7;

const boot = JSON.parse(byId("boot").textContent ?? "{}");
let knocked = boot.knock;

async function look() {
  try {
    const response = await fetch("/pair/state", { cache: "no-store", headers: { Accept: "application/json" } });
    const answer = response.ok ? await response.json() : null;
    // Whatever changed, the server's page says what comes next: the room, the lesson, or a new code.
    if (!answer || answer.paired || answer.knock !== knocked) {
      location.reload();
      return;
    }
  } catch {
    // The link is down: ask again.
  }
  setTimeout(look, EVERY);
}

/** @param {MediaStreamTrack} camera */
async function photograph(camera) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([camera]);
  await video.play();
  // Cameras begin dark.
  await new Promise((done) => setTimeout(done, 700));
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = Math.round((WIDTH * (video.videoHeight || 9)) / (video.videoWidth || 16));
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
}

async function knock() {
  const press = /** @type {HTMLButtonElement} */ (byId("knock"));
  press.disabled = true;
  setText(byId("knock-words"), t("knock.looking"));
  const { camera } = await openOnly({ mic: false, camera: true });
  try {
    if (!camera) {
      setText(byId("knock-words"), t("knock.no_camera"));
      return;
    }
    const picture = await photograph(camera);
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    const response = await fetch("/pair/knock", { method: "POST", headers, body: JSON.stringify({ picture }) });
    if (!response.ok) throw await refusal(response);
    knocked = "waiting";
    setText(byId("knock-words"), t("knock.waiting"));
  } catch (error) {
    setText(byId("knock-words"), explain(asRefused(error), boot.lang));
  } finally {
    camera?.stop();
    press.disabled = knocked === "waiting";
  }
}

await load(boot.locale);
byId("knock-part").hidden = false;
document.getElementById("knock")?.addEventListener("click", () => void knock());
setTimeout(look, EVERY);
