import type { NdArray } from '../data/array.js';
import { partOf } from '../data/sideBySide.js';
import { modelError } from '../errors.js';
import type { Samples } from './batches.js';
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

  add({ loss, losses, predictions, masks }: BatchResult, { y, weights: sampleWeight }: Samples): void {
    const { metrics, weightedMetrics } = this;
    const size = predictions.shape[0];
    this.lossTotal += loss * size;
    this.samples += size;
    losses?.forEach((one, i) => {
      this.outputTotals[i] += one * size;
    });
    for (const output of new Set(this.counted.map(({ metric }) => metric.output ?? 0))) {
      const isOf = ({ metric }: Counted) => (metric.output ?? 0) === output;
      const own = { yTrue: partOf(y, output), yPred: partOf(predictions, output) };
      const positions = positionsOf(own.yPred);
      const mask = masks[output]?.length === positions ? masks[output] : undefined;
      for (const { count } of metrics.filter(isOf)) count.update(own.yTrue, own.yPred, mask);
      const weighted = weightedMetrics.filter(isOf);
      if (weighted.length === 0) continue;
      const weights = positionWeights(positions, mask, sampleWeight && weightsOf(sampleWeight, predictions, output));
      for (const { count } of weighted) count.update(own.yTrue, own.yPred, weights);
    }
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
    if (!fits) throw modelError('the saved metrics are those of another model');
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

const positionsOf = ({ data, shape }: NdArray) => data.length / shape[shape.length - 1];

/** An output's weights of those of all positions of several, which lie side by side for each sample. */
function weightsOf(weights: Float32Array, predictions: NdArray, output: number): Float32Array {
  if (!predictions.parts) return weights;
  const [samples] = predictions.shape;
  const parts = predictions.parts.map((shape) => shape.slice(0, -1));
  return Float32Array.from(partOf({ data: weights, shape: [samples, weights.length / samples], parts }, output).data);
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
