/** How a layer's definition says what the engine does in its place. */
import type { LayerPlan, SignalShape } from './layerPlan.js';

/** A layer's configuration, as it is saved. */
export type Config = Readonly<Record<string, unknown>>;

/** One call of a layer, as the engine's half of its definition sees it. */
export interface Planning<Settings = unknown> {
  readonly name: string;
  getClassName(): string;
  /** The layer's options, each checked when it is read. Activations are what the layer says of them: see activationId(). */
  readonly settings: Settings;
  /** What else the layer says of itself: TensorFlow.js's own layers have options that memcell's have not. */
  readonly config: Config;
  /** Names the layer's random numbers, as in model/walk.ts. */
  readonly path: string;
  /** false: it is frozen. */
  readonly trainable: boolean;
  /** All that flows in. */
  readonly inputs: readonly SignalShape[];
  /** What the model knows of the inputs' shapes where it is a graph; none in a stack. */
  readonly shapes: readonly (readonly (number | null)[])[];
  /** Whether the first input is one of the model's. */
  readonly first: boolean;
  /** What flows: the first input at first, and the output at last, changed by the layers that change it. */
  readonly flow: SignalShape;
  /** What the layer gives after its output, such as states: filled in by those that do. */
  readonly further: SignalShape[];
  readonly weightShapes: readonly (readonly number[])[];
  /** @throws Error where calls of the layer give several */
  readonly outputShape: readonly (number | null)[];
  /**
   * The numbers of the layer's weights, which come in the order of these names, the last of which may be missing. The names are
   * those of the regularizers and constraints.
   * @throws Unsupported for a weight with what the engine does not do
   */
  claim(...names: string[]): number[];
  /** The factors of the layer's L1L2 on the weight of that name. @throws Unsupported for another regularizer */
  penalty(name: string): { l1: number; l2: number };
  /** The call of a layer that this one holds, with what flows into this one. */
  inner(part: 'layer' | 'forward' | 'backward'): Planning;
  /** The call of one of the cells that this one runs, as a layer of its own with these options. */
  cell(index: number, options: Config): Planning;
  /** What the layer's definition makes of the call. @throws Unsupported */
  plan(): LayerPlan[];
}

/** The engine's layers that do what a call of a layer does, one after the other; the first of them reads all inputs. @throws Unsupported */
export type Planner<Settings = unknown> = { plan(planning: Planning<Settings>): LayerPlan[] }['plan'];
