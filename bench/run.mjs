// Runs a benchmark: node bench/run.mjs NAME [arguments]. Benchmarks are TypeScript in this folder; they are bundled on the
// fly and run against the built dist/, as a user of the package would.
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const name = process.argv[2];
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'));
if (!name || !names.includes(name)) {
  console.error(`usage: node bench/run.mjs NAME [arguments]; NAME is one of ${names.join(', ')}`);
  process.exit(2);
}
const outfile = join(folder, '../build/bench', `${name}.mjs`);
mkdirSync(dirname(outfile), { recursive: true });
await build({
  entryPoints: [join(folder, `${name}.ts`)],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
  plugins: [
    {
      name: 'dist',
      setup({ onResolve }) {
        onResolve({ filter: /\/src\/.*\.js$/ }, ({ path }) => ({
          path: pathToFileURL(join(folder, '..', 'dist', path.replace(/^.*\/src\//, ''))).href,
          external: true,
        }));
      },
    },
  ],
});
process.argv.splice(1, 2, outfile);
await import(pathToFileURL(outfile).href);
