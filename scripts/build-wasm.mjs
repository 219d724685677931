// Compiles src/kernels/assembly with AssemblyScript and writes each module as base64 to src/kernels/generated/,
// so that Node, workers and browsers instantiate it without reading a file. The tiles come from tiles.mjs.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { tilesSource } from './tiles.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/generated');

const newest = Math.max(
  ...['build-wasm.mjs', 'tiles.mjs'].map((name) => statSync(join(root, 'scripts', name)).mtimeMs),
  ...readdirSync(sources, { recursive: true }).map((name) => statSync(join(sources, name)).mtimeMs),
);
const fused = ['--enable', 'relaxed-simd'];
const variants = {
  plain: { fused: false, flags: [] },
  relaxed: { fused: true, flags: fused },
};
const fileOf = (name) => join(target, `${name}.ts`);
const built = Object.keys(variants).map((name) => statSync(fileOf(name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
if (Math.min(...built) > newest) process.exit(0);

const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--use', 'abort=', '--enable', 'simd'];
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
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  // A data segment would overwrite what lies at its address in the memory of the importer.
  if (sections(binary).includes(DATA_SECTION)) throw new Error('the kernel module must have no data section');
  if (!Buffer.from(binary).includes('env\x06memory\x02\x00\x00'))
    throw new Error('the memory is not imported as kernels/module.ts replaces it');
  return Buffer.from(binary).toString('base64');
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [name, variant] of Object.entries(variants)) {
  const text = `// Built by scripts/build-wasm.mjs; not committed.\nexport default '${await compile(variant)}';\n`;
  writeFileSync(`${fileOf(name)}.new`, text);
  renameSync(`${fileOf(name)}.new`, fileOf(name));
}
