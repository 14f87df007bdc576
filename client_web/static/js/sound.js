/** The sounds of a page, and whether the browser lets them out. */

export class Sound {
  /** @param {(allowed: boolean) => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
    this.allowed = true;
    this.hushed = false;
    /** @type {Map<string, HTMLAudioElement>} */
    this.players = new Map();
  }

  /**
   * @param {string} slot
   * @param {MediaStreamTrack} track
   */
  play(slot, track) {
    const player = this.players.get(slot) ?? new Audio();
    this.players.set(slot, player);
    player.srcObject = new MediaStream([track]);
    player.muted = this.hushed;
    void this.#try(player);
  }

  /** From a click or a key: everything may sound now. */
  unlock() {
    if (this.allowed) return;
    for (const player of this.players.values()) void this.#try(player);
  }

  /** @param {boolean} quiet something else is to be heard */
  hush(quiet) {
    this.hushed = quiet;
    for (const player of this.players.values()) player.muted = quiet;
  }

  /** Two rings, as a telephone's: wakes a room that does not look. A browser that holds sound back stays silent. */
  ring() {
    const context = new AudioContext();
    const gain = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { frequency: 880 });
    tone.connect(gain).connect(context.destination);
    for (const at of [0, 0.9]) {
      gain.gain.setTargetAtTime(0.4, context.currentTime + at, 0.02);
      gain.gain.setTargetAtTime(0, context.currentTime + at + 0.6, 0.05);
    }
    tone.start();
    tone.stop(context.currentTime + 2);
    tone.addEventListener("ended", () => void context.close());
  }

  /** @param {HTMLAudioElement} player */
  async #try(player) {
    try {
      await player.play();
      this.#set(true);
    } catch (error) {
      // AbortError only says that a newer track came in between.
      if (error instanceof Error && error.name === "NotAllowedError") this.#set(false);
    }
  }

  /** @param {boolean} allowed */
  #set(allowed) {
    if (allowed === this.allowed) return;
    this.allowed = allowed;
    this.onchange(allowed);
  }
}
