/**
 * Folds boards with the pages' own module: `node board_logs.mjs` reads `[{start, steps: [{event, board, hash}]}]` on standard input and
 * ends with 1 at the first board, or word for one, that differs from the server's.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { boardHash } from "../../client_web/static/js/board/digest.js";
import { fold } from "../../client_web/static/js/fold.js";

let events = 0;
for (const { start, steps } of JSON.parse(readFileSync(0, "utf8"))) {
  let state = start;
  for (const step of steps) {
    state = fold(state, step.event);
    assert.deepStrictEqual(state.board, step.board, `after ${JSON.stringify(step.event)}`);
    assert.equal(boardHash(state.board), step.hash);
    events += 1;
  }
}
process.stdout.write(String(events));
