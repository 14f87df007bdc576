/** Small and alone, so that it runs while the page's other scripts still come: asks for the sentences, which then lie in the browser's cache. */
import { readBoot } from "../boot.js";

void fetch(readBoot().locale)
  .then((answer) => answer.text())
  .catch(() => {});
