/** Weights that lie otherwise than Keras's layers have them now: cuDNN's, and Keras 1's, an array a gate. */
import type { StoredWeight } from '../modelFile.js';

const GATES = { LSTM: 4, GRU: 3 };

/** Brings every layer's weights into the order that Keras 2 and 3 have for it. */
export function modernWeights(weights: readonly StoredWeight[]): StoredWeight[] {
  const layers = new Map<string, StoredWeight[]>();
  for (const weight of weights) layers.set(weight.layer, [...(layers.get(weight.layer) ?? []), weight]);
  return [...layers.values()].flatMap((own) => {
    const kind = cudnnKind(own);
    return kind ? own.map((weight, index) => fromCudnn(weight, index % 3, kind)) : fromKeras1(own);
  });
}

/** Whose layer's these are: only cuDNN's have two biases in one row. */
function cudnnKind([kernel, recurrent, bias]: readonly StoredWeight[]): keyof typeof GATES | undefined {
  if (bias?.shape.length !== 1 || kernel.shape.length !== 2 || recurrent.shape.length !== 2) return undefined;
  const [units, width] = recurrent.shape;
  if (bias.shape[0] !== 2 * width || kernel.shape[1] !== width) return undefined;
  if (width === 4 * units) return 'LSTM';
  return width === 3 * units ? 'GRU' : undefined;
}

/**
 * cuDNN reads a gate's kernel (I,U) row by row as (U,I), and the recurrent kernel transposed; its bias has a part for the
 * input and one for the state, which an LSTM adds.
 */
function fromCudnn(weight: StoredWeight, index: number, kind: keyof typeof GATES): StoredWeight {
  const { shape, data } = weight;
  if (index < 2 && shape.length === 2) {
    const [inputs, width] = shape;
    const units = Math.floor(width / GATES[kind]);
    const moved = Float32Array.from(data);
    for (let gate = 0; gate < GATES[kind]; gate++) {
      for (let i = 0; i < inputs; i++) {
        for (let u = 0; u < units; u++) {
          const flat = u * inputs + i;
          moved[i * width + gate * units + u] = data[Math.floor(flat / units) * width + gate * units + (flat % units)];
        }
      }
    }
    return { ...weight, data: moved };
  }
  if (index !== 2 || shape.length !== 1 || shape[0] % 2 !== 0) return weight;
  const half = shape[0] / 2;
  if (kind === 'GRU') return { ...weight, shape: [2, half] };
  return { ...weight, shape: [half], data: Float32Array.from({ length: half }, (_, i) => data[i] + data[half + i]) };
}

/** Which of Keras 1's arrays (W, U, b of gate after gate) are the gates in today's order. */
const KERAS1_GATES: Record<number, number[]> = { 12: [0, 6, 3, 9], 9: [0, 3, 6] };

/** Keras 1's LSTM has its gates as i, c, f, o in twelve arrays, its GRU as z, r, h in nine; its Conv1D has an axis more. */
function fromKeras1(weights: StoredWeight[]): StoredWeight[] {
  const [first] = weights;
  const gates = KERAS1_GATES[weights.length];
  const parts = /(^|[/_])W_[izrhcfo](:\d+)?$/.test(first.name);
  if (gates && parts) {
    return ['kernel', 'recurrent_kernel', 'bias'].map((name, i) => {
      const joined = gates.map((gate) => weights[gate + i]);
      return { layer: first.layer, name: `${first.layer}/${name}`, ...sideBySide(joined) };
    });
  }
  if (first.shape.length === 4 && first.shape[1] === 1 && /_W(:\d+)?$/.test(first.name)) {
    const [length, , inputs, outputs] = first.shape;
    return [{ ...first, shape: [length, inputs, outputs] }, ...weights.slice(1)];
  }
  return weights;
}

/** Matrices of as many rows, joined along their last axis. */
function sideBySide(parts: readonly StoredWeight[]): { shape: number[]; data: Float32Array } {
  const rows = parts[0].shape.length === 2 ? parts[0].shape[0] : 1;
  const widths = parts.map(({ data }) => data.length / rows);
  const width = widths.reduce((sum, one) => sum + one, 0);
  const data = new Float32Array(rows * width);
  let at = 0;
  parts.forEach((part, i) => {
    for (let row = 0; row < rows; row++) {
      data.set(part.data.subarray(row * widths[i], (row + 1) * widths[i]), row * width + at);
    }
    at += widths[i];
  });
  return { shape: parts[0].shape.length === 2 ? [rows, width] : [width], data };
}
