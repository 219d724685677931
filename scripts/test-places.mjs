// Tries the packed memcell where TypeScript runs: bundled by what people bundle with and opened in Chromium, on Deno, Bun and
// workerd, typechecked by an old TypeScript and the newest, required, and as a bundled command line.
//     node scripts/test-places.mjs [NAME ...]
// Everything comes from the npm registry. Ends with 1 when anything fails, each with its reason.
import { bundlers } from './places/bundlers.mjs';
import { prepare } from './places/project.mjs';
import { runtimes } from './places/runtimes.mjs';

const checks = { ...runtimes, ...bundlers };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const unknown = wanted.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) throw new Error(`no ${unknown.join(', ')} here; there are ${Object.keys(checks).join(', ')}`);

const seconds = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`;
const start = performance.now();
prepare();
console.log(`installed in ${seconds(start)}`);
const failed = [];
for (const name of wanted) {
  const from = performance.now();
  try {
    console.log(`${name}: ${await checks[name]()}, ${seconds(from)}`);
  } catch (error) {
    failed.push(name);
    console.error(`${name} FAILED after ${seconds(from)}: ${error.message}`);
  }
}
console.log(`${wanted.length - failed.length} of ${wanted.length} places work, ${seconds(start)}`);
if (failed.length > 0) {
  console.error(`memcell does not work with: ${failed.join(', ')}`);
  process.exit(1);
}
