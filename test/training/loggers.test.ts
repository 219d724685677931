import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prepareBackend } from '../../src/kernels/backend.js';
import { sequential } from '../../src/sequential.js';
import { BackupAndRestore } from '../../src/training/backupAndRestore.js';
import { type Callback, ReduceLROnPlateau, type TrainingContext } from '../../src/training/callbacks.js';
import { CSVLogger } from '../../src/training/csvLogger.js';
import { crc32c, maskedCrc } from '../../src/training/eventFile.js';
import type { FitOptions } from '../../src/training/given.js';
import { LambdaCallback } from '../../src/training/lambdaCallback.js';
import { LogFile } from '../../src/training/logFile.js';
import { ModelCheckpoint } from '../../src/training/modelCheckpoint.js';
import { sgd } from '../../src/training/optimizers.js';
import { TensorBoard } from '../../src/training/tensorBoard.js';
import { TerminateOnNaN } from '../../src/training/terminateOnNaN.js';

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'memcell-loggers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(async () => {
  await prepareBackend();
});

const x = { data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)), shape: [20, 3] };
const y = { data: Float32Array.from({ length: 40 }, (_, i) => Math.cos(i)), shape: [20, 2] };

async function run(callbacks: Callback[], more: FitOptions = {}, learningRate = 0.1) {
  const model = sequential('Dense(2)', { inputShape: [3], seed: 1 });
  model.compile({ loss: 'mse', optimizer: sgd({ learningRate }), metrics: ['mae'] });
  const options = { batchSize: 5, epochs: 4, verbose: 0, seed: 2, validationSplit: 0.25 } as const;
  return { ...(await model.fit(x, y, { ...options, callbacks, ...more })), weights: model.getWeights() };
}

/** Ends a fit before its n-th batch. */
const killedAt = (n: number): Callback => {
  let done = 0;
  return {
    onBatchBegin: () => {
      if (done++ === n) throw new Error('killed');
    },
  };
};

describe('CSVLogger', () => {
  test('a row an epoch as Keras writes them; append goes on; a separator', async () => {
    const file = join(root, 'folder/log.csv');
    const { history } = await run([new CSVLogger(file)], { epochs: 2 });
    const rows = [0, 1].map((i) =>
      [i, history.loss[i], history.mae[i], history.val_loss[i], history.val_mae[i]].join(','),
    );
    expect(readFileSync(file, 'utf8')).toBe(`${['epoch,loss,mae,val_loss,val_mae', ...rows].join('\n')}\n`);
    await run([new CSVLogger(file, { append: true })], { initialEpoch: 2, epochs: 3 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.slice(0, 3)).toEqual(['epoch,loss,mae,val_loss,val_mae', ...rows]);
    await run([new CSVLogger(file, { separator: ';' })], { epochs: 1, validationFreq: 2 });
    expect(readFileSync(file, 'utf8')).toMatch(/^epoch;loss;mae\n0;[\d.]+;[\d.]+\n$/);
  });

  test('an epoch without validation has NA; a place that cannot be written is an error', async () => {
    const file = join(root, 'na.csv');
    const logger = new CSVLogger(file);
    const context = { print: () => {} } as unknown as TrainingContext;
    logger.onTrainBegin();
    await logger.onEpochEnd(0, { loss: 1, val_loss: 2 }, context);
    await logger.onEpochEnd(1, { loss: Number.NaN }, context);
    expect(readFileSync(file, 'utf8')).toBe('epoch,loss,val_loss\n0,1,2\n1,NaN,NA\n');
    const odd = new CSVLogger(file);
    odd.onTrainBegin();
    await odd.onEpochEnd(0, { 'a,b': 1, 'c"d': 2, 'e;f': 3 }, context);
    expect(readFileSync(file, 'utf8')).toBe('epoch,"a,b","c""d",e;f\n0,1,2,3\n');
    await expect(run([new CSVLogger(join(file, 'below'))])).rejects.toThrow('cannot be written');
    expect(() => new CSVLogger('')).toThrow('takes the name of a file');
  });
});

interface Scalar {
  step: number;
  tag: string;
  value: number;
}

/** The scalars of an event file, every record's sums checked. */
function readEvents(file: string): Scalar[] {
  const bytes = new Uint8Array(readFileSync(file));
  const view = new DataView(bytes.buffer);
  const scalars: Scalar[] = [];
  let version = '';
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc(data));
    at += length + 16;
    const reader = new BinaryReader(data);
    let step = 0;
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === 1) expect(Math.abs(reader.double() - Date.now() / 1000)).toBeLessThan(600);
      else if (field === 2) step = Number(reader.int64());
      else if (field === 3) version = reader.string();
      else if (field === 5) {
        const summary = new BinaryReader(reader.bytes());
        while (summary.pos < summary.len) {
          expect(summary.tag()[0]).toBe(1);
          const value = new BinaryReader(summary.bytes());
          expect(value.tag()[0]).toBe(1);
          const tag = value.string();
          expect(value.tag()[0]).toBe(2);
          scalars.push({ step, tag, value: value.float() });
        }
      } else reader.skip(wire);
    }
  }
  expect(version).toBe('brain.Event:2');
  return scalars;
}

