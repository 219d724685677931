/** The numbers of a weights file. */
import { floatOfHalf } from './halves.js';
import type { WeightEntry, WeightGroup } from './modelJson.js';

/** A group's weights and the bytes of its files, joined: `data.byteLength` is `group.bytes`. */
export interface WeightData {
  group: WeightGroup;
  data: ArrayBuffer;
}

export interface DecodedWeight {
  name: string;
  shape: number[];
  dtype: WeightEntry['dtype'];
  data: Float32Array | Int32Array | Uint8Array;
}

/** The values of all entries of the model, or of its optimizer. */
export function decodeEntries(groups: readonly WeightData[], which: 'model' | 'optimizer'): DecodedWeight[] {
  return groups.flatMap(({ group, data }) => {
    let offset = 0;
    return group.weights.flatMap((entry): DecodedWeight[] => {
      const bytes = data.slice(offset, offset + entry.bytes);
      offset += entry.bytes;
      if ((entry.group ?? 'model') !== which) return [];
      const { name, shape, dtype } = entry;
      return [{ name, shape, dtype, data: valuesOf(bytes, entry) }];
    });
  });
}

function valuesOf(bytes: ArrayBuffer, { dtype, quantization }: WeightEntry): DecodedWeight['data'] {
  if (!quantization) {
    if (dtype === 'float32') return new Float32Array(bytes);
    return dtype === 'int32' ? new Int32Array(bytes) : new Uint8Array(bytes);
  }
  const stored = quantization.dtype === 'uint8' ? new Uint8Array(bytes) : new Uint16Array(bytes);
  if (quantization.dtype === 'float16') return Float32Array.from(stored, floatOfHalf);
  const { scale = 1, min = 0 } = quantization;
  if (dtype === 'int32') return Int32Array.from(stored, (value) => Math.round(value * scale + min));
  return Float32Array.from(stored, (value) => value * scale + min);
}

/** The index of the first NaN or infinity, or -1. */
export function firstNotFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return index;
  return -1;
}
