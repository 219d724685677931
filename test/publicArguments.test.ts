import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import * as memcell from 'memcell';
import { loadPredictor } from '../src/predict.js';

/** Values that no program means to give, as JavaScript lets it. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  1.5,
  1e300,
  '',
  'nonsense',
  true,
  10n,
  Symbol('s'),
  [],
  [null],
  [[], [1]],
  [[1, 2], 'x'],
  {},
  { data: null, shape: [1] },
  { epochs: null },
  { name: 7 },
  Object.create(null),
  new Map(),
  new Float32Array(3),
];

let folder: string;
let before: string;

beforeAll(() => {
  before = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'memcell-arguments-'));
  jest.spyOn(console, 'log').mockImplementation(() => {}); // summary prints
  process.chdir(folder); // 'nonsense' is a path that can be saved to
});

afterAll(() => {
  jest.restoreAllMocks();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

type Callable = (...given: unknown[]) => unknown;

/** What came instead of a value or a MemcellError; a symbol cannot be a value of a template. */
async function fault(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
  } catch (error) {
    if (error instanceof memcell.MemcellError) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
  }
  return undefined;
}

/** Each position wrong alone, beside good values; then several wrong. */
async function check(call: Callable, good: readonly unknown[], numRuns = 20): Promise<void> {
  const places = good.length > 0 ? good.map((_, place) => place) : [0];
  for (const place of places) {
    for (const wrong of WRONG) {
      const values = good.slice();
      values[place] = wrong;
      const told = await fault(() => call(...values));
      if (told !== undefined) throw new Error(`argument ${place} ${inspect(wrong)}: ${told}`);
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...WRONG), { minLength: 2, maxLength: 3 }), async (values) => {
      expect(await fault(() => call(...values))).toBeUndefined();
    }),
    { numRuns, seed: 1 },
  );
}

test.each<[string, () => unknown]>([
  [
    "Model: unknown option 'nme'; did you mean name?",
    () => {
      const inputs = memcell.Input({ shape: [2] });
      return new memcell.Model({ inputs, outputs: memcell.Dense(1).apply(inputs), ...{ nme: 'a' } });
    },
  ],
  ["Sequential: unknown option 'sed'; did you mean seed?", () => new memcell.Sequential([], { sed: 1 } as object)],
  ["loadModel: unknown option 'max'; did you mean maxBytes?", () => memcell.loadModel('none', { max: 1 } as object)],
  [
    "loadPredictor: unknown option 'timeOuts'; did you mean timeout?",
    () => loadPredictor('none', { time_outs: 1 } as object),
  ],
  [
    "parseSpec: unknown option 'statefull'; did you mean stateful?",
    () => memcell.parseSpec('LSTM(2)', { statefull: true } as object),
  ],
  [
    'parseSpec: stateful must be true or false, not 1',
    () => memcell.parseSpec('LSTM(2)', { stateful: 1 as unknown as boolean }),
  ],
])('%s', async (message, call) => {
  await expect((async () => call())()).rejects.toMatchObject({ code: 'usage', message });
});

const rows = Array.from({ length: 24 }, (_, i) => ({ t: i, y: i % 4 }));

/** What the functions take first, so that what comes after is looked at too. */
const GOOD: Record<string, readonly unknown[]> = {
  forecast: [rows, { target: 'y', epochs: 1, layers: 'LSTM(2)' }],
  classify: [rows, { label: 'y', epochs: 1, layers: 'Dense(2)' }],
  // Too short to train on, which is told after the options' own faults.
  symbols: ['1', { epochs: 1 }],
  textModel: ['t', { epochs: 1 }],
  parseSpec: ['LSTM(2), Dense(1)', { inputShape: [3, 1] }],
  Sequential: [[memcell.Dense(1)], { inputShape: [2] }],
  sequential: ['Dense(1)', { inputShape: [2] }],
  loadModel: ['nonsense', {}],
  loadTask: ['nonsense'],
};

const isCallable = (value: unknown): value is Callable => typeof value === 'function';

const exported = Object.entries<unknown>({ ...memcell, MemcellError: undefined }).flatMap(([name, value]) =>
  isCallable(value) ? [{ name, value }] : [],
);

const isClass = (value: Callable) => /^class\b/.test(Function.prototype.toString.call(value));

test.each(exported)('$name refuses what it cannot take with a MemcellError', async ({ name, value }) => {
  const call: Callable = isClass(value) ? (...all) => Reflect.construct(value, all) : value;
  await check(call, GOOD[name] ?? []);
});

function compiled() {
  const model = new memcell.Sequential([memcell.LSTM(2), memcell.Dense(1)], { inputShape: [3, 1], seed: 1 });
  model.compile({ loss: 'mse' });
  return model;
}

