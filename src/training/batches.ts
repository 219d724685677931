/** Rows of arrays as batches, without an allocation per batch. */
import { elements, type NdArray } from '../data/array.js';

/** Samples with their targets and weights; weights are one for each sample or for each of its steps. */
export interface Samples {
  x: NdArray;
  y: NdArray;
  weights?: Float32Array;
}

/** The rows [from, to) of an array, in its own memory. */
export function rowRange(array: NdArray, from: number, to: number): NdArray {
  const size = elements(array.shape.slice(1));
  const range = { data: array.data.subarray(from * size, to * size), shape: [to - from, ...array.shape.slice(1)] };
  return array.parts ? { ...range, parts: array.parts } : range;
}

/** The samples [from, to), in their own memory. */
export function sampleRange({ x, y, weights }: Samples, from: number, to: number): Samples {
  const range = { x: rowRange(x, from, to), y: rowRange(y, from, to) };
  if (!weights) return range;
  const perSample = weights.length / x.shape[0];
  return { ...range, weights: weights.subarray(from * perSample, to * perSample) };
}

/** Elements from which a row is copied faster as a block than one by one. */
const LONG_ROW = 64;

/** Gathers rows into a buffer that the next batch overwrites. */
class RowGatherer {
  /** The buffer as a whole batch. */
  readonly whole: NdArray;
  private readonly size: number;
  private readonly buffer: NdArray['data'];

  constructor(
    private readonly array: NdArray,
    batchSize: number,
  ) {
    this.size = elements(array.shape.slice(1));
    const rows = Math.min(batchSize, array.shape[0]);
    const length = rows * this.size;
    this.buffer = array.data instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
    this.whole = { ...array, data: this.buffer, shape: [rows, ...array.shape.slice(1)] };
  }

  gather(order: Int32Array, from: number, to: number): NdArray {
    const { array, buffer, size, whole } = this;
    for (let i = from; i < to; i++) {
      const source = order[i] * size;
      const target = (i - from) * size;
      if (size >= LONG_ROW) buffer.set(array.data.subarray(source, source + size), target);
      else for (let j = 0; j < size; j++) buffer[target + j] = array.data[source + j];
    }
    return to - from === whole.shape[0] ? whole : rowRange(whole, 0, to - from);
  }
}

/** Batches of samples, in their own order or in a given one; the last may be smaller. */
export class Batches {
  /** The number of batches. */
  readonly count: number;
  private readonly size: number;
  private gatherers: { x: RowGatherer; y: RowGatherer; weights?: RowGatherer } | undefined;

  constructor(
    private readonly samples: Samples,
    private readonly batchSize: number,
  ) {
    this.size = samples.x.shape[0];
    this.count = Math.ceil(this.size / batchSize);
  }

  /** One batch; with an order, it is valid until the next call. */
  batch(index: number, order?: Int32Array): Samples {
    const from = index * this.batchSize;
    const to = Math.min(from + this.batchSize, this.size);
    if (!order) return sampleRange(this.samples, from, to);
    this.gatherers ??= this.makeGatherers();
    const { x, y, weights } = this.gatherers;
    const gathered = weights?.gather(order, from, to).data;
    return {
      x: x.gather(order, from, to),
      y: y.gather(order, from, to),
      ...(gathered instanceof Float32Array ? { weights: gathered } : {}),
    };
  }

  private makeGatherers() {
    const { samples, batchSize, size } = this;
    const { x, y, weights } = samples;
    return {
      x: new RowGatherer(x, batchSize),
      y: new RowGatherer(y, batchSize),
      ...(weights
        ? { weights: new RowGatherer({ data: weights, shape: [size, weights.length / size] }, batchSize) }
        : {}),
    };
  }
}
