import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { onSignals } from '../../src/cli/signals.js';
import { file, memcell, memcellProcess, seriesCsv, temporaryFolder } from './streams.js';

const bin = fileURLToPath(new URL('../../bin/memcell.js', import.meta.url));
const folder = temporaryFolder();
const series = file(folder, 'series.csv', seriesCsv(300));
const model = join(folder, 'model');
const forecast = ['train', series, '--forecast', 'value', '--plain', '--window', '6'];

beforeAll(async () => {
  const { code } = await memcell(...forecast, '--epochs', '1', '--out', model);
  expect(code).toBe(0);
});

describe('a process of its own', () => {
  it.each([
    ['train', [...forecast, '--epochs', '2', '--out', join(folder, 'json')]],
    ['predict', ['predict', model]],
    ['evaluate', ['evaluate', model, series]],
    ['summary', ['summary', model]],
    ['check', ['check', '--shape', '2,3,4,5']],
  ])(
    '%s --json prints one JSON document on standard output, and on standard error its own lines only',
    async (_, argv) => {
      const { code, out, err } = await memcellProcess([...argv, '--json']);
      expect(code).toBe(0);
      expect(out.endsWith('\n')).toBe(true);
      expect(Object.keys(JSON.parse(out)).length).toBeGreaterThan(1);
      for (const line of err.split('\n'))
        expect(line).toMatch(/^(|(data|time|target|feature|note|warning:|the|training) .*|epoch \d+\/\d+ {2}loss .*)$/);
    },
  );

  it('an error is one line on standard error, with --json also the one document on standard output', async () => {
    const missing = join(folder, 'missing');
    const message = `${missing}: no such model folder`;
    expect(await memcellProcess(['predict', missing])).toEqual({ code: 1, out: '', err: `memcell: ${message}\n` });
    expect(await memcellProcess(['predict', missing, '--json'])).toEqual({
      code: 1,
      out: `${JSON.stringify({ error: { code: 'model', message } })}\n`,
      err: `memcell: ${message}\n`,
    });
    const { code, err } = await memcellProcess(['predict', missing, '--debug']);
    expect(code).toBe(1);
    expect(err).toMatch(/^memcell: .*\nMemcellError: .*\n {4}at /);
  });

  it('trains on standard input, which is read once, and has a page of it without gates', () => {
    const [out, page] = [join(folder, 'piped'), join(folder, 'piped.html')];
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'up' : 'down'}\n`);
    const layers = ['--layers', 'LSTM(1), Dense(2, softmax)', '--plain', '--epochs', '1'];
    const argv = [bin, 'train', '-', '--classify', 'kind', ...layers, '--out', out, '--report', page, '--json'];
    const { status, stdout } = spawnSync(process.execPath, argv, {
      encoding: 'utf8',
      input: `a,b,kind\n${rows.join('')}`,
      env: { ...process.env, NODE_OPTIONS: '' },
      timeout: 30_000,
    });
    const { data, samples, heldOut, report } = JSON.parse(stdout);
    expect([status, data, samples + heldOut, report]).toEqual([0, '-', 40, page]);
    const text = readFileSync(page, 'utf8');
    expect([text.includes('id="confusion"'), text.includes('id="gates')]).toEqual([true, false]);
  });

  it('ends quietly when its reader goes away', () => {
    const piped = `"${process.execPath}" "${bin}" train --help | true; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync('bash', ['-c', piped], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('says where nothing can be written to standard output, and fails', () => {
    const out = openSync(series, 'r');
    const { status, stderr } = spawnSync(process.execPath, [bin, 'train', '--help'], {
      stdio: ['ignore', out, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(out);
    expect([status, stderr]).toEqual([1, 'memcell: standard output cannot be written (EBADF)\n']);
  });
});

describe('asked to end while training', () => {
  const endless = [...forecast, '--epochs', '1000000'];
  /** Sends a signal when training has begun. */
  const endedBy = (signal: NodeJS.Signals, argv: string[]) => {
    let sent = false;
    return memcellProcess(argv, (text, kill) => {
      if (sent || !text.includes('training ')) return;
      sent = true;
      setTimeout(() => kill(signal), 1500);
    });
  };

  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s: stops after the batch, saves what there is, says so, and exits with %i', async (signal, exit) => {
    const out = join(folder, signal);
    const { code, err } = await endedBy(signal, [...endless, '--out', out]);
    expect(code).toBe(exit);
    expect(err).toContain('stopping after this batch; Ctrl-C again quits without saving\n');
    expect(err).toMatch(
      /\nmemcell: interrupted in epoch \d+; what was trained by then is saved in .*SIG\w+; --resume goes on from there\n$/,
    );
    expect(readdirSync(out).sort()).toEqual(['model.json', 'weights.bin']);
    expect((await memcell('predict', out)).code).toBe(0);
  });

  it('with --json the document says so too', async () => {
    const out = join(folder, 'interrupted-json');
    const { code, out: printed } = await endedBy('SIGTERM', [...endless, '--out', out, '--json']);
    expect(code).toBe(143);
    const result = JSON.parse(printed);
    expect(result.ended).toBe('interrupted');
    expect(result.history.loss).toHaveLength(result.epochs);
    expect(result.epochs).toBeGreaterThan(0);
  });

  it('the recipe too keeps what was fitted by then', async () => {
    const out = join(folder, 'recipe');
    const { code, err } = await endedBy('SIGINT', [
      'train',
      series,
      '--forecast',
      'value',
      '--epochs',
      '100000',
      '--out',
      out,
    ]);
    expect(code).toBe(130);
    expect(err).toMatch(/\nmemcell: interrupted in checkpoint \d+; what was trained by then is saved in /);
    expect((await memcell('predict', out)).code).toBe(0);
  });

  it('while it reads, a signal ends it at once: there is nothing to save', async () => {
    const out = join(folder, 'reading');
    const child = spawn(process.execPath, [bin, 'train', '-', '--forecast', 'value', '--out', out], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Standard input has no end: who waits for it waits for ever.
    child.stdin.write(seriesCsv(300));
    setTimeout(() => child.kill('SIGTERM'), 2500);
    const ended = await new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    expect(ended).toBe('SIGTERM');
    expect(existsSync(out)).toBe(false);
  });

  it('in a long calculation that is no training, it ends soon, and says that there is nothing to save', async () => {
    const out = join(folder, 'smoothing');
    const rows = Array.from({ length: 700 }, (_, s) =>
      Array.from({ length: 60 }, (_, t) => `${2000 + t},s${s},${10 + (t % 7) + Math.sin(t * t + s)}`).join('\n'),
    );
    const many = file(folder, 'many.csv', `time,name,value\n${rows.join('\n')}\n`);
    let sent = false;
    const argv = ['train', many, '--forecast', 'value', '--group', 'name', '--horizon', '2', '--out', out];
    const { code, err } = await memcellProcess(argv, (text, kill) => {
      if (sent || !text.includes('exponential smoothing')) return;
      sent = true;
      kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(err).toContain('\nmemcell: interrupted before all series were smoothed; nothing is fitted yet\n');
    expect(existsSync(out)).toBe(false);
  });

  it('the first of whatever kind is the last that is listened for, and says the code', () => {
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const listening = () => names.map((name) => process.listenerCount(name));
    const before = listening();
    for (const [name, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      let firsts = 0;
      const signals = onSignals(() => void firsts++);
      signals.listen();
      expect(listening()).toEqual(before.map((count) => count + 1));
      process.emit(name, name);
      expect(listening()).toEqual(before);
      signals.listen();
      signals.interrupt();
      expect([firsts, signals.code(), signals.signal.aborted, listening()]).toEqual([1, code, true, before]);
    }
  });

  it('before training begins, and twice, ends the process with nothing written', async () => {
    const out = join(folder, 'killed');
    let sent = false;
    // The first signal's note is printed by the listener, which is then gone: the second signal finds none.
    const { code } = await memcellProcess(
      [...endless, '--batch-size', '300', '--layers', 'LSTM(512), Dense(1)', '--out', out],
      (text, kill) => {
        if (text.includes('stopping after this batch')) kill('SIGTERM');
        if (sent || !text.includes('training ')) return;
        sent = true;
        kill('SIGINT');
      },
    );
    if (code === -1) expect(existsSync(out)).toBe(false);
    else expect(code).toBe(130);
  });
});
