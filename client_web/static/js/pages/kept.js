/** The lessons this device keeps: where a browser without network starts from. */
import { readBoot } from "../boot.js";
import { load, t, timeOfDay } from "../i18n.js";
import { openKeeping } from "../offline/keeping.js";
import { byId, make, setText, useIcons } from "../views/dom.js";

const boot = readBoot();
useIcons(boot.icons);
await load(boot.locale);
const keeping = await openKeeping();
const [lessons, marks] = keeping ? await Promise.all([keeping.vault.all(), keeping.store.all("outbox")]).catch(() => [[], []]) : [[], []];

byId("lessons").replaceChildren(...lessons.map(line));
const known = new Set(lessons.map(({ lesson, holder }) => `${lesson.id} ${holder}`));
const others = marks.filter(({ lesson, holder }) => !known.has(`${lesson} ${holder}`)).length;
setText(byId("state"), lessons.length ? t("offline.list.words") : t(keeping ? "offline.list.none" : "offline.reach.none"));
byId("home").hidden = !navigator.onLine;
setText(byId("others"), others ? t("offline.list.others", { n: others }) : "");

/** @param {import("../offline/vault.js").Kept} kept */
function line({ lesson, you, admission, holder, starts_at }) {
  const link = make("a", "button big", starts_at === null ? lesson.name : `${timeOfDay(starts_at)} ${lesson.name}`);
  link.href = `/assist/${encodeURIComponent(lesson.id)}?${new URLSearchParams({ a: admission })}`;
  const n = marks.filter((one) => one.lesson === lesson.id && one.holder === holder && !one.refused).length;
  return make("li", "", link, make("span", "quiet", [you.name, n ? t("offline.waiting", { n }) : ""].filter(Boolean).join(" · ")));
}
