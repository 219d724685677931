import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BackupFolder } from '../../src/formats/backupFolder.js';
import { decodeState, encodeState } from '../../src/formats/stateFile.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { Random } from '../../src/random.js';
import { loadModel, type Sequential, sequential } from '../../src/sequential.js';
import {
  type BackupKind,
  type BackupOptions,
  type BackupStore,
  Backups,
  type StoredBackup,
} from '../../src/training/backup.js';
import {
  type Callback,
  EarlyStopping,
  getCallbacks,
  LearningRateScheduler,
  ReduceLROnPlateau,
} from '../../src/training/callbacks.js';
import { fingerprintOf } from '../../src/training/fingerprint.js';
import type { FitOptions } from '../../src/training/given.js';
import { adam } from '../../src/training/optimizers.js';
import type { Runner } from '../../src/training/runner.js';

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'memcell-backup-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(async () => {
  await prepareBackend();
});

const random = new Random(9);
const normal = (...shape: number[]) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  shape,
});
const x = normal(24, 5, 2);
const y = normal(24, 2);

interface Case {
  spec?: string;
  batch?: number;
  /** The model's; 6 where it is left out. */
  seed?: number;
  training?: () => FitOptions;
  compile?: () => Partial<Parameters<Sequential['compile']>[0]>;
}

const cases: { [name: string]: Case } = {
  'dropout, metrics, validation, weights of samples': {
    training: () => ({ validationSplit: 0.25, sampleWeight: Float32Array.from({ length: 24 }, (_, i) => 1 + (i % 3)) }),
    compile: () => ({ metrics: ['mae'], weightedMetrics: ['mse'] }),
  },
  'early stopping that goes back to the best, and a plateau': {
    training: () => ({
      epochs: 8,
      callbacks: [
        new EarlyStopping({ monitor: 'loss', patience: 3, minDelta: 0.02, restoreBestWeights: true }),
        new ReduceLROnPlateau({ monitor: 'loss', factor: 0.5, patience: 1, minDelta: 0.05, cooldown: 1 }),
      ],
    }),
    compile: () => ({ optimizer: adam({ learningRate: 0.1, amsgrad: true }) }),
  },
  'a rate that each epoch makes of the last one': {
    training: () => ({ callbacks: [new LearningRateScheduler((_, rate) => rate * 0.7)] }),
    compile: () => ({ optimizer: adam({ learningRate: 0.05, clipnorm: 1 }) }),
  },
  'states that are carried': {
    spec: 'GRU(3, stateful=True, return_sequences=True), LSTM(3, stateful=True), Dense(2)',
    batch: 4,
    training: () => ({ shuffle: false }),
  },
  'on TensorFlow.js': {
    spec: 'LSTM(3, recurrent_dropout=0.3), Dense(2)',
    compile: () => ({ engine: 'tfjs', optimizer: 'sgd', metrics: ['mae'] }),
  },
};

async function run({ spec, batch, seed = 6, training, compile }: Case, more: FitOptions = {}) {
  const model = sequential(spec ?? 'LSTM(3, recurrent_dropout=0.2), Dropout(0.3), Dense(2)', {
    inputShape: [5, 2],
    seed,
    ...(batch && { batchSize: batch }),
  });
  model.compile({ loss: 'mse', optimizer: 'adam', ...compile?.() });
  const own = training?.() ?? {};
  const callbacks = [...getCallbacks(own.callbacks ?? []), ...getCallbacks(more.callbacks ?? [])];
  const options = { batchSize: batch ?? 5, epochs: 4, verbose: 0, seed: 3, ...own, ...more, callbacks } as const;
  const { epoch, history, stopped } = await model.fit(x, y, options).catch((error: Error) => {
    if (!error.message.startsWith('the loss is')) throw error;
    return { epoch: [], history: {}, stopped: error.message };
  });
  return { weights: model.getWeights(), epoch, history, stopped, iterations: model.stepsTrained };
}

/** Ends the process's fit, as far as a test within the process can, before a batch. */
function killedAt(steps: number): Callback {
  let done = 0;
  return {
    onBatchBegin: () => {
      if (done++ === steps) throw new Error('killed');
    },
  };
}

