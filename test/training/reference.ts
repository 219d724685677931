/** What Keras 3 computed, from test/fixtures/training/generate.py, further.py and averages.py. */
import { readFileSync } from 'node:fs';
import type { OptimizerIdentifier } from '../../src/training/optimizers.js';

export interface Reference {
  optimizers: {
    optimizer: Extract<OptimizerIdentifier, { class_name: string }>;
    start: number[][];
    gradients: number[][][];
    after: number[][][];
  }[];
  schedules: { schedule: { class_name: string; config: Record<string, unknown> }; steps: number[]; rates: number[] }[];
  losses: {
    name: string;
    config: Record<string, unknown>;
    shape: number[];
    y: number[];
    yShape: number[];
    p: number[];
    loss: number;
    weight: number[];
    weighted: number;
    mask?: number[];
    masked: number;
    maskedWeighted: number;
    stepWeight: number[];
    stepWeighted: number;
  }[];
  metrics: {
    name: string;
    k?: number | null;
    options?: Record<string, unknown>;
    batches: {
      y: number[];
      yShape: number[];
      p: number[];
      pShape: number[];
      weight: number[] | null;
      result: number;
    }[];
  }[];
  fits: {
    spec: string;
    x: number[];
    xShape: number[];
    y: number[];
    yShape: number[];
    loss: string;
    metrics: string[];
    weightedMetrics: string[];
    optimizer: Extract<OptimizerIdentifier, { class_name: string }>;
    fit: {
      batch_size: number;
      epochs: number;
      validation_split?: number;
      sample_weight?: number[];
      class_weight?: Record<number, number>;
    };
    start: number[][];
    history: Record<string, number[]>;
    evaluate: Record<string, number>;
    end: number[][];
  }[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/training/${name}.json`, import.meta.url), 'utf8'));
const first: Reference = read('keras');
const further: Omit<Reference, 'fits'> = read('further');
const averages: Pick<Reference, 'optimizers' | 'fits'> = read('averages');

export const reference: Reference = {
  optimizers: [...first.optimizers, ...further.optimizers, ...averages.optimizers],
  schedules: [...first.schedules, ...further.schedules],
  losses: [...first.losses, ...further.losses],
  metrics: [...first.metrics, ...further.metrics],
  fits: [...first.fits, ...averages.fits],
};

/** The largest |a - b|, or |a/b - 1| where |b| is above 1. A NaN is Infinity. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (!(distance <= worst)) worst = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
  }
  return worst;
}
