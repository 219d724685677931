// Bundles memcell's own modules for browsers, dist/index.js and dist/predict.js → dist/browser/, as package.json's exports give it to bundlers: no
// module of Node's, no worker threads, of the kernels the one that a page needs. Packages stay imports. Ends with an error for an
// import of Node's that is not expected.
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outdir = join(root, 'dist/browser');

/** Own modules that only work on Node; each is reached by a dynamic import behind a check. */
const NODE_ONLY = [
  'formats/file.js',
  'formats/folder.js',
  'formats/backupFolder.js',
  'tasks/fitJournal.js',
  'data/duckdb.js',
  'data/paths.js',
];

/** A module that has the same names, all of them undefined: some bundlers refuse to take a name from a module that has it not. */
const withoutValues = (names) =>
  names
    .filter((name) => name !== 'default')
    .map((name) => `export const ${name} = undefined;\n`)
    .concat('export default undefined;')
    .join('');
const namesOf = (file) =>
  [...readFileSync(file, 'utf8').matchAll(/^export (?:async )?(?:function|class|const)\*? (\w+)/gm)].map(
    ([, name]) => name,
  );

/** Whoever wants tfjs's wasm backend imports it, which registers it. */
const REPLACED = { 'csv-parse/sync': 'csv-parse/browser/esm/sync' };

const forBrowsers = {
  name: 'for browsers',
  setup({ onResolve, onLoad }) {
    const stub = (path, contents) => ({ path, namespace: 'stub', pluginData: contents });
    onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir }) => {
      if (kind === 'entry-point') return undefined;
      if (path.startsWith('.')) {
        const file = join(resolveDir, path).slice(join(root, 'dist/').length);
        if (file === 'kernels/binaries.js') return { path: join(root, 'dist/kernels/binariesOnDemand.js') };
        return NODE_ONLY.includes(file) ? stub(file, withoutValues(namesOf(join(root, 'dist', file)))) : undefined;
      }
      if (path.startsWith('node:')) {
        if (kind === 'dynamic-import') return stub(path, withoutValues(Object.keys(await import(path))));
        return {
          errors: [{ text: `${basename(importer)} imports ${path} when it is loaded; import it in a function` }],
        };
      }
      // Pages have a document of their own.
      if (path === 'linkedom') return stub(path, withoutValues(['parseHTML']));
      if (path === '@tensorflow/tfjs-backend-wasm') return stub(path, withoutValues([]));
      return { path: REPLACED[path] ?? path, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ pluginData }) => ({ contents: pluginData, resolveDir: root }));
  },
};

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['index.js', 'predict.js'].map((entry) => join(root, 'dist', entry)),
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  sourcemap: true,
  // Else bundlers look for the worker's file.
  define: { 'import.meta.url': 'undefined' },
  metafile: true,
  logLevel: 'warning',
  plugins: [forBrowsers],
});
if (process.argv.includes('--list')) {
  const outputs = Object.values(metafile.outputs);
  const imports = new Set(
    outputs.flatMap(({ imports: all }) => all.filter(({ external }) => external).map(({ path }) => path)),
  );
  console.log([...imports].sort().join('\n'));
  for (const [name, { bytes }] of Object.entries(metafile.outputs))
    if (!name.endsWith('.map')) console.log(name, bytes);
}
