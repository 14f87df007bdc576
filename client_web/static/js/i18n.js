/** Sentences for scripts: the same catalogue as the templates', fetched as JSON. */

/** @type {Record<string, string>} */
let catalogue = {};

/** @param {Record<string, string>} entries */
export function install(entries) {
  catalogue = entries;
}

/**
 * A page must come up even if this one file does not: keys are then shown.
 * @param {string} url
 */
export async function load(url) {
  try {
    const response = await fetch(url);
    if (response.ok) install(await response.json());
  } catch {
    // Offline at the first request; the next load has it.
  }
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [params] for `%(name)s`
 * @returns {string}
 */
export function t(key, params = {}) {
  return (catalogue[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => String(params[name] ?? ""));
}

/**
 * @param {import("./refused.js").Refused} error
 * @param {string} lang
 * @returns {string}
 */
export function explain(error, lang) {
  const key = `error.${error.code}`;
  return key in catalogue ? t(key, error.params) : (error.sentences[lang] ?? t("error.internal"));
}

/** The school's time zone, as the page says; a PC's own may be set wrong, and the timetable's times must agree with it. */
const zone = globalThis.document?.documentElement.dataset.zone || undefined;
const clockFace = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });

/**
 * Time of day at school, 24 hours: "08:50".
 * @param {number} at UTC ms
 * @returns {string}
 */
export function timeOfDay(at) {
  return clockFace.format(at);
}

/**
 * Minutes and seconds of a stretch of time.
 * @param {number} ms
 * @returns {string}
 */
export function duration(ms) {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = `${h ? String(m).padStart(2, "0") : m}:${String(s).padStart(2, "0")}`;
  return h ? `${h}:${tail}` : tail;
}