const eventsIn = (folder: string) => {
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(files[0]).toMatch(/^events\.out\.tfevents\.\d{10}\./);
  return readEvents(join(folder, files[0]));
};

describe('TensorBoard', () => {
  test("CRC-32C of the iSCSI standard's examples (RFC 3720, B.4)", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  test('scalars by epoch in train/ and validation/, and by batch', async () => {
    const logDir = join(root, 'board');
    const { history } = await run([new TensorBoard({ logDir, updateFreq: 2 })]);
    const train = eventsIn(join(logDir, 'train'));
    const epochs = train.filter(({ tag }) => tag === 'epoch_loss');
    expect(epochs.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(epochs.map(({ value }) => value)).toEqual(history.loss.map(Math.fround));
    expect(train.filter(({ tag }) => tag === 'epoch_learning_rate')).toHaveLength(4);
    expect(train.filter(({ tag }) => tag === 'batch_loss').map(({ step }) => step)).toEqual([2, 4, 6, 8, 10, 12]);
    const held = eventsIn(join(logDir, 'validation'));
    expect(held.filter(({ tag }) => tag === 'epoch_mae').map(({ value }) => value)).toEqual(
      history.val_mae.map(Math.fround),
    );
    expect(() => new TensorBoard({ updateFreq: 0 })).toThrow("updateFreq must be 'epoch', 'batch' or");
  });
});

test('TensorBoard has the rate of the epoch where another callback before it has set the next', async () => {
  const logDir = join(root, 'rates');
  const plateau = new ReduceLROnPlateau({ monitor: 'loss', factor: 0.5, patience: 1, minDelta: 100 });
  const { history } = await run([plateau, new TensorBoard({ logDir })], { validationSplit: 0 });
  expect(history.learning_rate).toEqual([0.1, 0.1, 0.05, 0.025]);
  const rates = eventsIn(join(logDir, 'train')).filter(({ tag }) => tag === 'epoch_learning_rate');
  expect(rates.map(({ value }) => value)).toEqual(history.learning_rate.map(Math.fround));
  expect(existsSync(join(logDir, 'validation'))).toBe(false);
});

test('a resumed fit leaves in its logs what one that was never stopped does', async () => {
  const logs = (name: string) => ({ csv: join(root, `${name}.csv`), board: join(root, name) });
  const loggers = ({ csv, board }: ReturnType<typeof logs>) => [
    // Two bytes a separator: a backup knows of bytes, not of characters.
    new CSVLogger(csv, { separator: '·' }),
    new TensorBoard({ logDir: board, updateFreq: 'batch' }),
  ];
  const whole = logs('whole');
  const first = await run(loggers(whole));
  const killed = logs('killed');
  const backup = { folder: join(root, 'backup'), steps: 2 };
  for (const at of [5, 3]) {
    await expect(run([...loggers(killed), killedAt(at)], { backup })).rejects.toThrow('killed');
  }
  expect(await run(loggers(killed), { backup })).toEqual(first);
  expect(readFileSync(killed.csv, 'utf8')).toBe(readFileSync(whole.csv, 'utf8'));
  for (const part of ['train', 'validation']) {
    expect(eventsIn(join(killed.board, part))).toEqual(eventsIn(join(whole.board, part)));
  }
});

test('a log that has become shorter than the backup knew is said to be', async () => {
  const csv = join(root, 'short.csv');
  const backup = join(root, 'short');
  await expect(run([new CSVLogger(csv), killedAt(7)], { backup })).rejects.toThrow('killed');
  writeFileSync(csv, 'epoch');
  const lines: string[] = [];
  await run([new CSVLogger(csv)], { backup, write: (text) => void lines.push(text) });
  expect(lines).toEqual([`${csv}: rows are missing that were there when the backup was written\n`]);
});

test('events that are shorter than the backup knew are said to be', async () => {
  const logDir = join(root, 'shortBoard');
  const backup = join(root, 'shortEvents');
  await expect(run([new TensorBoard({ logDir }), killedAt(7)], { backup })).rejects.toThrow('killed');
  const train = join(logDir, 'train');
  const file = join(train, readdirSync(train)[0]);
  writeFileSync(file, 'x');
  const lines: string[] = [];
  await run([new TensorBoard({ logDir })], { backup, write: (text) => void lines.push(text) });
  expect(lines).toEqual([`${file}: events are missing that were there when the backup was written\n`]);
});

test('a log that cannot be written names its file and why', async () => {
  const csv = join(root, 'folder.csv');
  mkdirSync(csv);
  const error = await run([new CSVLogger(csv)]).catch((reason) => reason);
  expect(error.code).toBe('io');
  // Errors of Node's own are of another realm here.
  const message = error.message.replace(': Error: ', ': ');
  expect(message).toBe(`${csv}: cannot be written: EISDIR: illegal operation on a directory, open '${csv}'`);
});

test('no file is left open, however a fit ends', async () => {
  const folder = join(root, 'left');
  const loggers = () => [
    new CSVLogger(join(folder, 'log.csv')),
    new TensorBoard({ logDir: folder, updateFreq: 'batch' }),
  ];
  const opened = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(join('/proc/self/fd', fd))].filter((path) => path.startsWith(folder));
      } catch {
        return [];
      }
    });
  await run(loggers());
  await expect(run([...loggers(), killedAt(7)])).rejects.toThrow('killed');
  expect(opened()).toEqual([]);
  expect(readFileSync(join(folder, 'log.csv'), 'utf8').split('\n')).toHaveLength(2 + 2);
});

