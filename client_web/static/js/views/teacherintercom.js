/** The teacher's side of the intercom: to every assistant, or to one. */
import { classrooms } from "../fold.js";
import { byId, make } from "./dom.js";
import { IntercomView } from "./intercom.js";

export class TeacherIntercom {
  /**
   * @param {import("../pages/shell.js").Shell} shell
   * @param {() => boolean} open its tab is the one that shows
   */
  constructor({ lesson, socket }, open) {
    this.to = /** @type {HTMLSelectElement} */ (byId("speak-to"));
    this.rooms = "";
    this.view = new IntercomView(
      {
        list: byId("said"),
        form: /** @type {HTMLFormElement} */ (byId("speak")),
        input: /** @type {HTMLInputElement} */ (byId("speak-text")),
        unread: byId("unread"),
      },
      {
        self: "master",
        name: (who) => lesson.state?.participants[who]?.name ?? "",
        say: (text) => socket.speak(text, this.to.value).then(() => true, () => false),
        open,
      },
    );
    socket.on("intercom", (messages) => this.view.hear(messages));
  }

  /** It is looked at now. */
  read() {
    this.view.read();
  }

  /** @param {import("../lesson.js").Lesson} lesson */
  update({ state }) {
    const rooms = classrooms(state);
    const now = JSON.stringify(rooms);
    if (now === this.rooms) return;
    this.rooms = now;
    const chosen = this.to.value;
    const options = rooms.map(({ id, name }) => {
      const option = make("option", "", name);
      option.value = id;
      return option;
    });
    this.to.replaceChildren(this.to.options[0], ...options);
    this.to.value = rooms.some(({ id }) => id === chosen) ? chosen : "";
  }
}
