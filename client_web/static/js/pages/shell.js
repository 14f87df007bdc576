/** What every live page does: read the boot data, load the words, open the socket, say what is wrong. */
import { asHolder, readBoot, socketUrl } from "../boot.js";
import { browserClock } from "../clock.js";
import { duration, explain, load, t } from "../i18n.js";
import { Lesson } from "../lesson.js";
import { LiveSocket } from "../protocol.js";
import { refusal } from "../refused.js";
import { Bands } from "../views/bands.js";
import { byId, icon, make, useIcons } from "../views/dom.js";
import { showRec } from "../views/rec.js";

/** A link that comes back within this time is not worth a word. */
const PATIENCE = 1_500;
/** After so many failures ask over HTTP why the socket does not open. */
const ASK_AFTER = 3;

/**
 * @typedef {object} Shell
 * @property {import("../boot.js").Boot} boot
 * @property {Lesson} lesson
 * @property {LiveSocket} socket
 * @property {Bands} bands
 * @property {import("../clock.js").Clock} clock
 */

/**
 * @param {import("../protocol.js").Options["surface"]} surface
 * @param {import("../boot.js").Boot} [boot] of a page that does not carry its own
 * @param {(why: import("../refused.js").Refused) => void} [dead] its paper opens nothing any more; a reload shows the server's own words
 * @returns {Promise<Shell>}
 */
export async function startShell(surface, boot = readBoot(), dead = () => location.reload()) {
  useIcons(boot.icons);
  await load(boot.locale);
  const bands = new Bands(byId("bands"));
  const open = (/** @type {string} */ url) => new WebSocket(url);
  const socket = new LiveSocket({ url: socketUrl(boot), build: boot.build, surface, page: boot.page, open, clock: browserClock });
  const lesson = new Lesson(socket);
  insecureBand(bands);
  watchLink(socket, bands, () => askWhy(boot, dead));
  lesson.on("reload", () => location.reload());
  lesson.on("bye", (code) => sayBye(bands, code));
  const rec = document.getElementById("rec-chip");
  if (rec) lesson.on("change", () => showRec(rec, lesson));
  window.addEventListener("online", () => socket.poke());
  return { boot, lesson, socket, bands, clock: browserClock };
}

/** @param {Bands} bands */
function insecureBand(bands) {
  if (window.isSecureContext) return;
  const action = make("a", "button", icon("lock"), t("insecure.how"));
  action.href = "/guide";
  bands.set("insecure", { tone: "red", icon: "lock", words: t("insecure.what"), action });
}

/**
 * "网络断了，正在重连 … 0:12", counted from the moment it broke.
 * @param {LiveSocket} socket
 * @param {Bands} bands
 * @param {() => Promise<void>} ask
 */
function watchLink(socket, bands, ask) {
  let since = performance.now();
  let timer = 0;
  const say = () => {
    const away = performance.now() - since;
    if (away >= PATIENCE) bands.set("link", { tone: "amber", icon: "connecting", words: t("link.lost", { time: duration(away) }) });
  };
  socket.on("link", ({ state, attempt }) => {
    if (state === "online" || state === "stopped") {
      clearInterval(timer);
      timer = 0;
      bands.set("link", null);
      return;
    }
    if (!timer) {
      since = performance.now();
      timer = window.setInterval(say, 500);
    }
    if (state === "waiting" && attempt >= ASK_AFTER) void ask();
  });
}

/**
 * A socket's refusal carries no reason; the page's own address does.
 * @param {import("../boot.js").Boot} boot
 * @param {(why: import("../refused.js").Refused) => void} dead
 */
async function askWhy(boot, dead) {
  const response = await fetch(asHolder(new URL(location.href), boot), { cache: "no-store" }).catch(() => null);
  if (response && [401, 403, 404].includes(response.status)) dead(await refusal(response));
}

/**
 * @param {Bands} bands
 * @param {string} code
 */
function sayBye(bands, code) {
  if (code === "slow") return;
  const action = make("button", "button next", t("bye.continue"));
  action.addEventListener("click", () => location.reload());
  bands.set("bye", { tone: "red", icon: "offline", words: t(`bye.${code}`), action: code === "replaced" ? action : undefined });
}

/**
 * Runs a command and says a refusal in words, for a while.
 * @param {Shell} shell
 * @param {string} kind
 * @param {object} payload
 * @returns {Promise<boolean>}
 */
export async function command(shell, kind, payload) {
  try {
    await shell.socket.command(kind, payload);
    shell.bands.set("refused", null);
    return true;
  } catch (error) {
    const words = explain(/** @type {import("../refused.js").Refused} */ (error), shell.boot.lang);
    shell.bands.set("refused", { tone: "amber", icon: "weak", words });
    window.setTimeout(() => shell.bands.set("refused", null), 8_000);
    return false;
  }
}

/**
 * Ends media with the page, asks them to look at a changed network at once, and tells the server which sessions should be there.
 * @param {Lesson} lesson
 * @param {import("../keeper.js").Keeper[]} keepers
 */
export function guard(lesson, keepers) {
  lesson.socket.claims = () => keepers.map((keeper) => keeper.session).filter(Boolean);
  window.addEventListener("pagehide", () => keepers.forEach((keeper) => keeper.stop()));
  // A page from the back-forward cache has closed sessions and old state.
  window.addEventListener("pageshow", (e) => e.persisted && location.reload());
  window.addEventListener("online", () => keepers.forEach((keeper) => keeper.network()));
  lesson.on("lost", (session) => keepers.forEach((keeper) => keeper.lost(session)));
  lesson.on("bye", (code) => code !== "slow" && keepers.forEach((keeper) => keeper.stop()));
}
