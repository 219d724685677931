// Runs the suites whose outcome a version of Node can change, compiled kernels and threads, on other versions than this one, at
// the speed that the command line takes there; what is JavaScript alone is the same everywhere.
//     node scripts/test-nodes.mjs [MAJOR ...]
// Their binaries come from the npm registry and are kept in node_modules/.cache. Ends with 1 when a suite fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

/** Kernels against references, each model of the engine against tfjs, workers on shared memory. */
const SUITES = [
  'test/kernels/elementwise/',
  'test/kernels/(engine|fused|module|tfjs|wide).test',
  'test/engine/(padding|plain|recurrent|stream|threadsWorkers).test',
];

const root = join(fileURLToPath(import.meta.url), '../..');
const system = process.platform === 'win32' ? 'win' : process.platform;

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error) throw error;
  return status === 0;
}

/** The path of a Node binary, installed if it is not there. */
function nodeOf(version) {
  const name = `node-${system}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/nodes', version);
  const binary = join(folder, 'node_modules', name, 'bin', system === 'win' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const npm = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      `${name}@${version}`,
    ];
    if (!run('npm', npm)) throw new Error(`node ${version} for ${system} ${process.arch} could not be installed`);
  }
  return binary;
}

const majors = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(VERSIONS);
for (const major of majors) {
  const version = VERSIONS[major];
  if (!version) {
    console.error(`no Node ${major} here; there are ${Object.keys(VERSIONS).join(', ')}`);
    process.exit(2);
  }
  const wide = Number(major) >= 24 && process.arch === 'x64';
  const speed = wide ? 'wide' : 'relaxed';
  console.log(`Node ${version}, ${speed} kernels`);
  const jest = [
    '--max-semi-space-size=64',
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    ...SUITES,
  ];
  const flags = wide ? ['--experimental-wasm-revectorize'] : [];
  if (!run(nodeOf(version), [...flags, ...jest, '--silent'], { MEMCELL_TEST_SPEED: speed })) process.exit(1);
}
