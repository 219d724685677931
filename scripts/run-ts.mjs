// Runs a TypeScript program of this repository: node scripts/run-ts.mjs bench/lstm.ts [arguments]. It is bundled on the
// fly; what it imports from src/ or from 'memcell' is the built dist/, as a user of the package has it.
import { existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = process.argv[2];
if (!program || !existsSync(program)) {
  console.error('usage: node scripts/run-ts.mjs PROGRAM.ts [arguments]');
  process.exit(2);
}
const outfile = join(root, 'build', basename(dirname(resolve(program))), `${basename(program, '.ts')}.mjs`);
mkdirSync(dirname(outfile), { recursive: true });
await build({
  entryPoints: [program],
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
          path: pathToFileURL(join(root, 'dist', path.replace(/^.*\/src\//, ''))).href,
          external: true,
        }));
      },
    },
  ],
});
process.argv.splice(1, 2, outfile);
await import(pathToFileURL(outfile).href);
