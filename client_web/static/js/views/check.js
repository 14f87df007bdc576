/** Device choice before class; in class the same panel opens from one button. */
import { list, remembered } from "../devices.js";
import { t } from "../i18n.js";
import { byId } from "./dom.js";

export class Check {
  /** @param {import("../capture.js").Capture} capture */
  constructor(capture) {
    this.panel = byId("check");
    this.opened = false;
    this.selects = {
      mic: /** @type {HTMLSelectElement} */ (byId("choose-mic")),
      camera: /** @type {HTMLSelectElement} */ (byId("choose-camera")),
    };
    this.capture = capture;
    this.selects.mic.addEventListener("change", () => void capture.choose("mic", this.selects.mic.value));
    this.selects.camera.addEventListener("change", () => void capture.choose("camera", this.selects.camera.value));
  }

  toggle() {
    this.opened = !this.opened;
    byId("devices").setAttribute("aria-expanded", String(this.opened));
  }

  /** @param {import("../fold.js").Phase | null} phase */
  update(phase) {
    const before = phase === "scheduled" || phase === "open";
    byId("devices").hidden = before || phase === "ended";
    this.panel.hidden = !before && !(this.opened && phase !== "ended");
  }

  async list() {
    const { mics, cameras } = await list();
    this.#fill("mic", mics);
    this.#fill("camera", cameras);
  }

  /**
   * @param {"mic" | "camera"} source
   * @param {MediaDeviceInfo[]} found
   */
  #fill(source, found) {
    const select = this.selects[source];
    const used = this.capture[source]?.getSettings().deviceId ?? remembered()[source];
    const options = found.map((d, i) => new Option(d.label || t(`check.${source}_n`, { n: i + 1 }), d.deviceId, false, d.deviceId === used));
    select.replaceChildren(...(options.length ? options : [new Option(t(`check.no_${source}`), "")]));
    select.disabled = options.length === 0;
  }
}
