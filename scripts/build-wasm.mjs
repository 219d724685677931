// Compiles src/kernels/assembly with AssemblyScript and writes src/kernels/generated/modules.ts: each module as base64,
// so that Node, workers and browsers instantiate it without reading a file. The tiles come from tiles.mjs.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { tilesSource } from './tiles.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/generated/modules.ts');

const newest = Math.max(
  ...['build-wasm.mjs', 'tiles.mjs'].map((name) => statSync(join(root, 'scripts', name)).mtimeMs),
  ...readdirSync(sources, { recursive: true }).map((name) => statSync(join(sources, name)).mtimeMs),
);
const existing = statSync(target, { throwIfNoEntry: false });
if (existing && existing.mtimeMs > newest) process.exit(0);

const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--use', 'abort=', '--enable', 'simd'];
const shared = ['--sharedMemory', '--enable', 'threads', '--maximumMemory', '65536'];
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
  return Buffer.from(binary).toString('base64');
}

const fused = ['--enable', 'relaxed-simd'];
const variants = {
  plain: { fused: false, flags: [] },
  plainShared: { fused: false, flags: shared },
  relaxed: { fused: true, flags: fused },
  relaxedShared: { fused: true, flags: [...fused, ...shared] },
};
let text = '// Built by scripts/build-wasm.mjs; not committed.\n';
for (const [name, variant] of Object.entries(variants)) {
  text += `export const ${name} =\n  '${await compile(variant)}';\n`;
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(`${target}.new`, text);
renameSync(`${target}.new`, target);
