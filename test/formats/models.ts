import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

/** A folder of this test file's own, removed at its end; in memory if that is wished and can be. */
export function temporaryFolder(wish?: 'in memory'): string {
  const parent = wish && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(parent, 'memcell-formats-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A small model, every weight different, so that no two can be swapped unseen. */
export function smallModel(start = 1, units = 3): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.lstm({ units, inputShape: [4, 2], recurrentActivation: 'sigmoid' }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  let count = 0;
  const values = model.weights.map(({ shape }) => {
    const size = tf.util.sizeFromShape(shape as number[]);
    return tf.tensor(
      Float32Array.from({ length: size }, () => Math.sin(start + 0.7 * count++)),
      shape as number[],
    );
  });
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

export const inputShape = [3, 4, 2];
export const input = Array.from({ length: 24 }, (_, index) => Math.cos(index));

export function predict(model: tf.LayersModel, values = input, shape = inputShape): number[] {
  return tf.tidy(() => Array.from((model.predict(tf.tensor(values, shape)) as tf.Tensor).dataSync()));
}

/** Runs stock.mjs, which knows nothing of memcell. */
export function stock(job: 'save' | 'load', folder: string, request: object = {}) {
  const script = new URL('./stock.mjs', import.meta.url).pathname;
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, job, folder], {
    input: JSON.stringify(request),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as {
    input: number[];
    shape: number[];
    output: number[];
    metadata: Record<string, unknown>;
  };
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, index) => {
    const difference = Math.abs(value - b[index]);
    return Math.max(difference, most);
  }, 0);
}
