/**
 * Masks. ONNX's recurrent operators only know how many steps at the beginning of a sequence count (sequence_lens), Keras's layers
 * which. So the steps that count are moved to the front, in their order, and the outputs back to where they belong; where padding
 * stands at the end, nothing moves. With m (B,T) of 1 and 0, c its running sum, n = Σm:
 *
 *     order   the steps sorted by m, those that count first      x'_j = x_order(j)
 *     step t  has seen c_t steps that count: its output is y'_(c_t − 1), the last one's before it for a masked t, and 0 for c_t = 0
 *     backwards, it has those from t on behind it: y'_(c_t − m_t), and 0 where that is n
 */
import { type GraphBuilder, int } from './builder.js';
import { dataTypes } from './proto.js';

/** A mask's values in the graph. */
export interface Mask {
  /** m (B,T), int64 */
  steps: string;
  /** c (B,T) */
  count: string;
  /** n (B,1) */
  total: string;
  /** n (B), int32, as operators take it */
  lengths: string;
  /** (B,T,1) */
  order: string;
}

/** The mask of `steps`, (B,T) of true and false. */
export function writeMask(graph: GraphBuilder, kept: string): Mask {
  const cast = (value: string, to: number) => graph.op('Cast', [value], { to: int(to) });
  const steps = cast(kept, dataTypes.int64);
  const count = graph.op('CumSum', [steps, graph.wholeNumber(1)]);
  const total = graph.op('ReduceSum', [steps, graph.list(1)], { keepdims: int(1) });
  const lengths = cast(graph.op('Squeeze', [total, graph.list(1)]), dataTypes.int32);
  // m·T − t sorts those that count first, each half in its order.
  const T = graph.op('Shape', [steps], { start: int(1), end: int(2) });
  const ones = graph.op('Expand', [graph.list(1), graph.op('Shape', [steps])]);
  const place = graph.op('CumSum', [ones, graph.wholeNumber(1)]);
  const key = graph.op('Sub', [graph.op('Mul', [steps, T]), place]);
  const sorted = graph.op('TopK', [key, T], { axis: int(1) }, { wanted: [true, true] });
  const order = graph.op('Unsqueeze', [sorted, graph.list(2)]);
  return { steps, count, total, lengths, order };
}

/** x (B,T,I) with the steps that count in front. */
export function toFront(graph: GraphBuilder, { order }: Mask, x: string): string {
  return graph.op('GatherND', [x, order], { batch_dims: int(1) });
}

/** Outputs (B,T,U) of the steps in front, at their places; those of masked steps repeat the one before in the layer's direction. */
export function fromFront(graph: GraphBuilder, mask: Mask, y: string, backwards: boolean): string {
  const { steps, count, total } = mask;
  const index = graph.op('Sub', [count, backwards ? steps : graph.list(1)]);
  const none = backwards ? graph.op('Equal', [index, total]) : graph.op('Equal', [count, graph.list(0)]);
  const inside = graph.op('Where', [none, graph.list(0), index]);
  const seen = graph.op('Cast', [graph.op('Not', [none])], { to: int(dataTypes.float) });
  const gathered = graph.op('GatherND', [y, graph.op('Unsqueeze', [inside, graph.list(2)])], { batch_dims: int(1) });
  return graph.op('Mul', [gathered, graph.op('Unsqueeze', [seen, graph.list(2)])]);
}

/** m as (B,T,1) of floats. */
export function maskFactor(graph: GraphBuilder, { steps }: Mask): string {
  return graph.op('Unsqueeze', [graph.op('Cast', [steps], { to: int(dataTypes.float) }), graph.list(2)]);
}

/** Masking: x with 0 where all features of a step are `value`, and the mask of the others. */
export function writeMasking(graph: GraphBuilder, x: string, value: number): { x: string; mask: Mask } {
  const differs = graph.op('Not', [graph.op('Equal', [x, graph.number(value)])]);
  const any = graph.op('ReduceMax', [graph.op('Cast', [differs], { to: int(dataTypes.float) }), graph.list(-1)], {
    keepdims: int(0),
  });
  const mask = writeMask(graph, graph.op('Cast', [any], { to: int(dataTypes.bool) }));
  return { x: graph.op('Mul', [x, maskFactor(graph, mask)]), mask };
}
