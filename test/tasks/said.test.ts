/** What the functions of tasks, and models that training starts from, are refused with or say of themselves: whole lines. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { classify, forecast, loadModel, Sequential, sequential, symbols, textModel, tune } from '../../src/index.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { whyEarly } from '../../src/tasks/fitNetwork.js';
import { tasks } from '../../src/tasks/index.js';
import { openTask, readSaved } from '../../src/tasks/saved.js';
import { openStart } from '../../src/tasks/start.js';
import { runOf } from '../../src/tasks/train.js';
import { temporaryFolder } from '../formats/models.js';
import { refusal as refusalOf } from '../refusal.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const root = temporaryFolder();
beforeAll(async () => {
  await prepareBackend();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const refusal = (run: () => unknown) => refusalOf(run, (message) => message.replaceAll(root, 'R'));
const rows = Array.from({ length: 20 }, (_, i) => ({ a: i % 5, kind: 'uv'[i % 2] }));
const save = async (name: string, spec: string, options: object) => {
  const model = sequential(spec, { seed: 1, ...options });
  model.build();
  await model.save(join(root, name));
  model.dispose();
  return join(root, name);
};

describe('the functions', () => {
  test.each<[string, () => unknown]>([
    [
      "usage: forecast: the columns to forecast are given as target: 'sales' or target: ['sales', 'visits']",
      () => forecast(rows, { targets: ['a'] } as Any),
    ],
    [
      "usage: forecast: target is missing; give the column to forecast, such as { target: 'sales' }",
      () => forecast(rows, {} as Any),
    ],
    [
      "usage: forecast: target must be a column or a list of columns, not 3; give the column to forecast, such as { target: 'sales' }",
      () => forecast(rows, { target: 3 } as Any),
    ],
    [
      "usage: forecast: signal must be an AbortSignal, such as a new AbortController()'s, not 3",
      () => forecast(rows, { target: 'a', signal: 3 } as Any),
    ],
    ['usage: classify: onStage must be a function, not 3', () => classify(rows, { label: 'kind', onStage: 3 } as Any)],
    ["usage: symbols: unknown option 'epoch'; did you mean epochs?", () => symbols([1, 2, 1, 2], { epoch: 3 } as Any)],
    ['usage: text: budget must be a number above 0, not 0', () => textModel('ab', { budget: 0 })],
    ['usage: tune: the task is forecast, classify, text, symbols, not "sort"', () => tune('sort' as Any, rows as Any)],
    ['usage: tune: trials must be a whole number of at least 1, not 0', () => tune('symbols', [1, 2], { trials: 0 })],
    ['usage: tune: onTrial must be a function, not 3', () => tune('symbols', [1, 2], { onTrial: 3 } as Any)],
    ...['from', 'plain', 'callbacks', 'onStage'].map((name): [string, () => unknown] => [
      `usage: tune: it takes no ${name}; leave it out`,
      () => tune('symbols', [1, 2], { [name]: 1 } as Any),
    ]),
    ['usage: budget: -3 is not a number of seconds above 0', () => runOf({ budget: -3 }, 'data')],
    [
      'usage: budget: Infinity is not a number of seconds above 0',
      () => runOf({ budget: Number.POSITIVE_INFINITY }, 'data'),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  test.each<[unknown, string]>([
    ['', '""'],
    [3, '3'],
  ])('save takes a folder, not %j', async (folder, shown) => {
    const model = await symbols([1, 2, 1, 2, 1, 2, 1, 2], { plain: true, epochs: 1, seed: 1 });
    expect(await refusal(() => model.save(folder as Any))).toBe(`usage: save: the folder must be text, not ${shown}`);
  });
});

test.each<[object, number | undefined, string | undefined]>([
  [{ by: 'time' }, 3, 'stopped at the end of its time'],
  [{ by: 'enough' }, 3, 'stopped early: there is next to nothing left to learn'],
  [{ by: 'patience' }, 3, 'stopped early: 3 epochs without a better one; the best one is kept'],
  [{ by: 'patience' }, 1, 'stopped early: 1 epoch without a better one; the best one is kept'],
  [{ by: 'patience' }, undefined, undefined],
  [{}, 3, undefined],
])('%j with patience %j: %s', (stopped, patience, line) => {
  expect(whyEarly(stopped as Any, patience)).toBe(line);
});

describe('a model to start from', () => {
  const begins = 'starts from the weights of R/M; figures are too good where it has seen what is held out here';
  const bare =
    'R/M says nothing of columns, scaling or vocabulary: inputs are scaled and numbered by this data, in its order';
  const notes = async (spec: string, options: object) => {
    const folder = await save('M', spec, options);
    const start = await openStart(folder, 'forecast');
    return { start, notes: start.notes.map((line) => line.replaceAll(root, 'R')) };
  };

  test.each<[string, string, object, string[]]>([
    ['any', 'LSTM(2), Dense(1)', { inputShape: [3, 1] }, [begins, bare]],
    [
      'frozen layers',
      'LSTM(2, trainable=false, name=one), Dense(1), Dense(3, trainable=false, name=two)',
      { inputShape: [3, 1] },
      [begins, bare, 'R/M: frozen and left as it is: one, two'],
    ],
    [
      'stateful layers',
      'Input(batch_shape=(2, 3, 1)), LSTM(2, stateful=true), Dense(1)',
      {},
      [begins, bare, 'R/M: its layers are stateful; training starts from their weights, not from their states'],
    ],
  ])('with %s, says what it brings', async (_, spec, options, lines) => {
    expect((await notes(spec, options)).notes).toEqual(lines);
  });

  const newHead = (why: string) => `R/M: the last layer is new, the others begin with its weights: ${why}`;

  test.each<[string, string, number[][], 'softmax' | 'linear', string, string[]]>([
    ['that fits', 'LSTM(2), Dense(3)', [[3]], 'linear', 'LSTM(2), Dense(3)', []],
    [
      'of another activation',
      'LSTM(2), Dense(3, softmax)',
      [[3]],
      'linear',
      'LSTM(2), Dense(3)',
      ['R/M: its last layer is linear here; its weights are taken'],
    ],
    [
      'of other outputs',
      'LSTM(2), Dense(3)',
      [[5]],
      'softmax',
      'LSTM(2), Dense(5, softmax)',
      [newHead('it gives 3 numbers, here 5')],
    ],
    [
      'of outputs at each step',
      'LSTM(2, return_sequences=true), Dense(3)',
      [[4, 2]],
      'linear',
      'LSTM(2, return_sequences=true), Dense(2)',
      [newHead('it gives 4 × 3 numbers, here 4 × 2')],
    ],
    [
      'of as many outputs, but at each step',
      'LSTM(2, return_sequences=true), Dense(3, softmax)',
      [[3]],
      'softmax',
      'LSTM(2, return_sequences=true), Dense(3, softmax)',
      [newHead('it gives 4 × 3 numbers, here 3')],
    ],
    [
      'that fits at each step or after the last one',
      'LSTM(2), Dense(3, softmax)',
      [[4, 3], [3]],
      'softmax',
      'LSTM(2), Dense(3, softmax)',
      [],
    ],
    [
      'that fits neither at each step nor after the last one',
      'LSTM(2), Dense(3, softmax)',
      [[4, 2], [2]],
      'softmax',
      'LSTM(2), Dense(2, softmax)',
      [newHead('it gives 3 numbers, here 4 × 2')],
    ],
    [
      'that is none',
      'Dense(3, relu), GRU(2)',
      [[2]],
      'linear',
      'Dense(3, relu), GRU(2), Dense(2)',
      [newHead('it ends with GRU(2)')],
    ],
    [
      'with an activation of its own',
      'LSTM(2), Dense(3), Activation(softmax)',
      [[3]],
      'softmax',
      'LSTM(2), Dense(3), Activation(softmax)',
      [],
    ],
    [
      'with another activation of its own',
      'LSTM(2), Dense(3), Activation(softmax)',
      [[4]],
      'linear',
      'LSTM(2), Dense(4)',
      [newHead('it gives 3 numbers, here 4')],
    ],
  ])('a last layer %s', async (_, spec, outputs, activation, layers, lines) => {
    const { start } = await notes(spec, { inputShape: [4, 1] });
    // However often it is asked for, it is said once.
    for (const again of [1, 2]) {
      expect([again, start.layersFor(outputs, activation)]).toEqual([again, layers]);
      expect(start.notes.slice(2).map((line) => line.replaceAll(root, 'R'))).toEqual(lines);
    }
  });

  test('a last layer whose outputs mean something else, with options of its own', async () => {
    const { start } = await notes('LSTM(2), Dense(3, softmax)', { inputShape: [4, 1] });
    start.replaceHead('they are others');
    const layers = start.layersFor([[3]], 'softmax', 'kernel_initializer=zeros');
    expect(layers).toBe('LSTM(2), Dense(3, softmax, kernel_initializer=zeros)');
    expect(start.notes.slice(2).map((line) => line.replaceAll(root, 'R'))).toEqual([newHead('they are others')]);
    const model = sequential(layers, { inputShape: [4, 1], seed: 9 });
    model.build();
    const [, , , kernel, bias] = model.getWeights();
    start.assign(model);
    expect(model.getWeights().slice(3)).toEqual([kernel, bias]);
    expect(model.getWeights()[0]).toEqual((await loadModel(join(root, 'M'))).getWeights()[0]);
    model.dispose();
  });

  test('weights that do not fit are named, with what is needed', async () => {
    const { start } = await notes('LSTM(2, name=one), Dense(3, name=two)', { inputShape: [4, 1] });
    const assigned = (spec: string, features = 1) =>
      refusal(() => start.assign(new Sequential(sequential(spec).layers as Any, { inputShape: [4, features] })));
    expect(await assigned('LSTM(2, name=a), Dense(2, name=b), Dense(3, name=c), Dense(3, name=d)')).toBe(
      'usage: R/M: has weights for one, two; this data needs a, b, c, d; start from a model of such data',
    );
    expect(await assigned('LSTM(2, name=a), Dense(3, name=b)', 2)).toBe(
      'usage: R/M: layer one has weights [1, 8] [2, 8] [8]; this data needs [2, 8] [2, 8] [8]; start from a model of such data',
    );
  });

  test('one without weights is refused', async () => {
    const folder = await save('none', 'Flatten()', { inputShape: [4, 1] });
    expect(await refusal(() => openStart(folder, 'forecast'))).toBe('usage: R/none: has no weights to start from');
  });
});

test('a model that is not what its task needs is refused, with what it takes and gives', async () => {
  const task = { kind: 'symbols', window: 2, symbols: [0, 1, 5], input: 'index', scale: 5, majority: 2, end: [5, 0] };
  const model = (inputs: number[], outputs: number[]) =>
    ({
      metadata: { task },
      inputs: [{ shape: [null, ...inputs] }],
      outputs: [{ shape: [null, ...outputs] }],
      dispose: () => {},
    }) as Any;
  const read = (own: Any) => refusal(() => readSaved(openTask(own, 'm'), tasks.symbols as Any));
  expect(await read(model([2], [3]))).toBe('nothing');
  expect(await read(model([4, 1], [3]))).toBe(
    'model: m: the model takes (4, 1) and gives (3), which is not what its symbols task needs; train the model again',
  );
  expect(await read(model([2], [5]))).toBe(
    'model: m: the model takes (2) and gives (5), which is not what its symbols task needs; train the model again',
  );
  expect(await refusal(() => openTask({ metadata: {}, dispose: () => {} } as Any, 'm'))).toBe(
    'model: m: the model was not saved by memcell train, so it has no columns, scaling or vocabulary; memcell predict and evaluate take arrays for it, or use it in code with loadModel',
  );
  expect(await refusal(() => openTask({ metadata: { task: { kind: 'x' } }, dispose: () => {} } as Any, 'm'))).toBe(
    'model: m/model.json: task.kind is damaged: must be one of forecast, classify, text, symbols; train the model again',
  );
});
