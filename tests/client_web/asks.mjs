/**
 * Asks the pages' own pure functions: `node asks.mjs` reads `[{module, name, args, answer}]` on standard input, `module` below
 * `static/js/`, and ends with 1 at the first answer that differs from the server's. Prints how many it asked.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const questions = JSON.parse(readFileSync(0, "utf8"));
for (const { module, name, args, answer } of questions) {
  const functions = await import(`../../client_web/static/js/${module}`);
  assert.deepStrictEqual(functions[name](...args), answer, `${module} ${name} of ${JSON.stringify(args)}`);
}
process.stdout.write(String(questions.length));
