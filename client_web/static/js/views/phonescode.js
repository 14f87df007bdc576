/** The code on the big screen by which pupils' phones come to their seats (S5): changed by the server, shown only while it lets them in. */
const LATEST = 2_000;

export class PhonesCode {
  /**
   * @param {HTMLElement} holder
   * @param {HTMLImageElement} picture
   * @param {import("../pages/shell.js").Shell} shell
   */
  constructor(holder, picture, shell) {
    this.holder = holder;
    this.picture = picture;
    this.shell = shell;
    this.open = false;
    this.cancel = () => {};
  }

  /**
   * @param {import("../lesson.js").Lesson} lesson
   * @param {string} self
   */
  update({ state, phase }, self) {
    const open = Boolean(state?.seats.open.includes(self)) && (phase === "open" || phase === "live" || phase === "break");
    if (open === this.open) return;
    this.open = open;
    this.cancel();
    if (open) void this.#show();
    else this.holder.hidden = true;
  }

  async #show() {
    const { boot, clock } = this.shell;
    const response = await fetch(`/class/${boot.lesson.id}/code?a=${boot.admission}`, { cache: "no-store" }).catch(() => null);
    if (!this.open) return;
    let again = LATEST;
    if (response?.ok) {
      const { picture, stays } = await response.json();
      this.holder.hidden = !picture;
      if (picture) this.picture.src = picture;
      again = Math.max(500, stays + 200);
    } else {
      // An old code leads nowhere.
      this.holder.hidden = true;
    }
    this.cancel = clock.after(again, () => void this.#show());
  }
}
