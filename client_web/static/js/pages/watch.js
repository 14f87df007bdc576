/** Plain viewer. */
import { startScreen } from "./screen.js";
import { guard, startShell } from "./shell.js";

const shell = await startShell("screen");
const screen = startScreen(shell, () => null);
guard(shell.lesson, [screen.watcher.keeper]);
shell.socket.start();
