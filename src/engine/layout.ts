/** What a program has in its memory for one batch size and numbers of steps: all that is forgotten when it is placed anew. */
import type { WeightBlock } from './blocks.js';
import { requireGradients } from './gradients.js';
import type { EngineLayer, LayerContext, PlacedLayer, Space } from './layers/layer.js';
import { Output } from './output.js';
import type { InputPlan, Plan } from './planData.js';
import { batchMajor, type RowOrder, type Rows, type Signal, signalFrom } from './rows.js';
import { Fork, readBy, type Wiring } from './wiring.js';

/** What is laid out, and how its parts are joined. */
export interface LayoutParts {
  plan: Plan;
  layers: readonly EngineLayer[];
  wiring: Wiring;
  context: LayerContext;
}

/** Rows of a chunk. */
const CHUNK_ROWS = 512;

export class Layout {
  readonly order: RowOrder;
  /** Entries that all layers take at a time, so that what one gives is in cache when the next reads it. */
  readonly chunk: number;
  /** The caller's arrays: (B, T, F) as they come. */
  readonly inputs: readonly Rows[];
  readonly layers: readonly PlacedLayer[];
  readonly outputs: readonly Output[];
  /** The forks among the signals of each node, where it has any. */
  readonly forks: readonly (readonly Fork[] | undefined)[];
  /** Whether a node has a part in backward: somebody gives one of its outputs a gradient. */
  readonly goesBack: readonly boolean[];
  /** Layers that gather over all rows in training, in order. */
  readonly gatherers: readonly number[];
  readonly preparing: readonly PlacedLayer[];
  readonly following: readonly PlacedLayer[];
  readonly penalising: readonly PlacedLayer[];
  /** Multiplications and additions of forward, about. */
  readonly flops: number;
  /** The weight of a row under a mask depends on all rows' masks. */
  readonly waitsForMasks: boolean;
  private readonly signals: Signal[];
  /** By signal. */
  private readonly forkOf = new Map<number, Fork>();

  constructor(
    private readonly parts: LayoutParts,
    private readonly space: Space,
    steps: readonly number[],
  ) {
    const { plan, layers, wiring } = parts;
    this.order = { batch: space.batch, batchMajor: space.batchMajor };
    this.chunk = space.batchMajor ? Math.max(1, Math.round(CHUNK_ROWS / Math.max(...steps))) : space.batch;
    this.inputs = plan.inputs.map((input, i) => placeInput(input, steps[i], space));
    this.signals = this.inputs.map((values, i) => {
      const { sequence } = plan.inputs[i];
      return { values, sequence, mask: 0, wantsGradient: false };
    });
    let flops = 0;
    this.layers = layers.map((layer, i) => {
      const { values } = this.signals[plan.nodes[i].inputs[0]];
      const placed = this.placeLayer(layer, i);
      flops += space.batch * values.steps * (flopsOfRow(layer.blocks, values.width) + (placed.flops ?? 0));
      return placed;
    });
    this.flops = flops;
    this.outputs = plan.outputs.map((_, i) => this.placeOutput(i));
    this.waitsForMasks = this.outputs.some(({ result }) => result.mask !== 0);
    for (const fork of this.forkOf.values()) fork.place();
    this.forks = layers.map((_, i) => {
      const own = [...this.forkOf].filter(([signal]) => wiring.nodeOf(signal) === i);
      return own.length > 0 ? own.map(([, fork]) => fork) : undefined;
    });
    this.goesBack = this.layers.map(
      ({ output, further = [] }, i) => wiring.isReached[i] && [output, ...further].some(({ gradient }) => gradient),
    );
    this.gatherers = wiring.beforeLoss.filter((i) => this.layers[i].gathering !== undefined);
    this.preparing = this.layers.filter(({ prepare }) => prepare !== undefined);
    this.following = this.layers.filter(({ follow }) => follow !== undefined);
    this.penalising = this.layers.filter(({ penalty }) => penalty !== undefined);
  }

  private placeLayer(layer: EngineLayer, node: number): PlacedLayer {
    const { plan, wiring, context } = this.parts;
    const { inputs, layer: layerPlan } = plan.nodes[node];
    const ports = inputs.map((signal) => this.port(signal, wiring.isReached[node]));
    const [input, ...others] = ports;
    const placed = layer.place(input, this.space, others);
    requireGradients(ports, `a layer of the kind ${layerPlan.kind}`);
    for (const signal of [placed.output, ...(placed.further ?? [])]) {
      const number = this.signals.length;
      if (wiring.forks(number) && signal.wantsGradient) this.forkOf.set(number, new Fork(signal, context.kernels));
      this.signals.push(signal);
    }
    return placed;
  }

  private placeOutput(i: number): Output {
    const { plan, context } = this.parts;
    const own = plan.outputs[i];
    const read = this.port(readBy(own), true);
    const [result, readInEvaluation] = [own.signal, own.evaluationLoss?.reads ?? own.signal].map(
      (signal) => this.signals[signal],
    );
    const output = new Output(own, context, { result, read, readInEvaluation }, this.space);
    requireGradients([read], `the loss of output ${i}`);
    return output;
  }

  /** A signal as one of its readers gets it. */
  private port(number: number, hasGradient: boolean): Signal {
    const signal = this.signals[number];
    if (hasGradient) return this.forkOf.get(number)?.reader() ?? signal;
    return signal.wantsGradient ? signalFrom(signal, signal.values, { wantsGradient: false }) : signal;
  }
}

function placeInput({ width }: InputPlan, steps: number, { arena, batch }: Space): Rows {
  return batchMajor(arena.floats(batch * steps * width), steps, width);
}

/** A layer's work on one row: its weights once each, and some for what is done to each element. */
function flopsOfRow(blocks: readonly WeightBlock[], width: number): number {
  const weights = blocks.reduce(
    (sum, block) => sum + (block.layout === 'rows' ? 0 : 16 * block.panels * block.rows),
    0,
  );
  return 2 * weights + 16 * width;
}
