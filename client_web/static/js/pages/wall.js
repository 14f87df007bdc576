/** The wall on a monitor of its own. */
import { classrooms } from "../fold.js";
import { wallSize, wallSlots } from "../slots.js";
import { byId } from "../views/dom.js";
import { Wall } from "../views/wall.js";
import { wallPages } from "../views/wallpages.js";
import { Watcher } from "../whep.js";
import { guard, startShell } from "./shell.js";

const JOINABLE = new Set(["scheduled", "open", "live", "break"]);

const shell = await startShell("screen");
const { boot, clock, lesson } = shell;
const wall = new Wall(byId("tiles"), byId("no-rooms"), null, wallPages(shell, () => update()));
const watcher = new Watcher({
  boot,
  clock,
  slots: wallSlots(9),
  ontrack: (slot, track) => wall.tracks.set(slot, track),
  onchange: () => update(),
});

function update() {
  wall.update(lesson, watcher.keeper.session);
  const size = wallSize(classrooms(lesson.state).length);
  byId("tiles").dataset.columns = String(Math.min(5, Math.ceil(Math.sqrt(wall.tiles.size))) || 1);
  watcher.relayout(wallSlots(size));
  if (!lesson.phase || lesson.bye) return;
  if (!JOINABLE.has(lesson.phase)) watcher.keeper.stop();
  else if (watcher.keeper.state === "idle") watcher.keeper.start();
}

lesson.on("change", update);
guard(lesson, [watcher.keeper]);
shell.socket.start();
