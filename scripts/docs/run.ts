import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { transform } from 'esbuild';

/** A folder as a reader has it who stands in the repository: examples/data, models, the command memcell and the package. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'memcell-docs-'));
  private programs = 0;

  constructor(root: string) {
    const bin = join(this.folder, '.bin');
    for (const name of [bin, join(this.folder, 'node_modules'), join(this.folder, 'pictures')]) mkdirSync(name);
    symlinkSync(root, join(this.folder, 'node_modules/memcell'), 'dir');
    symlinkSync(join(root, 'node_modules/@tensorflow'), join(this.folder, 'node_modules/@tensorflow'), 'dir');
    for (const part of ['examples/data', 'models'])
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    const memcell = join(bin, 'memcell');
    writeFileSync(memcell, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'bin/memcell.js')}" "$@"\n`);
    chmodSync(memcell, 0o755);
  }

  /** What a line of shell prints on standard output; progress, on the other, is left out. */
  command(line: string): Promise<string> {
    return this.execute('/bin/sh', ['-c', line], line);
  }

  /** What a TypeScript program prints. */
  async program(code: string): Promise<string> {
    const file = join(this.folder, `program${++this.programs}.mjs`);
    writeFileSync(file, (await transform(code, { loader: 'ts', format: 'esm' })).code);
    return this.execute(process.execPath, [file], code);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private execute(file: string, args: string[], what: string): Promise<string> {
    const { PATH = '', ...others } = process.env;
    const env = { ...others, PATH: `${join(this.folder, '.bin')}${delimiter}${PATH}`, NODE_OPTIONS: '', NO_COLOR: '1' };
    return new Promise((resolve, reject) => {
      const child = execFile(file, args, { cwd: this.folder, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${what}\nended with ${error.code ?? error.signal}\n${stdout}${stderr}`));
        else resolve(masked(stdout));
      });
      child.stdin?.end();
    });
  }
}

/** What differs from run to run: times, and spaces at the ends of lines. */
function masked(output: string): string {
  const text = output.replace(/\bin [\d.]+ (?:ms|s|min)(?: \d+ s)?\b/g, 'in … s').replace(/ +$/gm, '');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
