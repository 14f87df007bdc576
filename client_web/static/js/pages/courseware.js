/** The teacher's courseware of a lesson while pages are drawn: says how far it is, and shows the report when all is done. */
import { load, t } from "../i18n.js";
import { byId, setText } from "../views/dom.js";

const EVERY = 2_000;
const boot = JSON.parse(byId("boot").textContent ?? "{}");
/** @type {Map<string, HTMLElement>} */
const lines = new Map();
for (const line of document.querySelectorAll("[data-drawing]")) {
  if (line instanceof HTMLElement) lines.set(line.dataset.drawing ?? "", line);
}

async function look() {
  try {
    const response = await fetch(location.pathname, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.ok) say((await response.json()).courseware);
  } catch {
    // The link is down: ask again.
  }
  setTimeout(look, EVERY);
}

/** @param {{id: string, state: string, drawn: number, count: number}[]} files */
function say(files) {
  const going = new Map(files.filter((one) => one.state === "waiting" || one.state === "drawing").map((one) => [one.id, one]));
  for (const [id, line] of lines) {
    const one = going.get(id);
    if (!one) location.reload();
    else setText(line, t("courseware.drawing", { drawn: one.drawn, n: one.count }));
  }
}

await load(boot.locale);
void look();