test('a log that takes no more says so', async () => {
  const path = join(root, 'taken.log');
  const file = new LogFile(path);
  await file.begin('all');
  rmSync(path);
  mkdirSync(path);
  const error = await file.append('row').catch((reason) => reason);
  expect(error).toMatchObject({
    name: 'MemcellError',
    code: 'io',
    message: expect.stringMatching(/taken\.log: cannot be written: .*EISDIR/),
  });
});

test('TensorBoard goes on with the files that a backup knows, and begins the others', () => {
  const board = new TensorBoard();
  const train = { name: 'a', bytes: 3 };
  board.loadState({ values: { train, validation: null } });
  expect(board.saveState().values).toEqual({ train });
  board.onTrainBegin();
  expect(board.saveState().values).toEqual({});
});

test('a fit that has ended goes on from its end', async () => {
  const backup = { folder: join(root, 'ended'), deleteCheckpoint: false };
  await run([], { backup });
  const lines: string[] = [];
  await run([], { backup, verbose: 2, write: (text) => void lines.push(text) });
  expect(lines[0]).toBe(`Going on from ${backup.folder} at its end\n`);
});

test('BackupAndRestore is fit with a backup', async () => {
  const whole = await run([]);
  const restore = () => new BackupAndRestore({ backupDir: join(root, 'keras'), saveFreq: 2 });
  await expect(run([restore(), killedAt(5)])).rejects.toThrow('killed');
  const batches: number[] = [];
  const count: Callback = { onBatchBegin: (batch) => void batches.push(batch) };
  expect(await run([restore(), count])).toEqual(whole);
  expect(batches).toHaveLength(12 - 4);
  await expect(run([restore()], { backup: 'another' })).rejects.toThrow('fit can keep one backup; two are asked for');
});

