/** All shapes, with what this machine is. */
import { availableParallelism } from 'node:os';
import { prepareBackend } from '../kernels/backend.js';
import type { Speed } from '../kernels/module.js';
import { enableWide, type WideStatus } from '../kernels/wide.js';
import { defaultShapes, type Shape } from './cases.js';
import { compareShape, type Row } from './compare.js';
import { measurePeak } from './measure.js';

export interface BenchOptions {
  shapes?: readonly Shape[];
  /** Leaves TensorFlow.js out, and with it the verification. */
  withoutTfjs?: boolean;
  /** Times one figure for about so long. Default 1. */
  seconds?: number;
  onProgress?: (text: string) => void;
}

export interface BenchReport {
  node: string;
  /** TensorFlow.js's backend. */
  backend: string;
  /** The speed that memcell's kernels run at. */
  speed: Speed;
  wide: WideStatus;
  /** Threads that the machine runs at once. */
  threads: number;
  /** One thread's limit at that speed. */
  gigaflops: number;
  rows: Row[];
}

/**
 * Measures this machine.
 * @throws MemcellError 'numeric' when memcell and TensorFlow.js do not give the same
 */
export async function runBench(options: BenchOptions = {}): Promise<BenchReport> {
  const { shapes = defaultShapes, withoutTfjs, seconds, onProgress = () => {} } = options;
  const wide = await enableWide();
  const backend = await prepareBackend();
  const { speed, gigaflops } = await measurePeak(seconds);
  const rows: Row[] = [];
  for (const shape of shapes) {
    const name = [shape.batch, shape.steps, shape.inputs, shape.units].join();
    rows.push(
      await compareShape(shape, {
        gigaflops,
        withoutTfjs,
        seconds,
        onProgress: (text) => onProgress(`${name}: ${text}`),
      }),
    );
  }
  return { node: process.versions.node, backend, speed, wide, threads: availableParallelism(), gigaflops, rows };
}
