/**
 * Folds logs with the pages' own module: `node fold_logs.mjs` reads `[{start, steps: [{event, state}]}]` on standard input and
 * ends with 1 at the first state that differs from the server's.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { fold } from "../../client_web/static/js/fold.js";

let events = 0;
for (const { start, steps } of JSON.parse(readFileSync(0, "utf8"))) {
  let state = start;
  for (const step of steps) {
    state = fold(state, step.event);
    assert.deepStrictEqual(state, step.state, `after ${JSON.stringify(step.event)}`);
    events += 1;
  }
}
process.stdout.write(String(events));