test('ModelCheckpoint saves models in files and folders, by the numbers in their names', async () => {
  const saved = mkdtempSync(join(root, 'models-'));
  const filepath = join(saved, '{epoch:02d}-{val_loss:.2f}.keras');
  const { history } = await run([
    new ModelCheckpoint({ filepath }),
    new ModelCheckpoint({ filepath: join(saved, 'm') }),
  ]);
  const names = history.val_loss.map((loss, i) => `0${i + 1}-${loss.toFixed(2)}.keras`);
  expect(readdirSync(saved).sort()).toEqual([...names, 'm']);
  expect(statSync(join(saved, 'm')).isDirectory()).toBe(true);
});

describe('TerminateOnNaN', () => {
  test('ends with the last good weights and a reason, where fit alone rejects', async () => {
    const steep: Callback = {
      onEpochBegin: (epoch, { optimizer }) => {
        if (epoch === 2) optimizer.learningRate = 1e38;
      },
    };
    const good = await run([], { epochs: 2 });
    await expect(run([steep])).rejects.toThrow('in epoch 3');
    const terminate = new TerminateOnNaN();
    const lines: string[] = [];
    let last: unknown;
    const ends: Callback = {
      onTrainEnd: (logs) => {
        last = logs;
      },
    };
    const ended = await run([steep, terminate, ends], { write: (text) => void lines.push(text) });
    expect(last).toEqual(Object.fromEntries(Object.entries(ended.history).map(([key, values]) => [key, values[1]])));
    expect(ended.weights).toEqual(good.weights);
    expect(ended.epoch).toEqual([0, 1]);
    expect(ended.stopped).toMatchObject({ reason: 'callback', epoch: 2 });
    expect(terminate.reason).toMatch(/in epoch 3, batch/);
    expect(lines).toEqual([`${terminate.reason}\n`]);
  });
});

test('LambdaCallback calls what it was given, and refuses what is no moment of a training', async () => {
  const seen: string[] = [];
  const hook = (name: string) => () => void seen.push(name);
  const names = ['onTrainBegin', 'onEpochBegin', 'onBatchBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'];
  await run([new LambdaCallback(Object.fromEntries(names.map((name) => [name, hook(name)])))], { epochs: 1 });
  expect(seen).toEqual([
    ...names.slice(0, 2),
    ...Array.from({ length: 3 }, () => names.slice(2, 4)).flat(),
    ...names.slice(4),
  ]);
  expect(() => new LambdaCallback({ onEpochFinish: hook('x') } as Callback)).toThrow(
    "LambdaCallback: unknown option 'onEpochFinish'",
  );
  for (const wrong of [3, 'stop', {}, true, [() => undefined]])
    expect(() => new LambdaCallback({ onEpochEnd: wrong } as unknown as Callback)).toThrow(
      'onEpochEnd must be a function',
    );
});

test('the masked sum of an event file: CRC-32C of its check value, rotated by 15 bits, plus the constant', () => {
  expect(maskedCrc(new TextEncoder().encode('123456789'))).toBe(3347755237);
});
