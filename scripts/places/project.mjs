// The project that memcell is tried in: the tools of test/places/package.json, installed once for each lock file, and beside
// the sources an app of its own, into whose empty folder the packed memcell is installed as anybody's npm would.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../../..');
const sources = join(root, 'test/places');
/** Outside the repository, whose packages are not to be found from there. */
const tools = join(tmpdir(), 'memcell-places');
/** A project of which memcell and what it depends on are all the packages, in a folder whose parents have the tools. */
export const app = join(tools, 'app');

const TRIES = 3;

/** What a command printed; an error with all of it when the command fails. */
export function run(command, args, { cwd = app, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** npm, again when a download fails. */
function npm(args, cwd) {
  for (let attempt = 1; ; attempt++) {
    try {
      return run('npm', [...args, '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd });
    } catch (error) {
      if (attempt === TRIES) throw error;
      console.error(`npm ${args[0]} failed, trying again: ${error.message.split('\n').slice(0, 6).join(' | ')}`);
    }
  }
}

/** Installs the tools, unless those of this lock file are there. */
export function installTools() {
  const lock = readFileSync(join(sources, 'package-lock.json'), 'utf8');
  const installed = join(tools, 'installed.json');
  mkdirSync(tools, { recursive: true });
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(sources, name), join(tools, name));
    rmSync(installed, { force: true });
    npm(['ci'], tools);
    writeFileSync(installed, lock);
  }
}

/** Installs the tools, packs memcell, and installs it into the app. */
export function prepare() {
  installTools();
  rmSync(app, { recursive: true, force: true });
  cpSync(join(sources, 'app'), app, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', tools];
  const packed = run('npm', args, { cwd: root }).trim().split('\n').at(-1);
  npm(['install', '--omit=optional', join(tools, packed)], app);
}

/** The path of a file of an installed tool. */
export function tool(path) {
  const file = join(tools, 'node_modules', path);
  if (!existsSync(file)) throw new Error(`${path} is not installed`);
  return file;
}
