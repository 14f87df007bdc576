/** 巡课: several lessons at a time as small pictures; one of them large, with notes to its moments. */
import { readBoot } from "../boot.js";
import { duration, load, t } from "../i18n.js";
import { byId, make, setText, useIcons } from "../views/dom.js";
import { Look } from "../views/look.js";

/** @typedef {{id: string, at: number, written: number, text: string}} Note */

const boot = /** @type {import("../boot.js").Boot & {lessons: {id: string, name: string, school: string}[]}} */ (readBoot());
useIcons(boot.icons);
await load(boot.locale);

/** @type {Look | null} */
let chosen = null;
const looks = boot.lessons.map(({ id, name, school }) => {
  const look = new Look({ ...boot, lesson: { id, name } }, school, () => choose(look));
  return look;
});
byId("looks").append(...looks.map((look) => look.element));
byId("close").addEventListener("click", () => choose(null));
byId("note").addEventListener("submit", (event) => {
  event.preventDefault();
  void keep();
});

/** @param {Look | null} look */
function choose(look) {
  chosen?.choose(false);
  const from = chosen;
  chosen = look;
  byId("look").hidden = !look;
  byId("inspect").dataset.look = look ? "1" : "0";
  if (!look) {
    from?.button.focus();
    return;
  }
  look.choose(true);
  setText(byId("look-title"), look.boot.lesson.name);
  byId("large").replaceChildren(look.large.element);
  void show(look);
}

/** @param {Look} look */
async function show(look) {
  byId("notes").replaceChildren();
  const response = await fetch(`/inspect/${look.boot.lesson.id}/notes`, { cache: "no-store" }).catch(() => null);
  if (!response?.ok || look !== chosen) return;
  const { notes } = await response.json();
  byId("notes").replaceChildren(...notes.map((/** @type {Note} */ note) => row(look, note)));
}

async function keep() {
  const look = chosen;
  const text = /** @type {HTMLTextAreaElement} */ (byId("note-text"));
  if (!look || !text.value.trim()) return;
  const response = await post(`/inspect/${look.boot.lesson.id}/notes`, { at: String(Math.round(look.lesson.now)), text: text.value.trim() });
  if (!response?.ok) {
    text.setAttribute("aria-invalid", "true");
    return;
  }
  text.removeAttribute("aria-invalid");
  text.value = "";
  byId("notes").append(row(look, await response.json()));
}

/**
 * @param {Look} look
 * @param {Note} note
 */
function row(look, note) {
  const begun = look.lesson.state?.lesson.live_at ?? note.at;
  const remove = make("button", "button", t("inspect.remove"));
  remove.type = "button";
  const element = make("li", "", make("strong", "", duration(note.at - begun)), make("span", "text", note.text), remove);
  remove.addEventListener("click", async () => {
    const response = await post(`/inspect/${look.boot.lesson.id}/notes/${note.id}/remove`, {});
    if (response?.ok) element.remove();
  });
  return element;
}

/**
 * @param {string} url
 * @param {Record<string, string>} fields
 */
function post(url, fields) {
  const headers = { "X-CSRF-Token": boot.csrf, Accept: "application/json" };
  return fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) }).catch(() => null);
}
