// Compiles src/kernels/assembly with AssemblyScript and writes src/kernels/generated/modules.ts: each module as base64,
// so that Node, workers and browsers instantiate it without reading a file.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src/kernels/assembly');
const target = join(root, 'src/kernels/generated/modules.ts');

const newest = Math.max(
  statSync(fileURLToPath(import.meta.url)).mtimeMs,
  ...readdirSync(sources, { recursive: true }).map((name) => statSync(join(sources, name)).mtimeMs),
);
const existing = statSync(target, { throwIfNoEntry: false });
if (existing && existing.mtimeMs > newest) process.exit(0);

const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--use', 'abort=', '--enable', 'simd'];
const variants = {
  plain: [],
  relaxed: ['--enable', 'relaxed-simd', '--use', 'FUSED=1'],
};
const shared = ['--sharedMemory', '--enable', 'threads', '--maximumMemory', '65536'];

async function compile(flags) {
  let binary;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'module.wasm', ...common, ...flags], {
    readFile: (name, base) => {
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
  return Buffer.from(binary).toString('base64');
}

let text = '// Built by scripts/build-wasm.mjs; not committed.\n';
for (const [name, flags] of Object.entries(variants)) {
  text += `export const ${name} =\n  '${await compile(flags)}';\n`;
  text += `export const ${name}Shared =\n  '${await compile([...flags, ...shared])}';\n`;
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, text);