describe('a fit that was killed and resumed ends as one that was never stopped', () => {
  test.each(Object.entries(cases))('%s', async (name, one) => {
    const whole = await run(one);
    const every: Omit<BackupOptions, 'folder'>[] = [{ steps: 1 }, { steps: 3 }, { epochs: 1 }, { minutes: 0 }];
    for (const [i, when] of every.entries()) {
      const backup = { folder: join(root, `${name}-${i}`), ...when };
      for (const at of [2, 5]) {
        await expect(run(one, { backup, callbacks: [killedAt(at)] })).rejects.toThrow('killed');
        if (readdirSync(root).includes(`${name}-${i}`)) (await loadModel(backup.folder)).dispose();
      }
      expect(await run(one, { backup })).toEqual(whole);
      expect(existsSync(backup.folder)).toBe(false);
    }
  });

  test.each<[Omit<BackupOptions, 'folder'>, BackupStore['every']]>([
    [{}, { epochs: 1 }],
    [{ epochs: 3 }, { epochs: 3 }],
    [{ steps: 4 }, { steps: 4 }],
    [{ minutes: 5 }, { minutes: 5 }],
    [
      { epochs: 2, minutes: 5 },
      { epochs: 2, minutes: 5 },
    ],
  ])('%p: as often as is asked, each epoch where nothing is', (given, every) => {
    const options = { ...given, folder: 'anywhere', keep: 1, deleteCheckpoint: true };
    expect(new BackupFolder(options, async () => {}).every).toEqual(every);
  });

  test('one whose loss was about to be no longer finite goes back to the last good epoch, and to its step', async () => {
    const one: Case = {
      training: () => ({
        callbacks: [
          {
            onEpochBegin: (epoch, { optimizer }) => {
              optimizer.learningRate = epoch === 3 ? 1e38 : 0.01;
            },
          },
        ],
      }),
    };
    const whole = await run(one, { epochs: 6 });
    expect([whole.stopped, whole.iterations]).toEqual([expect.stringContaining('in epoch 4, batch 2 of 5'), 15]);
    const backup = { folder: join(root, 'diverged'), steps: 1 };
    await expect(run(one, { epochs: 6, backup, callbacks: [killedAt(16)] })).rejects.toThrow('killed');
    expect(await run(one, { epochs: 6, backup })).toEqual(whole);
  });

  test('an interruption leaves a backup of the batch that it was in', async () => {
    const one = cases['a rate that each epoch makes of the last one'];
    const whole = await run(one);
    for (const at of [0, 3, 9]) {
      const folder = join(root, 'interrupted');
      const controller = new AbortController();
      let done = 0;
      const abort: Callback = {
        onEpochBegin: () => {
          if (at === 0) controller.abort();
        },
        onBatchEnd: () => {
          if (++done === at) controller.abort();
        },
      };
      const { stopped } = await run(one, { backup: folder, callbacks: [abort], signal: controller.signal });
      expect(stopped).toEqual({ reason: 'interrupted', epoch: Math.floor(at / 5), batch: at % 5 });
      const seen: number[] = [];
      const watch: Callback = { onBatchBegin: (batch) => void seen.push(batch) };
      expect(await run(one, { backup: folder, callbacks: [watch] })).toEqual(whole);
      expect(seen).toHaveLength(20 - at);
    }
  });

  test('stopped again before an epoch is over: onTrainEnd is given what the last finished one logged', async () => {
    const folder = join(root, 'stopped again');
    const ends: unknown[] = [];
    const ended: Callback = { onTrainEnd: (logs) => void ends.push(logs) };
    const controller = new AbortController();
    const abort: Callback = { onEpochBegin: (epoch) => (epoch === 2 ? controller.abort() : undefined) };
    const { history } = await run({}, { backup: folder, callbacks: [abort, ended], signal: controller.signal });
    await run({}, { backup: folder, callbacks: [ended], signal: AbortSignal.abort() });
    expect(ends).toEqual(Array(2).fill({ loss: (history as { loss: number[] }).loss[1] }));
    expect((await run({}, { backup: folder })).history).toEqual((await run({})).history);
  });

  test('a model and a fit without a seed go on with the seed that was drawn', async () => {
    const folder = join(root, 'no seed');
    const fitted = async (more: object) => {
      const model = sequential('Dense(2)', { inputShape: [2] });
      model.compile({ loss: 'mse', optimizer: 'sgd' });
      const data = { data: x.data.slice(0, 48), shape: [24, 2] };
      const { params, history } = await model.fit(data, y, { batchSize: 5, epochs: 3, verbose: 0, ...more });
      const weights = model.getWeights();
      model.dispose();
      return { seed: params.seed, history, weights };
    };
    for (const seed of [undefined, null]) {
      const given = { backup: folder, seed } as FitOptions;
      await expect(fitted({ ...given, callbacks: [killedAt(7)] })).rejects.toThrow('killed');
      const resumed = await fitted(given);
      expect(await fitted({ seed: resumed.seed })).toEqual(resumed);
    }
  });

  test('a loss that is not finite ends it: the weights are those of the last good epoch, resumed or not', async () => {
    const explode: Callback = {
      onBatchBegin: (_, { optimizer, params: { steps } }) => {
        if (optimizer.iterations === 2 * steps + 2) optimizer.learningRate = 1e38;
      },
    };
    const folder = join(root, 'diverges');
    const outcome = async (more: FitOptions = {}) => {
      const model = sequential('LSTM(3), Dense(2)', { inputShape: [5, 2], seed: 6 });
      model.compile({ loss: 'mse', optimizer: adam() });
      const options = { batchSize: 5, epochs: 4, verbose: 0, seed: 3, ...more } as const;
      const callbacks = [explode, ...getCallbacks(more.callbacks ?? [])];
      const error = await model.fit(x, y, { ...options, callbacks }).catch((thrown: Error) => thrown.message);
      return { error, weights: model.getWeights() };
    };
    const whole = await outcome();
    expect(whole.error).toMatch(
      /^the loss is .* in epoch 3, batch 4 of 5; stopped with the weights after the last good/,
    );
    const backup = { folder, steps: 1 };
    expect((await outcome({ backup, callbacks: [killedAt(12)] })).error).toBe('killed');
    expect(await outcome({ backup })).toEqual(whole);
    expect(existsSync(folder)).toBe(false);
    // Where the end is kept, the same again comes to it without a batch.
    const kept = { folder, deleteCheckpoint: false };
    expect(await outcome({ backup: kept })).toEqual(whole);
    const none: Callback = {
      onBatchBegin: () => {
        throw new Error('a batch');
      },
    };
    expect(await outcome({ backup: kept, callbacks: [none] })).toEqual(whole);
  });

  test('killed by SIGKILL in a process of its own, at moments that nobody chose', async () => {
    const script = join(root, 'run.mjs');
    const dist = new URL('../../dist/index.js', import.meta.url).href;
    writeFileSync(
      script,
      `import { EarlyStopping, sequential } from '${dist}';
const [, , out, folder, last] = process.argv;
let told = 0;
// After the last it waits to be killed, for whoever kills may be slow.
const tell = () => {
  process.send('batch');
  if (++told === Number(last)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const numbers = (n, k) => Float32Array.from({ length: n }, (_, i) => Math.sin(k * i));
const model = sequential('LSTM(8, dropout=0.2), Dense(2)', { inputShape: [5, 2], seed: 6 });
model.compile({ loss: 'mse', optimizer: 'adam', metrics: ['mae'] });
await model.fit({ data: numbers(4000, 1.7), shape: [400, 5, 2] }, { data: numbers(800, 0.9), shape: [400, 2] }, {
  epochs: 12, batchSize: 10, verbose: 0, seed: 3, validationSplit: 0.1,
  ...(folder && { backup: { folder, steps: 7, keep: 2 } }),
  callbacks: [new EarlyStopping({ patience: 20, restoreBestWeights: true }), ...(process.send ? [{ onBatchEnd: tell }] : [])],
});
await model.save(out);
`,
    );
    const start = (...given: string[]) =>
      spawn(process.execPath, [script, ...given], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = (child: ChildProcess) =>
      new Promise<string | number | null>((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    const [whole, out, folder] = ['whole', 'out', 'killed'].map((one) => join(root, one));
    expect(await ended(start(whole))).toBe(0);
    let kills = 0;
    for (const batches of [100, 160]) {
      const child = start(out, folder, String(batches + 30));
      let seen = 0;
      child.on('message', () => {
        // Some while after the batch: in the next ones, or in a backup.
        if (++seen === batches) setTimeout(() => child.kill('SIGKILL'), (kills * 1.3) % 4);
      });
      if ((await ended(child)) === 'SIGKILL') kills++;
      if (existsSync(join(folder, 'model.json'))) (await loadModel(folder)).dispose();
    }
    expect(kills).toBe(2);
    expect(await ended(start(out, folder))).toBe(0);
    for (const file of ['model.json', 'weights.bin']) {
      expect(readFileSync(join(out, file)).equals(readFileSync(join(whole, file)))).toBe(true);
    }
  });
});

describe('what a resumed fit refuses', () => {
  const folder = () => mkdtempSync(join(root, 'refused-'));
  const one: Case = { training: () => ({ callbacks: [new EarlyStopping({ monitor: 'loss', patience: 3 })] }) };

  test('data and settings that are not those of the backup, with the difference', async () => {
    const backup = folder();
    await expect(run(one, { backup, callbacks: [killedAt(7)] })).rejects.toThrow('killed');
    const refuses = (other: Case, more: FitOptions, text: string) =>
      expect(run(other, { backup, ...more })).rejects.toThrow(
        `${backup} is the backup of another run: ${text}; go on with what it was, or remove it to start anew`,
      );
    await refuses(one, { batchSize: 6, seed: 4 }, 'batchSize was 5 and is 6; seed was 3 and is 4');
    await refuses(
      { ...one, spec: 'LSTM(3, recurrent_dropout=0.2), Dropout(0.4), Dense(2)' },
      {},
      'model.layers.1.config.rate was 0.3 and is 0.4',
    );
    await refuses(
      { training: () => ({ callbacks: [new EarlyStopping({ monitor: 'loss', patience: 4 })] }) },
      {},
      'callbacks.0.patience was 3 and is 4',
    );
    // No more than four of them are told.
    await expect(
      run(
        {
          spec: 'LSTM(3, recurrent_dropout=0.2), Dropout(0.4), Dense(2)',
          training: () => ({ callbacks: [new EarlyStopping({ monitor: 'loss', patience: 4 })] }),
          compile: () => ({ optimizer: adam({ learningRate: 0.1 }) }),
        },
        { backup, batchSize: 6, seed: 4 },
      ),
    ).rejects.toThrow(/ is the backup of another run: (\S+ was \S+ and is \S+; ){4}and 1 more; go on with what it was/);
    await refuses(
      { ...one, compile: () => ({ optimizer: adam({ learningRate: 0.1 }) }) },
      {},
      'optimizer.learningRate was 0.001 and is 0.1',
    );
    const weights = new Float32Array(24).fill(2);
    await refuses(one, { sampleWeight: weights }, `data.weights was not given and is ${fingerprintOf(weights)}`);
    expect(await run(one, { backup })).toEqual(await run(one));
  });

  test('another seed of the model, where fit has none of its own', async () => {
    const backup = folder();
    const more = { seed: undefined };
    await expect(run(one, { ...more, backup, callbacks: [killedAt(7)] })).rejects.toThrow('killed');
    await expect(run({ ...one, seed: 7 }, { ...more, backup })).rejects.toThrow('another run: seed was 6 and is 7;');
    expect(await run(one, { ...more, backup })).toEqual(await run(one, more));
  });

  test('a folder that holds a model, options that are none, metrics that cannot be held', async () => {
    const place = folder();
    const model = sequential('Dense(1)', { inputShape: [2] });
    await model.save(place);
    await expect(run(one, { backup: place })).rejects.toThrow('holds a model that is no backup');
    await expect(run(one, { backup: { folder: place, keep: 0 } })).rejects.toThrow('backup: keep must be');
    await expect(run(one, { backup: 'https://example.org/b' })).rejects.toThrow('is no folder on a disk');
    const own = { name: 'own', start: () => ({ update: () => {}, result: () => 0 }) };
    const compile = () => ({ metrics: [own] });
    await expect(run({ compile }, { backup: { folder: folder(), steps: 2 } })).rejects.toThrow(
      'the metric own has no save() and restore()',
    );
    expect((await run({ compile }, { backup: folder() })).epoch).toHaveLength(4);
  });

  test('a damaged backup: an older one is taken and it is said, or there is an error', async () => {
    const backup = { folder: folder(), steps: 2, keep: 3 };
    await expect(run(one, { backup, callbacks: [killedAt(9)] })).rejects.toThrow('killed');
    const states = () => readdirSync(backup.folder).filter((file) => file.endsWith('.state'));
    expect(states()).toEqual(['backup-000002.state', 'backup-000003.state', 'backup-000004.state']);
    const spoil = (file: string) => {
      const path = join(backup.folder, file);
      const bytes = readFileSync(path);
      bytes.fill(7, bytes.length >> 1, (bytes.length >> 1) + 4);
      writeFileSync(path, bytes);
    };
    spoil('backup-000004.state');
    writeFileSync(join(backup.folder, 'backup-000005.state.123'), 'half');
    const lines: string[] = [];
    const write = (text: string) => void lines.push(text);
    await expect(run(one, { backup, callbacks: [killedAt(1)], verbose: 2, write })).rejects.toThrow('killed');
    expect(lines.slice(0, 2)).toEqual([
      `${join(backup.folder, 'backup-000004.state')}: not a backup, or a damaged one; going on from ${join(backup.folder, 'backup-000003.state')}\n`,
      `Going on from ${backup.folder} at epoch 2, batch 2\n`,
    ]);
    for (const file of states()) spoil(file);
    await expect(run(one, { backup })).rejects.toThrow('not a backup, or a damaged one');
  });
});

test('deleteCheckpoint: false keeps the end, and the next call has nothing to do', async () => {
  const one: Case = {
    training: () => ({ callbacks: [new EarlyStopping({ monitor: 'loss', restoreBestWeights: true })] }),
  };
  const backup = { folder: join(root, 'kept'), deleteCheckpoint: false };
  const first = await run(one, { backup });
  const batches: number[] = [];
  expect(await run(one, { backup, callbacks: [{ onBatchBegin: (batch) => void batches.push(batch) }] })).toEqual(first);
  expect(batches).toEqual([]);
});

test('state files hold odd numbers, and notice every changed byte', () => {
  const state = {
    values: { a: [Number.NaN, -0, Number.POSITIVE_INFINITY], b: { c: 'ä' } },
    arrays: [Float32Array.of(1, -0), new Float32Array(0)],
  };
  const bytes = encodeState(state);
  expect(decodeState(bytes, 'file')).toEqual(state);
  for (let i = 0; i < bytes.length; i++) {
    const other = bytes.slice();
    other[i] ^= 4;
    expect(() => decodeState(other, 'file')).toThrow('file: not a backup, or a damaged one');
  }
  for (let i = 0; i < bytes.length; i++) expect(() => decodeState(bytes.slice(0, i), 'file')).toThrow('damaged');
});

describe('backups of a run', () => {
  const settings = { epochs: 4 };
  const position = {
    epoch: 1,
    batch: 2,
    begun: true,
    seed: 3,
    learningRate: 0.5,
    history: { epoch: [0], history: { loss: [2] } },
    logs: { loss: 2 },
    meter: { lossTotal: 1, samples: 5, outputTotals: [], counts: [[1, 2]] },
    end: undefined,
  };
  const state = (change: (all: Float32Array[], optimizer: { iterations: number }) => void = () => {}) => {
    const weights = [Float32Array.of(1, 2), Float32Array.of(3, 0)];
    const optimizer = { iterations: 7, state: [Float32Array.of(4, 5)] };
    const states = [Float32Array.of(6)];
    change([...weights, ...optimizer.state, ...states], optimizer);
    return { weights, optimizer, states };
  };
  const runner = {
    batch: 2,
    optimizer: { iterations: 7 },
    capture: () => ({ weights: state().weights, optimizer: state().optimizer }),
    checkpoint: state,
  } as never as Runner;
  function backups(store: Partial<BackupStore> = {}, callbacks: Callback[] = []) {
    const written: [StoredBackup, BackupKind][] = [];
    const write = async (backup: StoredBackup, kind: BackupKind) => void written.push([backup, kind]);
    const all = { every: {}, name: 'memory', keepsEnd: true, newest: async () => written.at(-1)?.[0], write };
    return { written, made: new Backups({ ...all, clear: async () => {}, ...store }, runner, callbacks, settings) };
  }

  test('the state of the last good epoch is kept where anything of it is not as now', async () => {
    const same = backups();
    await same.made.write(position, state());
    expect(same.written[0][0].arrays).toEqual([...state().weights, ...state().optimizer.state, ...state().states]);
    const changes: Parameters<typeof state>[0][] = [
      ([first]) => first.fill(9, 0, 1),
      ([, second]) => second.fill(-0, 1),
      ([, , slot]) => slot.fill(Number.NaN, 1),
      ([, , , carried]) => carried.fill(9),
      (_, optimizer) => {
        optimizer.iterations = 6;
      },
    ];
    for (const change of changes) {
      const { made, written } = backups();
      await made.write(position, state(change));
      expect(written[0][0].arrays).toHaveLength(8);
      expect(await made.newest()).toEqual({ ...position, now: state(), good: state(change), callbacks: [] });
    }
  });

  test('what kind it is, and what callbacks and a store have to do with it', async () => {
    const seen: unknown[] = [];
    const keeping: Callback = {
      saveState: () => ({ values: { a: 1 }, arrays: [Float32Array.of(8)] }),
      loadState: (kept) => void seen.push(kept),
    };
    const { made, written } = backups({}, [{}, keeping]);
    await made.write(position, state());
    for (const reason of ['callback', 'interrupted'] as const)
      await made.write(
        { ...position, history: { ...position.history, stopped: { reason, epoch: 1, batch: 2 } } },
        state(),
      );
    await made.end({ ...position, end: {} }, state());
    expect(written.map(([, kind]) => kind)).toEqual(['running', 'running', 'interrupted', 'end']);
    const found = await made.newest();
    if (!found) throw new Error('none');
    made.restoreCallbacks(found);
    expect(seen).toEqual([{ values: { a: 1 }, arrays: [Float32Array.of(8)] }]);

    const told: unknown[] = [];
    const [[stored]] = written;
    const noted = { ...stored, note: 'an older one' };
    const store = { name: 'memory', newest: async () => noted, startAnew: (wrong: unknown) => void told.push(wrong) };
    expect((await backups(store, [{}, keeping]).made.newest())?.note).toBe('an older one');
    expect(await new Backups(store as never, runner, [], { epochs: 5 }).newest()).toBe(undefined);
    expect(told).toEqual([['epochs was 4 and is 5']]);
    let cleared = 0;
    const forgetful = backups({ keepsEnd: false, clear: async () => void cleared++ });
    await forgetful.made.end(position, state());
    expect([forgetful.written, cleared]).toEqual([[], 1]);
  });
});

describe('when a backup is due', () => {
  /** The moments of the backups of four epochs of five batches. */
  async function moments(every: BackupStore['every'], callbacks: Callback[] = []): Promise<string[]> {
    const seen: string[] = [];
    const store: BackupStore = {
      every,
      name: 'memory',
      keepsEnd: false,
      newest: async () => undefined,
      write: async ({ values }, kind: BackupKind) => {
        const { epoch, batch } = values as { epoch: number; batch: number };
        seen.push(`${kind} ${epoch}.${batch}`);
      },
      clear: async () => {},
    };
    const model = sequential('Dense(2)', { inputShape: [2], seed: 1 });
    model.compile({ loss: 'mse', optimizer: 'sgd' });
    const options = { epochs: 4, batchSize: 5, verbose: 0, callbacks, backup: store } as const;
    await model.fit(normal(24, 2), normal(24, 2), options as FitOptions);
    model.dispose();
    return seen;
  }

  test('by epochs at their ends alone, by batches through all of them', async () => {
    expect(await moments({ epochs: 1 })).toEqual(['running 1.0', 'running 2.0', 'running 3.0']);
    expect(await moments({ epochs: 3 })).toEqual(['running 3.0']);
    expect(await moments({ steps: 6 })).toEqual(['running 1.1', 'running 2.2', 'running 3.3']);
  });

  test('none within an epoch that a callback has stopped', async () => {
    const stop: Callback = {
      onBatchEnd: (batch, _logs, context) => {
        context.stopTraining = batch === 2;
      },
    };
    expect(await moments({ steps: 1 }, [stop])).toEqual(['running 0.1', 'running 0.2']);
  });

  test('by minutes since the last one', async () => {
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      const passing: Callback = {
        onBatchEnd: () => {
          now += 25_000;
        },
      };
      expect(await moments({ minutes: 2 }, [passing])).toEqual(['running 1.0', 'running 2.0', 'running 3.0']);
    } finally {
      clock.mockRestore();
    }
  });
});

test('what a killed write has left goes with the backups', async () => {
  const folder = join(root, 'unfinished');
  mkdirSync(folder);
  writeFileSync(join(folder, 'backup-000001.state.4711'), 'half');
  await run({}, { backup: folder });
  expect(existsSync(folder)).toBe(false);
});

test('a fingerprint tells shapes and types of the same bytes apart', () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const all = [
    fingerprintOf({ data, shape: [2, 3] }),
    fingerprintOf({ data, shape: [3, 2] }),
    fingerprintOf({ data: new Int32Array(data.buffer), shape: [2, 3] }),
    fingerprintOf({ data: data.slice().reverse(), shape: [2, 3] }),
  ];
  expect(new Set(all).size).toBe(all.length);
});
