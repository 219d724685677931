/** A recurrent layer alone in a memory of its own, for whoever has tensors of another library: all steps forward, all steps backward. */
import type { RecurrentPlan } from '../plan/layerPlan.js';
import { Arena, newMemory } from './arena.js';
import { blockSize, pack, unpack } from './blocks.js';
import { gradientOf, placeGradient } from './gradients.js';
import { engineKernels, type Kernels } from './kernels.js';
import type { PlacedLayer } from './layers/layer.js';
import { RecurrentLayer } from './layers/recurrent.js';
import { copyRows } from './moveRows.js';
import { batchMajor, type Rows, type Signal, timeMajor } from './rows.js';

/** One call's numbers: x (B,T,I), the weights and initial states (B,U) in Keras's layout and order. */
export interface CellCall {
  batch: number;
  steps: number;
  x: Float32Array;
  weights: readonly Float32Array[];
  initial: readonly Float32Array[];
  /** (B,T), 0 where a step does not count. */
  mask: ArrayLike<number> | undefined;
  /** A backward call may follow. */
  recorded: boolean;
}

/** Of x, the weights and the initial states. */
export interface CellGradients {
  x: Float32Array;
  weights: Float32Array[];
  initial: Float32Array[];
}

interface Placed {
  layer: PlacedLayer;
  input: Signal;
  initial: readonly Signal[];
  outputs: readonly Signal[];
  /** What goes in and out without gaps, (B,T,I) and (B,T,U). */
  packed: number;
}

export class TensorCell {
  private readonly arena: Arena;
  private readonly kernels: Kernels;
  private readonly layer: RecurrentLayer;
  private readonly mark: number;
  private layout = '';
  private placed: Placed | undefined;
  /** The call whose steps lie in the memory. */
  private newest: CellCall | undefined;

  /** @param plan its weights are numbered as those of the calls */
  constructor(private readonly plan: RecurrentPlan) {
    const memory = newMemory();
    const { kernels, wide } = engineKernels(memory);
    this.kernels = kernels;
    this.arena = new Arena(memory);
    this.layer = new RecurrentLayer(plan, { kernels, wide: Number(wide), draw: { seed: 0, step: 0 } });
    for (const block of this.layer.blocks) {
      block.weights = this.arena.fixed(blockSize(block));
      block.gradients = this.arena.fixed(blockSize(block));
    }
    this.mark = this.arena.mark();
  }

  /** The output, and with returnState the last states. */
  forward(call: CellCall): Float32Array[] {
    const { batch, steps, x, weights, initial, mask, recorded } = call;
    const { arena, layer } = this;
    const placed = this.place(call);
    for (const block of layer.blocks) {
      const packed = arena.f32.subarray(block.weights >>> 2, (block.weights >>> 2) + blockSize(block));
      for (const part of block.parts) pack(block, part, weights[part.weight], packed);
    }
    arena.f32.set(x, placed.input.values.address >>> 2);
    placed.initial.forEach(({ values }, i) => {
      arena.f32.set(initial[i], values.address >>> 2);
    });
    if (mask)
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < steps; t++)
          arena.f32[(placed.input.mask >>> 2) + t * batch + b] = mask[b * steps + t] ? 1 : 0;
    if (recorded) placed.layer.prepare?.(0, 1);
    placed.layer.forward({ from: 0, to: batch }, recorded);
    this.newest = call;
    return placed.outputs.map(({ values }) => this.read(placed, values, batch));
  }

  /** @param slopes of what forward gave */
  backward(call: CellCall, slopes: readonly Float32Array[]): CellGradients {
    if (this.newest !== call) this.forward(call);
    const { batch, weights } = call;
    const { arena } = this;
    const placed = this.place(call);
    placed.outputs.forEach((output, i) => {
      this.write(placed, gradientOf(output), slopes[i], batch);
    });
    placed.layer.backward({ from: 0, to: batch });
    placed.layer.gradients(0, 1);
    const ofWeights = weights.map(({ length }) => new Float32Array(length));
    for (const block of this.layer.blocks) {
      const packed = arena.f32.subarray(block.gradients >>> 2, (block.gradients >>> 2) + blockSize(block));
      for (const part of block.parts) unpack(block, part, packed, ofWeights[part.weight]);
    }
    const slopeOf = (input: Signal) => this.read(placed, gradientOf(input), batch);
    return { x: slopeOf(placed.input), weights: ofWeights, initial: placed.initial.map(slopeOf) };
  }

  private place({ batch, steps, initial, mask, recorded }: CellCall): Placed {
    const layout = [batch, steps, initial.length, mask !== undefined, recorded].join();
    if (this.placed && layout === this.layout) return this.placed;
    const { arena, plan } = this;
    const { inputs, units } = plan;
    arena.rewind(this.mark);
    this.placed = undefined;
    this.newest = undefined;
    const values = batchMajor(arena.floats(batch * steps * inputs), steps, inputs);
    const input: Signal = {
      values,
      sequence: true,
      mask: mask ? arena.floats(batch * steps) : 0,
      wantsGradient: recorded,
    };
    const states = initial.map(
      (): Signal => ({
        values: timeMajor(arena.floats(batch * units), batch, 1, units, units),
        sequence: false,
        mask: 0,
        wantsGradient: recorded,
      }),
    );
    const space = { arena, batch, batchMajor: false, training: recorded };
    const layer = this.layer.place(input, space, states);
    const outputs = [layer.output, ...layer.further];
    for (const output of outputs) placeGradient(output, space);
    const packed = arena.floats(batch * steps * Math.max(inputs, units));
    this.placed = { layer, input, initial: states, outputs, packed };
    this.layout = layout;
    return this.placed;
  }

  private read({ packed: at }: Placed, rows: Rows, batch: number): Float32Array {
    const { steps, width } = rows;
    this.copy(rows, batchMajor(at, steps, width), batch);
    return this.arena.f32.slice(at >>> 2, (at >>> 2) + batch * steps * width);
  }

  private write({ packed: at }: Placed, to: Rows, values: Float32Array, batch: number): void {
    const { steps, width } = to;
    this.arena.f32.set(values, at >>> 2);
    this.copy(batchMajor(at, steps, width), to, batch);
  }

  private copy(from: Rows, to: Rows, batch: number): void {
    copyRows(this.kernels, from, to, { from: 0, to: batch });
  }
}
