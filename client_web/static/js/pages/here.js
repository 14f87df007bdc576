/** Whose page this is: the server wrote it in, or the device kept it and shows it in an empty page (S24). */
import { readBoot } from "../boot.js";
import { openKeeping } from "../offline/keeping.js";

/**
 * Leaves for the list of what is kept where it is nobody's.
 * @returns {Promise<{boot: import("../boot.js").Boot, keeping: import("../offline/keeping.js").Keeping | null, offline: boolean}>}
 *   `offline`: the page came from the device
 */
export async function bootHere() {
  const written = readBoot();
  const keeping = await openKeeping();
  if (written.lesson.id) {
    await keeping?.restore(written.lesson.id, written.admission, written.holder);
    return { boot: written, keeping, offline: false };
  }
  const kept = await keeping?.restore(location.pathname.split("/")[2], new URLSearchParams(location.search).get("a") ?? "");
  if (kept) {
    const { lesson, you, admission, holder } = kept;
    return { boot: { ...written, lesson, you, admission, holder }, keeping: keeping ?? null, offline: true };
  }
  location.replace("/assist/");
  return new Promise(() => {}); // the page is on its way out
}
