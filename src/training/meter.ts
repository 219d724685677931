import type { NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import type { Compiled } from './compile.js';
import type { Logs } from './history.js';
import type { Metric, MetricCount } from './metrics.js';
import type { BatchResult } from './runner.js';

interface Counted {
  metric: Metric;
  count: MetricCount;
}

/** What a meter has counted in a part of a pass. */
export interface MeterState {
  lossTotal: number;
  samples: number;
  outputTotals: number[];
  /** Of each metric. */
  counts: number[][];
}

/** The running means of one pass over samples: the loss by samples, and the metrics. */
export class Meter {
  private lossTotal = 0;
  private samples = 0;
  private outputTotals: number[] = [];
  private metrics: Counted[] = [];
  private weightedMetrics: Counted[] = [];

  constructor(private readonly compiled: Compiled) {
    this.reset();
  }

  /** Begins the next pass. */
  reset(): void {
    const start = (metric: Metric) => ({ metric, count: metric.start() });
    this.lossTotal = 0;
    this.samples = 0;
    this.outputTotals = (this.compiled.outputs ?? []).map(() => 0);
    this.metrics = this.compiled.metrics.map(start);
    this.weightedMetrics = this.compiled.weightedMetrics.map(start);
  }

  add({ loss, losses, predictions, mask }: BatchResult, y: NdArray, sampleWeight?: Float32Array): void {
    const { metrics, weightedMetrics } = this;
    const size = predictions.shape[0];
    this.lossTotal += loss * size;
    this.samples += size;
    losses?.forEach((one, i) => {
      this.outputTotals[i] += one * size;
    });
    if (metrics.length + weightedMetrics.length === 0) return;
    const positions = predictions.data.length / predictions.shape[predictions.shape.length - 1];
    const counted = mask?.length === positions ? mask : undefined;
    for (const { count } of metrics) count.update(y, predictions, counted);
    if (weightedMetrics.length === 0) return;
    const weights = positionWeights(positions, counted, sampleWeight);
    for (const { count } of weightedMetrics) count.update(y, predictions, weights);
  }

  /** The metrics that cannot be saved within a pass. */
  get unsaved(): string[] {
    return this.counted.filter(({ count }) => !count.save || !count.restore).map(({ metric }) => metric.name);
  }

  save(): MeterState {
    const counts = this.counted.map(({ count }) => count.save?.() ?? []);
    return { lossTotal: this.lossTotal, samples: this.samples, outputTotals: this.outputTotals.slice(), counts };
  }

  /** @throws MemcellError 'model' for what a meter of other metrics has saved */
  restore({ lossTotal, samples, outputTotals, counts }: MeterState): void {
    const fits = this.outputTotals.length === outputTotals.length && this.counted.length === counts.length;
    if (!fits) throw new MemcellError('the saved metrics are those of another model', { code: 'model' });
    this.lossTotal = lossTotal;
    this.samples = samples;
    this.outputTotals = outputTotals.slice();
    this.counted.forEach(({ count }, i) => {
      count.restore?.(counts[i]);
    });
  }

  private get counted(): Counted[] {
    return [...this.metrics, ...this.weightedMetrics];
  }

  /** loss and metrics, in Keras's order, each key after `prefix`. */
  logs(prefix = ''): Logs {
    const logs: Logs = { [`${prefix}loss`]: this.lossTotal / this.samples };
    this.compiled.outputs?.forEach(({ name }, i) => {
      logs[`${prefix}${name}_loss`] = this.outputTotals[i] / this.samples;
    });
    for (const { metric, count } of this.metrics) logs[prefix + metric.name] = count.result();
    for (const { metric, count } of this.weightedMetrics) logs[prefix + metric.name] = count.result();
    return logs;
  }
}

/** mask · sample weight, one number for each position. */
function positionWeights(
  positions: number,
  mask: Float32Array | undefined,
  sampleWeight: Float32Array | undefined,
): Float32Array | undefined {
  if (!sampleWeight) return mask;
  const perWeight = positions / sampleWeight.length;
  const weights = new Float32Array(positions);
  for (let i = 0; i < positions; i++) weights[i] = (mask ? mask[i] : 1) * sampleWeight[Math.floor(i / perWeight)];
  return weights;
}
