/** One picture on a page. The last frame stays until the next source has one: a switch or a reconnect never flashes black. */
import { icon, make, setIcon, setText } from "./dom.js";

export class Picture {
  /**
   * @param {string} kind class names
   * @param {string} iconName shown while there is no picture
   */
  constructor(kind, iconName) {
    this.words = make("span", "", "");
    this.none = make("div", "none", icon(iconName), this.words);
    this.name = make("span", "name");
    this.element = make("figure", `picture ${kind}`, this.none, this.name);
    /** @type {HTMLVideoElement | null} */
    this.video = null;
    /** @type {HTMLVideoElement | null} */
    this.coming = null;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
  }

  /** Frames have been shown since the last `clear`. */
  get painted() {
    return this.video !== null;
  }

  /** @param {MediaStreamTrack | null} track */
  show(track) {
    if (track === this.track) return;
    this.track = track;
    this.coming?.remove();
    this.coming = null;
    if (!track) {
      this.clear();
      return;
    }
    const video = make("video", "coming");
    Object.assign(video, { muted: true, autoplay: true, playsInline: true });
    video.srcObject = new MediaStream([track]);
    video.addEventListener("loadeddata", () => this.#arrived(video), { once: true });
    this.coming = video;
    this.element.insertBefore(video, this.name);
    video.play().catch(() => {});
  }

  /** @param {HTMLVideoElement} video */
  #arrived(video) {
    if (video !== this.coming) return;
    this.video?.remove();
    video.classList.remove("coming");
    this.video = video;
    this.coming = null;
    this.none.hidden = true;
  }

  /** Takes the picture away, with its last frame. */
  clear() {
    this.track = null;
    for (const video of [this.video, this.coming]) {
      if (video) video.srcObject = null;
      video?.remove();
    }
    this.video = this.coming = null;
    this.none.hidden = false;
  }

  /**
   * Words in place of a picture; null shows the picture if there is one.
   * @param {string | null} words
   * @param {string} [iconName]
   */
  say(words, iconName) {
    setText(this.words, words ?? "");
    if (iconName) setIcon(this.none, iconName);
    this.none.hidden = words === null && this.painted;
    for (const video of [this.video, this.coming]) video?.toggleAttribute("hidden", words !== null);
  }

  /** @param {string} name */
  label(name) {
    setText(this.name, name);
  }
}
