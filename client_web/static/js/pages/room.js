/** A classroom's own page: counts down, and goes into the lesson by itself when its waiting room opens (S8). */
import { duration, load, t } from "../i18n.js";
import { NEXT, retry, step } from "../room.js";
import { byId, setText } from "../views/dom.js";
import { Trial } from "../views/trial.js";

const boot = JSON.parse(byId("boot").textContent ?? "{}");
const OPENS = 10 * 60_000;
const LOST_AFTER = 2;
/** Server time minus this machine's: an old PC's clock is wrong. */
let offset = boot.now - Date.now();
let failures = 0;

function say() {
  if (!boot.next) return;
  const left = boot.next.starts_at - OPENS - (Date.now() + offset);
  setText(byId("wait"), left > 0 ? t("room.opens_in", { time: duration(left) }) : t("room.opens"));
}

async function look() {
  try {
    const response = await fetch(NEXT, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403) {
      location.assign("/pair");
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    const answer = await response.json();
    failures = 0;
    offset = answer.now - Date.now();
    byId("trouble").hidden = true;
    act(step(answer, { name: boot.next?.name ?? null, build: boot.build }, Math.random));
  } catch {
    failures += 1;
    byId("trouble").hidden = failures < LOST_AFTER;
    setText(byId("trouble"), t("room.lost"));
    setTimeout(look, retry(failures, Math.random));
  }
}

/** @param {import("../room.js").Step} next */
function act(next) {
  if ("go" in next) location.assign(next.go);
  else if ("reload" in next) location.reload();
  else setTimeout(look, next.wait);
}

await load(boot.locale);
new Trial();
say();
setInterval(say, 1_000);
window.addEventListener("online", () => void look());
void look();
