/** What a caller's arrays are in a program's memory: inputs, targets and weights into it, predictions and masks out of it. */
import { elements, type NdArray } from '../data/array.js';
import { putPart, sideBySide } from '../data/sideBySide.js';
import type { Output } from './output.js';
import type { Placement, Program } from './program.js';
import { isBatchMajor, rowNumbers } from './rows.js';

/** Steps of each input of a batch, 1 where it has none. */
export function stepsOf({ plan }: Program, x: NdArray): number[] {
  if (!x.parts) return [plan.inputs[0].sequence ? x.shape[1] : 1];
  const shapes = x.parts;
  return plan.inputs.map(({ sequence }, i) => (sequence ? shapes[i][0] : 1));
}

/** Into a placed program. */
export function setInputs({ arena, plan, inputs }: Program, x: NdArray): void {
  for (let i = 0; i < inputs.length; i++)
    putPart(x, i, plan.inputs[i].integers ? arena.i32 : arena.f32, inputs[i].address >>> 2);
}

export function setTargets(program: Program, y: NdArray): void {
  for (let i = 0; i < program.outputs.length; i++) setTargetsOf(program, program.outputs[i], y, i);
}

/** The targets of one output, those with number `index` of y. */
function setTargetsOf({ arena, kernels, order }: Program, output: Output, y: NdArray, index: number): void {
  const { labels } = output.plan.loss;
  const { width, steps } = output.result.values;
  const memory = labels ? arena.i32 : arena.f32;
  const { targets } = output.loss;
  if (isBatchMajor(order, steps)) {
    putPart(y, index, memory, targets >>> 2);
    return;
  }
  // Time-major, by way of the predictions' place, which is as large.
  const { batch } = order;
  const size = labels ? 1 : width;
  putPart(y, index, memory, output.predicted.address >>> 2);
  kernels.copySequence(
    output.predicted.address,
    size,
    steps * size,
    targets,
    batch * size,
    size,
    size,
    steps,
    0,
    batch,
  );
}

/** (B) or (B·T) weights to rows; of several outputs those of all their steps, side by side for each sample. */
export function setRowWeights({ arena, outputs, order }: Program, weights: Float32Array): void {
  const { f32 } = arena;
  const { batch } = order;
  const perSample = weights.length / batch;
  let from = 0;
  for (const { result, loss } of outputs) {
    const { steps } = result.values;
    const at = loss.rowWeights >>> 2;
    const apart = perSample > 1 ? 1 : 0;
    const { step, entry } = rowNumbers(order, steps);
    for (let b = 0; b < batch; b++)
      for (let t = 0; t < steps; t++) f32[at + t * step + b * entry] = weights[b * perSample + from + t * apart];
    from += steps;
  }
}

/** The predictions of a program, without an array of their own where the model has one output. */
export class Predictions {
  private view: Float32Array = new Float32Array(0);
  private one: NdArray = { data: this.view, shape: [] };
  /** That they were last taken of. */
  private placement: Placement | undefined;

  /** Views that the next step overwrites, or, of several outputs, a copy. */
  of(program: Program): NdArray {
    const { outputs } = program;
    if (outputs.length > 1)
      return sideBySide(
        outputs.map((output) => {
          const shape = shapeOf(program, output);
          return { data: viewOf(program, output, elements(shape)), shape };
        }),
      );
    const view = this.viewOfOne(program);
    // As many numbers at the same place may be of another shape: two samples of three steps, or three of two.
    if (this.one.data !== view || this.placement !== program.placement) {
      this.one = { data: view, shape: shapeOf(program, outputs[0]) };
      this.placement = program.placement;
    }
    return this.one;
  }

  /** A new view only when they have moved. */
  private viewOfOne(program: Program): Float32Array {
    const [output] = program.outputs;
    const { width, steps } = output.result.values;
    const length = program.order.batch * steps * width;
    const { view } = this;
    if (
      view.buffer !== program.arena.f32.buffer ||
      view.byteOffset !== output.predicted.address ||
      view.length !== length
    )
      this.view = viewOf(program, output, length);
    return this.view;
  }
}

function viewOf({ arena }: Program, { predicted: { address } }: Output, length: number): Float32Array {
  return arena.f32.subarray(address >>> 2, (address >>> 2) + length);
}

function shapeOf({ order }: Program, { result }: Output): number[] {
  const { width, steps } = result.values;
  const { batch } = order;
  return result.sequence ? [batch, steps, width] : [batch, width];
}

/** (B·T) */
export function batchMajorMask({ arena, order }: Program, { result }: Output): Float32Array {
  const { f32 } = arena;
  const { steps } = result.values;
  const { batch } = order;
  const { step, entry } = rowNumbers(order, steps);
  const out = new Float32Array(batch * steps);
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < steps; t++) out[b * steps + t] = f32[(result.mask >>> 2) + t * step + b * entry];
  return out;
}
