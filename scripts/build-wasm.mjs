// Compiles src/kernels/assembly with AssemblyScript and writes each module as base64 to src/kernels/generated/,
// so that Node, workers and browsers instantiate it without reading a file. The tiles come from tiles.mjs. Beside them what
// it exports and its job records, as TypeScript (kernel-signatures.mjs).
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { fieldsSource, functionsSource } from './kernel-signatures.mjs';
import { tilesSource } from './tiles.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/generated');

const newest = Math.max(
  ...['build-wasm.mjs', 'kernel-signatures.mjs', 'tiles.mjs'].map(
    (name) => statSync(join(root, 'scripts', name)).mtimeMs,
  ),
  ...readdirSync(sources, { recursive: true }).map((name) => statSync(join(sources, name)).mtimeMs),
);
const fused = ['--enable', 'relaxed-simd'];
const variants = {
  plain: { fused: false, flags: [] },
  relaxed: { fused: true, flags: fused },
};
const jobs = {
  attention: { file: 'attention/job.ts', name: 'Attention', constant: 'ATTENTION_FIELDS' },
  recurrence: { file: 'recurrence.ts', name: 'Recurrence', constant: 'RECURRENCE_FIELDS' },
};
const fileOf = (name) => join(target, `${name}.ts`);
const built = [...Object.keys(variants), 'functions', ...Object.keys(jobs)].map(
  (name) => statSync(fileOf(name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
);
if (Math.min(...built) > newest) process.exit(0);

const common = [
  '--bindings',
  'raw',
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--use',
  'abort=',
  '--enable',
  'simd',
];
const DATA_SECTION = 11;

/** Ids of a module's sections. */
function sections(binary) {
  const ids = [];
  let position = 8;
  while (position < binary.length) {
    ids.push(binary[position++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[position++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    position += size;
  }
  return ids;
}

async function compile({ fused, flags }) {
  let binary;
  let declarations;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'module.wasm', ...common, ...flags], {
    readFile: (name, base) => {
      if (name === 'tiles.ts') return tilesSource(fused);
      try {
        return readFileSync(join(base === '.' ? sources : base, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
      if (name.endsWith('.d.ts')) declarations = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  // A data segment would overwrite what lies at its address in the memory of the importer.
  if (sections(binary).includes(DATA_SECTION)) throw new Error('the kernel module must have no data section');
  if (!Buffer.from(binary).includes('env\x06memory\x02\x00\x00'))
    throw new Error('the memory is not imported as kernels/module.ts replaces it');
  return { base64: Buffer.from(binary).toString('base64'), functions: functionsSource(declarations, sources) };
}

const compiled = {};
for (const [name, variant] of Object.entries(variants)) compiled[name] = await compile(variant);
if (compiled.plain.functions !== compiled.relaxed.functions) throw new Error('the two modules export other functions');
const texts = {
  functions: compiled.plain.functions,
  ...Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, fieldsSource(sources, job)])),
  ...Object.fromEntries(Object.entries(compiled).map(([name, { base64 }]) => [name, `export default '${base64}';\n`])),
};
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [name, text] of Object.entries(texts)) {
  writeFileSync(`${fileOf(name)}.new`, `// Built by scripts/build-wasm.mjs; not committed.\n${text}`);
  renameSync(`${fileOf(name)}.new`, fileOf(name));
}
