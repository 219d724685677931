/**
 * Weights of recurrent layers between Keras's and ONNX's forms, U units, I inputs, G gates:
 *
 *     Keras  kernel (I,G·U), recurrent kernel (U,G·U), bias (G·U), of a GRU with resetAfter (2,G·U)    LSTM: i f c o   GRU: z r h
 *     ONNX   W (G·U,I),      R (G·U,U),                B (2·G·U): input's and state's, one after the other    LSTM: i o f c   GRU: z r h
 */
export type RecurrentClass = 'LSTM' | 'GRU' | 'SimpleRNN';

/** The place of each of ONNX's gates among Keras's. */
const order: Record<RecurrentClass, readonly number[]> = { LSTM: [0, 3, 1, 2], GRU: [0, 1, 2], SimpleRNN: [0] };

export function gatesOf(cls: RecurrentClass): number {
  return order[cls].length;
}

/** One direction's weights in Keras's form. */
export interface KerasRecurrent {
  kernel: Float32Array;
  recurrent: Float32Array;
  /** Twice as long with `resetAfter`. */
  bias?: Float32Array;
}

export interface OnnxRecurrent {
  W: Float32Array;
  R: Float32Array;
  B?: Float32Array;
}

export function toOnnxGates(
  cls: RecurrentClass,
  units: number,
  { kernel, recurrent, bias }: KerasRecurrent,
): OnnxRecurrent {
  const W = toRows(cls, units, kernel);
  const R = toRows(cls, units, recurrent);
  if (!bias) return { W, R };
  const size = gatesOf(cls) * units;
  const B = new Float32Array(2 * size);
  for (let half = 0; half * size < bias.length; half++) {
    B.set(toRows(cls, units, bias.subarray(half * size, (half + 1) * size)), half * size);
  }
  return { W, R, B };
}

/** `resetAfter`: keeps the two halves of B apart; else they are added, as they act alike. */
export function fromOnnxGates(
  cls: RecurrentClass,
  units: number,
  { W, R, B }: OnnxRecurrent,
  resetAfter: boolean,
): KerasRecurrent {
  const kernel = fromRows(cls, units, W);
  const recurrent = fromRows(cls, units, R);
  if (!B) return { kernel, recurrent };
  const size = gatesOf(cls) * units;
  const input = fromRows(cls, units, B.subarray(0, size));
  const state = fromRows(cls, units, B.subarray(size));
  if (!resetAfter) return { kernel, recurrent, bias: input.map((value, index) => value + state[index]) };
  const bias = new Float32Array(2 * size);
  bias.set(input);
  bias.set(state, size);
  return { kernel, recurrent, bias };
}

/** (n,G·U) → (G·U,n) with the gates in ONNX's order. */
function toRows(cls: RecurrentClass, units: number, from: Float32Array): Float32Array {
  const columns = gatesOf(cls) * units;
  const rows = from.length / columns;
  const to = new Float32Array(from.length);
  for (const [gate, source] of order[cls].entries())
    for (let unit = 0; unit < units; unit++)
      for (let row = 0; row < rows; row++)
        to[(gate * units + unit) * rows + row] = from[row * columns + source * units + unit];
  return to;
}

/** (G·U,n) with the gates in ONNX's order → (n,G·U) in Keras's. */
function fromRows(cls: RecurrentClass, units: number, from: Float32Array): Float32Array {
  const columns = gatesOf(cls) * units;
  const rows = from.length / columns;
  const to = new Float32Array(from.length);
  for (const [gate, target] of order[cls].entries())
    for (let unit = 0; unit < units; unit++)
      for (let row = 0; row < rows; row++)
        to[row * columns + target * units + unit] = from[(gate * units + unit) * rows + row];
  return to;
}
