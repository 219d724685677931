/** All weights of a model, their gradients and the optimizer's state, in blocks side by side, so that a step may run through all at once. */
import type { Arena } from './arena.js';
import { type BlockPart, blockSize, NO_LIMIT, pack, unpack, type WeightBlock } from './blocks.js';
import type { Kernels } from './kernels.js';
import { share } from './layers/layer.js';

/** A block of weights, and the layers' own where several use it: their weights are its, and its gradients the sum of theirs. */
interface SharedBlock {
  block: WeightBlock;
  uses: readonly WeightBlock[];
}

/** Blocks of the same variables taken together, in the order of their first uses; those that are not trained last. */
export function sharedBlocks(blocks: readonly WeightBlock[], isTrained: (weight: number) => boolean): SharedBlock[] {
  const byVariables = new Map<string, WeightBlock[]>();
  for (const block of blocks) {
    const variables = block.parts.map(({ weight, row }) => `${weight} ${row}`).join();
    const uses = byVariables.get(variables);
    if (uses) uses.push(block);
    else byVariables.set(variables, [block]);
  }
  const shared = [...byVariables.values()].map((uses) => ({
    block: uses.length === 1 ? uses[0] : { ...uses[0] },
    uses,
  }));
  const trained = shared.filter(({ block }) => block.parts.every(({ weight }) => isTrained(weight)));
  return [...trained, ...shared.filter((one) => !trained.includes(one))];
}

function sizeOf(blocks: readonly WeightBlock[]): number {
  return blocks.reduce((sum, block) => sum + blockSize(block), 0);
}

export class WeightStore {
  /** Floats of all blocks together. */
  readonly size: number;
  /** Floats of those that are trained, which come first: the size of gradients and slots. */
  readonly trainedSize: number;
  readonly weights: number;
  readonly gradients: number;
  /** One array of state each, laid out as the weights. */
  readonly slots: readonly number[];
  /** Where each Keras variable is, by its number. */
  readonly parts: readonly (readonly { block: WeightBlock; part: BlockPart }[])[];
  /** Those that are trained. */
  readonly blocks: readonly WeightBlock[];
  /** Blocks that several layers use, with a gradient of each. */
  readonly shared: readonly SharedBlock[];

  /** @param used the blocks of all layers, in their order */
  constructor(
    private readonly arena: Arena,
    used: readonly WeightBlock[],
    /** Elements of each Keras variable, by its number. */
    private readonly sizes: readonly number[],
    options: { slots: number; squares: boolean; useLimit: number; isTrained: (weight: number) => boolean },
  ) {
    const { isTrained } = options;
    const groups = sharedBlocks(used, isTrained);
    const all = groups.map(({ block }) => block);
    const trained = (block: WeightBlock) => block.parts.every(({ weight }) => isTrained(weight));
    this.blocks = all.filter(trained);
    this.shared = groups.filter(({ uses, block }) => uses.length > 1 && trained(block));
    this.size = sizeOf(all);
    this.trainedSize = sizeOf(this.blocks);
    this.weights = arena.fixed(this.size);
    this.gradients = arena.fixed(this.trainedSize);
    this.slots = Array.from({ length: options.slots }, () => arena.fixed(this.trainedSize));
    let offset = 0;
    for (const { block, uses } of groups) {
      block.weights = this.weights + offset;
      for (const use of uses) use.weights = block.weights;
      offset += 4 * blockSize(block);
      if (!trained(block)) continue;
      block.gradients = this.gradients + (block.weights - this.weights);
      block.squares = block.sparse && options.squares ? arena.fixed(blockSize(block)) : 0;
      block.useLimit = block.sparse ? options.useLimit : NO_LIMIT;
    }
    for (const { block, uses } of this.shared)
      for (const use of uses) {
        use.gradients = arena.fixed(blockSize(block));
        use.squares = block.squares ? arena.fixed(blockSize(block)) : 0;
        use.useLimit = block.useLimit;
      }
    this.parts = sizes.map((_, weight) =>
      all.flatMap((block) => block.parts.filter((part) => part.weight === weight).map((part) => ({ block, part }))),
    );
  }

  /** Copies a variable in, Keras's layout; `region` is the weights' or a slot's. */
  load(region: number, weight: number, values: Float32Array): void {
    for (const { block, part } of this.parts[weight]) pack(block, part, values, this.view(region, block));
  }

  /** Copies a variable out, into `values` if that has its size. */
  read(region: number, weight: number, values?: Float32Array): Float32Array {
    const size = this.sizes[weight];
    const out = values?.length === size ? values : new Float32Array(size);
    for (const { block, part } of this.parts[weight]) unpack(block, part, this.view(region, block), out);
    return out;
  }

  /** This thread's share of the sums of what several layers' gradients of one block are, in the layers' order. */
  addShared(kernels: Kernels, part: number, parts: number): void {
    for (const { block, uses } of this.shared) {
      const mine = share(blockSize(block) / 16, part, parts);
      const floats = 16 * (mine.to - mine.from);
      const at = 64 * mine.from;
      for (const name of ['gradients', 'squares'] as const) {
        const to = block[name];
        if (to === 0 || floats === 0) continue;
        kernels.copySequence(uses[0][name] + at, 0, 0, to + at, 0, 0, floats, 1, 0, 1);
        for (const use of uses.slice(1)) kernels.addSequence(use[name] + at, 0, 0, to + at, 0, 0, floats, 1, 0, 1);
      }
    }
  }

  /** Makes a slot zero. */
  clear(region: number): void {
    this.whole(region).fill(0);
  }

  /** Whether all slots are zero in the blocks' quiet rows. */
  isQuietStateZero(): boolean {
    return this.slots.every((slot) =>
      this.blocks.every((block) => {
        const values = this.view(slot, block);
        for (let panel = 0; panel < block.panels; panel++) {
          const start = 16 * block.rows * panel;
          if (values.subarray(start, start + 16 * block.quietRows).some((value) => value !== 0)) return false;
        }
        return true;
      }),
    );
  }

  /** A region as it is, block after block, into `values` if that has its size. */
  copy(region: number, values?: Float32Array): Float32Array {
    const whole = this.whole(region);
    if (values?.length !== whole.length) return whole.slice();
    values.set(whole);
    return values;
  }

  /** Puts back what copy() gave. */
  put(region: number, values: Float32Array): void {
    this.whole(region).set(values);
  }

  /** A view of a region, valid until the memory grows. */
  whole(region: number): Float32Array {
    const size = region === this.weights ? this.size : this.trainedSize;
    return this.arena.f32.subarray(region >>> 2, (region >>> 2) + size);
  }

  private view(region: number, block: WeightBlock): Float32Array {
    const start = (region + (block.weights - this.weights)) >>> 2;
    return this.arena.f32.subarray(start, start + blockSize(block));
  }
}
