/** The sounds of a page, and whether the browser lets them out. */

export class Sound {
  /** @param {(allowed: boolean) => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
    this.allowed = true;
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
    void this.#try(player);
  }

  /** From a click or a key: everything may sound now. */
  unlock() {
    if (this.allowed) return;
    for (const player of this.players.values()) void this.#try(player);
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
