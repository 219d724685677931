import type { NdArray } from '../data/array.js';
import type { Compiled } from './compile.js';
import type { Logs } from './history.js';
import type { BatchResult } from './runner.js';

/** The running means of an epoch: the loss by samples, and the metrics. */
export class Meter {
  private lossTotal = 0;
  private samples = 0;

  constructor(private readonly compiled: Compiled) {
    this.reset();
  }

  reset(): void {
    this.lossTotal = 0;
    this.samples = 0;
    for (const metric of [...this.compiled.metrics, ...this.compiled.weightedMetrics]) metric.reset();
  }

  add({ loss, predictions, mask }: BatchResult, y: NdArray, sampleWeight?: Float32Array): void {
    const { metrics, weightedMetrics } = this.compiled;
    const size = predictions.shape[0];
    this.lossTotal += loss * size;
    this.samples += size;
    if (metrics.length + weightedMetrics.length === 0) return;
    const positions = predictions.data.length / predictions.shape[predictions.shape.length - 1];
    const counted = mask?.length === positions ? mask : undefined;
    for (const metric of metrics) metric.update(y, predictions, counted);
    if (weightedMetrics.length === 0) return;
    const weights = positionWeights(positions, counted, sampleWeight);
    for (const metric of weightedMetrics) metric.update(y, predictions, weights);
  }

  /** loss and metrics, in Keras's order, each key after `prefix`. */
  logs(prefix = ''): Logs {
    const logs: Logs = { [`${prefix}loss`]: this.lossTotal / this.samples };
    const { metrics, weightedMetrics } = this.compiled;
    for (const metric of [...metrics, ...weightedMetrics]) logs[prefix + metric.name] = metric.result();
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
