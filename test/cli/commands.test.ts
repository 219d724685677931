import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Add, Dense, Input, Model } from '../../src/index.js';
import { file, memcell, seriesCsv, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const series = file(folder, 'series.csv', seriesCsv(120));
const counting = file(folder, 'counting.txt', '0 1 2 3 4 '.repeat(12));
const poem = file(folder, 'poem.txt', 'tick tock goes the clock\n'.repeat(40));
const shapes = file(
  folder,
  'shapes.csv',
  `a,b,c,d,"the ""shape"", of it"\n${'1,2,3,4,up\n4,3,2,1,down\n1,3,2,4,up\n4,2,3,1,down\n'.repeat(15)}`,
);
const models = {
  forecast: join(folder, 'forecast'),
  symbols: join(folder, 'symbols'),
  text: join(folder, 'text'),
  classify: join(folder, 'a folder'),
};

/** What a command prints with --json, which must be all that it prints on standard output. */
async function json(...argv: string[]) {
  const { code, out } = await memcell(...argv, '--json');
  expect(code).toBe(0);
  expect(out.trimEnd()).not.toContain('\n');
  return JSON.parse(out);
}

beforeAll(async () => {
  const forecast = ['--forecast', 'value', '--features', 'value', '--plain', '--window', '6', '--horizon', '2'];
  const settings = ['--epochs', '2', '--batch-size', '16', '--seed', '3', '--layers', 'LSTM(4), Dense(2)'];
  const outcomes = [
    await memcell('train', series, ...forecast, ...settings, '--out', models.forecast),
    await memcell(
      'train',
      counting,
      '--symbols',
      '--plain',
      '--epochs',
      '60',
      '--layers',
      'LSTM(16), Dense(5, softmax)',
      '--out',
      models.symbols,
    ),
    await memcell('train', poem, '--text', '--plain', '--window', '10', '--epochs', '20', '--out', models.text),
    await memcell(
      'train',
      shapes,
      '--classify',
      'the "shape", of it',
      '--plain',
      '--epochs',
      '15',
      '--out',
      models.classify,
    ),
  ];
  for (const { code, err } of outcomes) expect([code, err.match(/^memcell:.*/m)]).toEqual([0, null]);
});

describe('train', () => {
  it('says what was trained, how good it is beside the naive forecast, where it is and what comes next', async () => {
    const out = join(folder, 'told');
    const {
      code,
      out: printed,
      err,
    } = await memcell(
      ...['train', series, '--forecast', 'value', '--plain', '--window', '6', '--epochs', '3', '--out', out],
    );
    expect(code).toBe(0);
    const time = /in \d+\.\d s$/m;
    expect(printed).toMatch(time);
    const lines = printed.replaceAll(folder, 'F').replace(time, 'in 0.1 s').split('\n');
    expect(lines[0]).toBe(
      'trained LSTM(32), Dense(1) (4513 parameters) on F/series.csv: 90 samples, 3 epochs in 0.1 s',
    );
    expect(lines[1]).toMatch(/^24 forecasts, held out +MAE +RMSE +sMAPE +MASE$/);
    expect(lines[2]).toMatch(/^value +\d\.\d+ +\d\.\d+ +\d+\.\d % +\d\.\d+$/);
    expect(lines[3]).toMatch(/^ {2}naive \(the last value\) +\d\.\d+ +\d\.\d+/);
    expect(lines[4]).toMatch(/^ {2}seasonal naive \(7 rows before\)/);
    expect(lines[5]).toMatch(/^ {2}drift/);
    expect(lines[6]).toMatch(/^(no|\d+ %) better than the best simple guess \(.*naive/);
    expect(lines.slice(-2)).toEqual(['saved in F/told; next: memcell predict F/told', '']);
    expect(err.replaceAll(folder, 'F').split('\n')).toEqual([
      'data     F/series.csv: 120 rows',
      'time     date (yyyy-MM-dd), 2020-01-01 to 2020-04-29, step 1 day, season 7',
      'target   value: number',
      'feature  other: number',
      'training LSTM(32), Dense(1) on 90 samples, 24 more held out',
      ...[1, 2, 3].map((epoch) =>
        expect.stringMatching(
          new RegExp(`^epoch ${epoch}/3 {2}loss [\\d.]+ {2}mae [\\d.]+ {2}val_loss [\\d.]+ {2}val_mae [\\d.]+$`),
        ),
      ),
      '',
    ]);
    expect(readdirSync(out).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('--json prints one document with the history, the evaluation and the settings', async () => {
    const out = join(folder, 'json');
    const result = await json(
      ...[
        'train',
        counting,
        '--symbols',
        '--plain',
        '--epochs',
        '4',
        '--batch-size',
        '8',
        '--validation-split',
        '0.25',
        '--out',
        out,
      ],
    );
    expect(result).toMatchObject({
      model: out,
      task: 'symbols',
      data: counting,
      layers: 'LSTM(50), Dense(5, softmax)',
      parameters: 10_655,
      samples: 44,
      heldOut: 15,
      epochs: 4,
      ended: 'finished',
      settings: { epochs: 4, batchSize: 8, validationSplit: 0.25, optimizer: 'adam', seed: 0 },
      evaluation: { kind: 'symbols', samples: 15 },
      warnings: [],
    });
    for (const values of Object.values(result.history)) expect(values).toHaveLength(4);
    expect(Object.keys(result.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
  });

  it('--seed governs everything: the same seed gives the same bytes', async () => {
    const bytes = async (name: string, seed: string) => {
      const out = join(folder, name);
      const { code } = await memcell(
        'train',
        counting,
        '--symbols',
        '--plain',
        '--epochs',
        '2',
        '--seed',
        seed,
        '--out',
        out,
      );
      expect(code).toBe(0);
      return readFileSync(join(out, 'weights.bin')).toString('hex');
    };
    const first = await bytes('seed-a', '5');
    expect(await bytes('seed-b', '5')).toBe(first);
    expect(await bytes('seed-c', '6')).not.toBe(first);
  });

  it('--patience stops early and says so', async () => {
    const result = await json(
      ...['train', series, '--forecast', 'value', '--plain', '--window', '6', '--epochs', '200', '--patience', '1'],
      ...['--learning-rate', '0.05', '--out', join(folder, 'patient')],
    );
    expect(result.ended).toBe('callback');
    expect(result.epochs).toBeLessThan(200);
  });

  it('--optimizer and --learning-rate are used', async () => {
    const losses = async (...options: string[]) =>
      (await json('train', counting, '--symbols', '--plain', '--epochs', '1', ...options, '--out', join(folder, 'o')))
        .history.loss[0];
    const adam = await losses();
    expect(await losses('--optimizer', 'sgd')).not.toBe(adam);
    expect(await losses('--learning-rate', '0.01')).not.toBe(adam);
  });

  it('warns of odd data on standard error and goes on', async () => {
    const sorted = file(folder, 'sorted.csv', `a,b,class\n${'1,2,x\n'.repeat(20)}${'2,1,y\n'.repeat(20)}`);
    const { code, out, err } = await memcell(
      'train',
      sorted,
      '--classify',
      'class',
      '--plain',
      '--epochs',
      '1',
      '--out',
      join(folder, 's'),
    );
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: .*shuffle the rows$/m);
    expect(out).not.toContain('warning');
  });
});

describe('predict', () => {
  it('goes on from the end of the training data, or of a file, with its dates', async () => {
    const { code, out, err } = await memcell('predict', models.forecast);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^date +value\n2020-04-30 +\d+\.\d+\n2020-05-01 +\d+\.\d+\n$/);
    const shorter = file(folder, 'shorter.csv', seriesCsv(50));
    const result = await json('predict', models.forecast, shorter, '--steps', '5');
    expect(result).toMatchObject({ model: models.forecast, task: 'forecast', columns: ['value'] });
    expect(result.rows).toHaveLength(5);
    expect(result.rows[0]).toMatchObject({ step: 1, time: '2020-02-20' });
  });

  it('writes a CSV file with seven digits', async () => {
    const to = join(folder, 'next.csv');
    const { code, out, err } = await memcell('predict', models.forecast, '--out', to);
    expect([code, out, err]).toEqual([0, '', `2 rows written to ${to}\n`]);
    const { rows } = await json('predict', models.forecast);
    const lines = rows.map(
      ({ time, values }: { time: string; values: number[] }) => `${time},${Number(values[0].toPrecision(7))}`,
    );
    expect(readFileSync(to, 'utf8')).toBe(`date,value\n${lines.join('\n')}\n`);
  });

  it('counts on from the integers given', async () => {
    expect(await memcell('predict', models.symbols, '--start', '0 1 2', '--steps', '7')).toEqual({
      code: 0,
      out: '3 4 0 1 2 3 4\n',
      err: '',
    });
    expect((await json('predict', models.symbols, counting)).symbols).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  it('tells the class of rows, and how sure it is', async () => {
    const rows = file(folder, 'rows.csv', 'a,b,c,d\n1,2,3,4\n4,3,2,1\n');
    const { code, out } = await memcell('predict', models.classify, rows);
    expect(code).toBe(0);
    expect(out).toMatch(/^row +the "shape", of it +probability\n1 +up +\d+\.\d %\n2 +down +\d+\.\d %\n$/);
    const to = join(folder, 'classes.csv');
    await memcell('predict', models.classify, rows, '--out', to);
    expect(readFileSync(to, 'utf8')).toMatch(
      /^row,"the ""shape"", of it",p\(down\),p\(up\)\n1,up,[\d.e-]+,[\d.e-]+\n2,down,/,
    );
    expect(await json('predict', models.classify, rows)).toMatchObject({ task: 'classify', classes: ['down', 'up'] });
  });

  it.each([
    ['classes without data', ['predict', models.classify], /give the DATA whose rows are to be classified/],
    [
      'steps of classes',
      ['predict', models.classify, shapes, '--steps', '2'],
      /--steps is for models trained with --forecast or --symbols, not --classify/,
    ],
    ['text', ['predict', models.text], /use memcell generate/],
    ['two starts', ['predict', models.symbols, counting, '--start', '1'], /DATA and --start/],
    ['steps that are none', ['predict', models.symbols, '--steps', '1.5'], /'--steps <N>' argument '1.5' is invalid/],
  ])('refuses %s', async (_, argv, message) => {
    const { code, out, err } = await memcell(...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('leaves nothing behind when the file cannot be written', async () => {
    const before = readdirSync(folder);
    const { code, err } = await memcell('predict', models.forecast, '--out', join(folder, 'no', 'such', 'folder.csv'));
    expect(code).toBe(1);
    expect(err).toMatch(/^memcell: .*folder\.csv: cannot be written \(ENOENT\); give another file\n$/);
    expect(readdirSync(folder)).toEqual(before);
  });
});

it('a long answer that a signal ends leaves no file', async () => {
  const before = readdirSync(folder);
  const rows = file(folder, 'many.csv', `a,b,c,d,note\n${`1,2,3,4,${'-'.repeat(150)}\n`.repeat(30_000)}`);
  const to = join(folder, 'many-classes.csv');
  const listening = process.listenerCount('SIGTERM');
  // It listens while the file is written.
  const send = (name: string | symbol) => {
    if (name === 'SIGTERM') setImmediate(() => process.emit('SIGTERM', 'SIGTERM'));
  };
  process.on('newListener', send);
  const { code, out, err } = await memcell('predict', models.classify, rows, '--out', to);
  process.removeListener('newListener', send);
  expect([code, out, err]).toEqual([143, '', `interrupted: ${to} was not written\n`]);
  rmSync(rows);
  expect(readdirSync(folder)).toEqual(before);
  expect(process.listenerCount('SIGTERM')).toBe(listening);
});

describe('evaluate', () => {
  it('tells the error of a forecast beside the naive one', async () => {
    const { code, out } = await memcell('evaluate', models.forecast, series);
    expect(code).toBe(0);
    expect(out).toMatch(/^23 forecasts of 2 steps .*\nvalue .*\n {2}naive .*\n/);
    const { evaluation } = await json('evaluate', models.forecast, series);
    expect(evaluation.targets[0].mae).toBeGreaterThan(0);
  });

  it('counts each class with its mistakes', async () => {
    const { code, out } = await memcell('evaluate', models.classify, shapes);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^60 samples: accuracy \d+\.\d %; always the most frequent class: 50\.0 %\n[\s\S]*\nclass +samples +precision +recall +F1 +→ down +→ up\n/,
    );
  });

  it.each([
    ['text', () => [models.text, poem], /^990 characters: cross-entropy [\d.]+ nats/],
    ['symbols', () => [models.symbols, counting], /^59 symbols: accuracy 100\.0 %/],
  ])('%s', async (_, argv, message) => {
    expect((await memcell('evaluate', ...argv())).out).toMatch(message);
  });
});

describe('generate', () => {
  it('goes on from the prompt, the same for the same seed', async () => {
    const options = [models.text, '--prompt', 'tick ', '--length', '20', '--temperature', '0'];
    const { code, out, err } = await memcell('generate', ...options);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe('tick tock goes the clock\n\n');
    expect(await json('generate', ...options)).toEqual({
      model: models.text,
      prompt: 'tick ',
      text: out.slice(0, -1),
      path: 'stream',
    });
    // What ends it is none of it; where it comes at once, what is left is the prompt.
    for (const [stop, text] of [
      ['go', 'tick tock '],
      ['t', 'tick '],
    ]) {
      expect(await memcell('generate', ...options, '--stop', stop)).toEqual({ code: 0, out: `${text}\n`, err: '' });
      expect((await json('generate', ...options, '--stop', stop)).text).toBe(text);
    }
    const drawn = async (seed: string) =>
      (await memcell('generate', models.text, '--temperature', '5', '--seed', seed)).out;
    expect(await drawn('1')).toBe(await drawn('1'));
    expect(await drawn('1')).not.toBe(await drawn('2'));
    expect(await drawn('1')).toHaveLength(401);
  });

  it.each([
    ['an unknown character', ['--prompt', 'Ω'], 1, /Ω/],
    ['no length', ['--length', '0'], 2, /--length/],
    ['a probability of 2', ['--top-p', '2'], 2, /--top-p .*above 0, and at most 1/],
    ['a temperature below 0', ['--temperature', '-1'], 2, /--temperature .*at least 0/],
  ])('refuses %s', async (_, options, exit, message) => {
    const { code, out, err } = await memcell('generate', models.text, ...options);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toMatch(message);
  });
});

describe('convert', () => {
  it('takes a trained task to .keras, .h5 and back to a folder, each of which predicts the same', async () => {
    const { model: _, ...expected } = await json('predict', models.forecast);
    let from = models.forecast;
    for (const to of ['m.keras', 'm.h5', 'again'].map((name) => join(folder, name))) {
      const { kept, lost, format } = await json('convert', from, to);
      expect(format).toBe({ keras: 'keras', h5: 'h5' }[to.split('.').at(-1) ?? ''] ?? 'tfjs');
      expect(lost).toEqual([]);
      expect(kept.slice(0, 2)).toEqual(['2 layers', '106 weights']);
      expect(kept[2]).toBe("loss, metrics and the optimizer's settings, without a state");
      const { model: __, ...found } = await json('predict', to);
      expect(found).toEqual(expected);
      from = to;
    }
    const { code, err } = await memcell('convert', join(folder, 'nothing.keras'), join(folder, 'x.h5'));
    expect([code, err]).toEqual([1, expect.stringMatching(/^memcell: .*nothing.keras: no such model folder\n$/)]);
    const readOnly = await memcell('convert', models.forecast, join(folder, 'x.safetensors'));
    expect([readOnly.code, readOnly.err]).toEqual([
      2,
      `memcell: ${join(folder, 'x.safetensors')}: safetensors files are read only; give a name that ends in .keras, .h5, .hdf5, .onnx, or a folder\n`,
    ]);
    expect(existsSync(join(folder, 'x.safetensors'))).toBe(false);
  });

  it('gives a model of before arrays were described what it gives one of now', async () => {
    const [older, to] = ['older', 'newer'].map((name) => join(folder, name));
    cpSync(models.forecast, older, { recursive: true });
    const metadataIn = (model: string) =>
      JSON.parse(readFileSync(join(model, 'model.json'), 'utf8')).userDefinedMetadata;
    const saved = JSON.parse(readFileSync(join(older, 'model.json'), 'utf8'));
    delete saved.userDefinedMetadata.memcell.arrays;
    writeFileSync(join(older, 'model.json'), JSON.stringify(saved));
    await json('convert', older, to);
    expect(metadataIn(to)).toEqual(metadataIn(models.forecast));
    expect(metadataIn(to).memcell.arrays).toBeDefined();
  });
});

describe('summary', () => {
  it('shows a saved model and layers written down', async () => {
    const { code, out } = await memcell('summary', models.forecast);
    expect(code).toBe(0);
    expect(out).toMatch(/lstm \(LSTM\).*\(None, 4\).*96/);
    expect(out).toContain('Total params: 106');
    const written = await json('summary', 'LSTM(50), Dense(10, softmax)', '--input-shape', '1,1');
    expect(written).toMatchObject({ inputShape: [null, 1, 1], outputShape: [null, 10], parameters: 10_910 });
    expect(
      written.layers.map((layer: { class: string; parameters: number }) => [layer.class, layer.parameters]),
    ).toEqual([
      ['LSTM', 10_400],
      ['Dense', 510],
    ]);
    expect((await memcell('summary', 'Input((3, 2)), GRU(4)')).out).toContain('gru (GRU)');
  });

  it('names inputs and outputs where there are several of either', async () => {
    const [a, b] = [Input({ shape: [3], name: 'a' }), Input({ shape: [3], name: 'b' })];
    const sum = Add({ name: 'sum' }).apply([a, b]);
    const ends = [
      [[a, b], [sum]],
      [[a], [Dense(1, { name: 'one' }).apply(a), Dense(2, { name: 'two' }).apply(a)]],
      [[a], [Dense(1, { name: 'last' }).apply(a)]],
    ] as const;
    const told = [];
    for (const [inputs, outputs] of ends) {
      const model = new Model({ inputs, outputs, seed: 1 });
      const path = join(folder, 'ends.keras');
      await model.save(path);
      model.dispose();
      const { inputs: into, outputs: out } = await json('summary', path);
      told.push([into, out]);
    }
    const end = (name: string, size: number) => ({ name, shape: [null, size] });
    expect(told).toEqual([
      [[end('a', 3), end('b', 3)], [end('sum', 3)]],
      [[end('a', 3)], [end('one', 1), end('two', 2)]],
      [undefined, undefined],
    ]);
  });

  it.each([
    ['a spec without a shape', ['LSTM(3)'], 2, /add --input-shape/],
    ['a spec that is not closed', ['LSTM(3'], 1, /not closed at character 5/],
    [
      'a shape for a saved model',
      [models.forecast, '--input-shape', '3,4'],
      2,
      /--input-shape is for layers written down/,
    ],
    ['a shape of words', ['LSTM(3)', '--input-shape', 'a,b'], 2, /--input-shape .*whole numbers above 0/],
    ['nothing', [], 2, /missing required argument 'MODEL\|SPEC'/],
  ])('refuses %s', async (_, argv, exit, message) => {
    const { code, out, err } = await memcell('summary', ...argv);
    expect([code, out]).toEqual([exit, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

describe('check', () => {
  it('compares the shapes that are given', async () => {
    const { code, out, err } = await memcell('check', '--shape', '2,3,4,5', '--shape', '1,2,1,9');
    expect([code, err]).toEqual([0, '']);
    const [speed, ...lines] = out.trimEnd().split('\n');
    expect(speed).toMatch(/^kernels: (plain|relaxed|wide) \(wide (on|off): .+\)$/);
    expect(lines[0]).toMatch(/^cell +backend +B +T +I +U +forward +dx +dkernel +drecurrent +dbias +dh0 +dc0 +trained$/);
    const others = ['LSTM, other activations', 'GRU', 'GRU, reset after', 'SimpleRNN'];
    const compared = lines.slice(1, -1).map((line) => line.split(/ {2,}/).slice(0, 6).join(' '));
    expect(compared).toEqual([
      ...['LSTM', ...others].flatMap((cell) => [`${cell} wasm 2 3 4 5`, `${cell} wasm 1 2 1 9`]),
      'LSTM cpu 2 3 4 5',
      'LSTM cpu 1 2 1 9',
    ]);
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/ {2}ok$/);
    expect(lines.at(-1)).toBe('12 comparisons, all within the tolerance');
  });

  it('--json prints the report', async () => {
    const report = await json('check', '--shape', '2,3,4,5');
    expect(report.passed).toBe(true);
    expect(report.speed === 'wide').toBe(report.wide.enabled);
    expect(report.rows[0].differences.forward.scaled).toBeLessThan(1e-5);
  });

  it('refuses three sizes', async () => {
    expect((await memcell('check', '--shape', '1,2,3')).code).toBe(2);
  });
});

it('no command leaves other files than those it was asked for', () => {
  for (const name of readdirSync(folder)) expect(name).not.toMatch(/\.new$|\.tmp|\d{5,}$/);
  expect(existsSync('model')).toBe(false);
});