const x = [[[1], [2], [3]]];
const METHODS: Record<string, readonly unknown[]> = {
  compile: [{ loss: 'mse', optimizer: 'adam' }],
  fit: [x, [[1]], { epochs: 1 }],
  evaluate: [x, [[1]], { batchSize: 1 }],
  predict: [x, { batchSize: 1 }],
  trainOnBatch: [x, [[1]], {}],
  gates: [x],
  attribute: [x, { output: 0 }],
  save: ['nonsense'],
  loadWeights: ['nonsense', {}],
  build: [[3, 1]],
};

/** Those of the declarations that users see. */
function publicMethods(file: string, prototype: object): string[] {
  const declared = readFileSync(new URL(`../dist/${file}`, import.meta.url), 'utf8');
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && new RegExp(`^    ${name}[(<]`, 'm').test(declared))
    .map(([name]) => name)
    .filter((name) => name !== 'dispose' && name !== 'constructor');
}

const methods = [
  ...publicMethods('sequential.d.ts', memcell.Sequential.prototype),
  ...publicMethods('predicting.d.ts', Object.getPrototypeOf(memcell.Sequential.prototype)),
];

test.each(methods)('Sequential.%s refuses what it cannot take with a MemcellError', async (name) => {
  const model = compiled();
  const method: unknown = Reflect.get(model, name);
  if (typeof method !== 'function') throw new Error(`${name} is no method`);
  await check((...all) => Reflect.apply(method, model, all), Object.hasOwn(METHODS, name) ? METHODS[name] : []);
  expect(await fault(() => model.predict(x))).toBeUndefined();
  model.dispose();
});

test('the methods that are looked at are the public ones', () => {
  expect(methods).toEqual(expect.arrayContaining(Object.keys(METHODS)));
});

const made: Record<string, { model: () => Promise<object>; good: Record<string, readonly unknown[]> }> = {
  forecast: {
    model: () => memcell.forecast(rows, { target: 'y', plain: true, epochs: 1, window: 2 }),
    good: { predict: [rows, { steps: 2 }], evaluate: [rows, {}], save: ['nonsense'] },
  },
  classify: {
    model: () => memcell.classify(rows, { label: 'y', plain: true, epochs: 1 }),
    good: { predict: [rows], evaluate: [rows, {}], save: ['nonsense'] },
  },
  textModel: {
    model: () => memcell.textModel('tick tock '.repeat(20), { plain: true, epochs: 1, window: 4 }),
    good: { generate: ['tick', { length: 3 }], evaluate: ['tick tock', {}], stream: ['tick', { length: 2 }] },
  },
  symbols: {
    model: () => memcell.symbols('1 2 3 '.repeat(9), { plain: true, epochs: 1, window: 2 }),
    good: { predict: [[1, 2], { steps: 2 }], evaluate: ['1 2 3', {}] },
  },
};

test.each(Object.entries(made))('what %s gives refuses what it cannot take', async (_, { model, good }) => {
  const task = await model();
  const base: object = Object.getPrototypeOf(Object.getPrototypeOf(task));
  const names = [
    ...publicMethods('tasks/models.d.ts', base),
    ...publicMethods('tasks/models.d.ts', Object.getPrototypeOf(task)),
  ];
  expect(names.length).toBeGreaterThan(1);
  for (const name of new Set(names)) {
    const method: unknown = Reflect.get(task, name);
    if (typeof method !== 'function') throw new Error(`${name} is no method`);
    await check((...all) => drained(Reflect.apply(method, task, all)), good[name] ?? [], 5);
  }
});

/** The whole of what comes bit by bit. */
async function drained(value: unknown): Promise<unknown> {
  const got = await value;
  if (typeof got === 'object' && got !== null && Symbol.asyncIterator in got) {
    const iterated = got as AsyncIterable<unknown>;
    for await (const _ of iterated);
  }
  return got;
}

test('what JSON.stringify tells of a model', async () => {
  const model = compiled();
  const told = JSON.parse(JSON.stringify(model));
  expect(told).toMatchObject({
    class: 'Sequential',
    parameters: model.countParams(),
    layers: [
      { class: 'LSTM', outputShape: [null, 2], config: { units: 2 } },
      { class: 'Dense', outputShape: [null, 1], parameters: 3 },
    ],
    engine: { kind: 'memcell' },
    training: { loss: { name: 'meanSquaredError' } },
  });
  expect(JSON.parse(JSON.stringify(new memcell.Sequential([memcell.LSTM(2)])))).toMatchObject({
    layers: [{ class: 'LSTM', config: { units: 2 } }],
    engine: { kind: 'tfjs' },
  });
  const task = await memcell.forecast(rows, { target: 'y', plain: true, epochs: 1, window: 2 });
  expect(JSON.parse(JSON.stringify(task))).toMatchObject({
    task: 'forecast',
    network: { class: 'Sequential' },
    evaluation: { targets: [{ column: 'y' }] },
  });
});
