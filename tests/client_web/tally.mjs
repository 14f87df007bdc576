/** `node tally.mjs` reads `[quiz part]` on standard input and writes, of each, card → `{rooms, total}`. */
import { readFileSync } from "node:fs";

import { tally, total } from "../../client_web/static/js/fold/tally.js";

const parts = JSON.parse(readFileSync(0, "utf8"));
const sums = (part) => Object.fromEntries(Object.keys(part.cards).map((quiz) => [quiz, { rooms: tally(part, quiz), total: total(part, quiz) }]));
process.stdout.write(JSON.stringify(parts.map(sums)));
