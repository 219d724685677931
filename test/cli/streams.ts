import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { run } from '../../src/cli/main.js';

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** Runs a command line in this process. */
export async function memcell(...argv: string[]): Promise<Outcome> {
  return watched(() => {}, ...argv);
}

/** The same; `onStderr` sees what it says as it comes. */
export async function watched(onStderr: (text: string) => void, ...argv: string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await run(argv, {
    stdout: {
      write: (text: string) => {
        out += text;
      },
    },
    stderr: {
      write: (text: string) => {
        err += text;
        onStderr(text);
      },
    },
  });
  return { code, out, err };
}

/** Runs it in a process of its own; `onStderr` sees what it says as it comes. */
export function memcellProcess(
  argv: string[],
  onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Outcome> {
  const bin = fileURLToPath(new URL('../../bin/memcell.js', import.meta.url));
  const child = spawn(process.execPath, [bin, ...argv], { env: { ...process.env, NODE_OPTIONS: '' } });
  const result = { code: -1, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    result.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    result.err += chunk;
    onStderr(String(chunk), (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...result, code: code ?? -1 }));
  });
}

/** A folder of this test file's own, removed at its end; in memory if that is wished and can be. */
export function temporaryFolder(wish?: 'in memory'): string {
  const folder = mkdtempSync(join(wish && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'memcell-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file and gives its path. */
export function file(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A regular series of n rows: date, value, other. */
export function seriesCsv(n: number, change: (row: string, i: number) => string = (row) => row): string {
  const rows = Array.from({ length: n }, (_, i) => {
    const date = new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
    return change(`${date},${(10 + 5 * Math.sin(i / 3)).toFixed(3)},${(i * 7) % 11}`, i);
  });
  return `date,value,other\n${rows.join('\n')}\n`;
}
