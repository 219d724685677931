/** Calls of tfjs layers, one by one, as their definitions plan them. */
import { isKnownActivation } from '../activations.js';
import { MemcellError } from '../errors.js';
import { definitionOf } from '../layers/byName.js';
import type { Shape } from '../layers/define.js';
import { cellsIn } from '../layers/kinds.js';
import { layerOfCell } from '../layers/recurrent/cells.js';
import { savedSettings } from '../layers/saved.js';
import { isKnownLayer } from '../model/ownClasses.js';
import { cellPath, isBidirectional, isRecurrent, isWrapper, type LayerPath } from '../model/walk.js';
import type { LayerPlan, SignalShape, WeightPlan } from '../plan/layerPlan.js';
import type { Config, Planning } from '../plan/planning.js';
import { Unsupported, unsupported } from '../plan/unsupported.js';
import type * as tf from '../tf.js';
import type { InputPlan } from './planData.js';
import { claim, isNamed, penalty } from './planWeights.js';

/** What a call is of, beside its layer. */
export interface CallContext {
  model: tf.LayersModel;
  /** Filled in, by number, as layers claim their weights. */
  weights: (WeightPlan | undefined)[];
  /** Whose each weight is, by its number: a layer that is called again uses them again. */
  owners: Map<number, tf.layers.Layer>;
  inputs: readonly SignalShape[];
  /** What the model knows of the inputs' shapes where it is a graph. */
  shapes: readonly tf.Shape[];
  /** Whether the first input is one of the model's. */
  first: boolean;
}

/** What a layer comes down to: the engine's, one after the other, and what flows out of the last. */
export interface Planned {
  layers: LayerPlan[];
  outputs: SignalShape[];
}

/** What flows in where the model begins, and is read by layers of these classes. @throws Unsupported */
export function planInput(shape: Shape, readers: readonly string[]): InputPlan {
  const embeddings = readers.filter((className) => className === 'Embedding').length;
  const integers = embeddings > 0;
  if (integers && embeddings < readers.length)
    throw new Unsupported('an Embedding and other layers read the same input');
  const sequence = integers ? shape.length === 2 : shape.length === 3;
  if (!sequence && (integers || shape.length !== 2))
    throw new Unsupported(
      `its input has ${shape.length} axes; the engine takes (samples, features) and (samples, steps, features)`,
    );
  const width = integers ? 1 : Number(shape[shape.length - 1]);
  if (!(width > 0)) throw new Unsupported('its number of features is open');
  return { sequence, width, integers };
}

/** The layers of the engine that do what a call of a tfjs layer does. @throws Unsupported */
export function planCall(layer: tf.layers.Layer, path: LayerPath, context: CallContext): Planned {
  const call = new TfjsCall(layer, path, context);
  const layers = call.plan();
  return { layers, outputs: [call.flow, ...call.further] };
}

class TfjsCall implements Planning<Config> {
  readonly name: string;
  readonly config: Config;
  readonly flow: SignalShape;
  readonly further: SignalShape[] = [];

  constructor(
    private readonly layer: tf.layers.Layer,
    readonly path: LayerPath,
    private readonly context: CallContext,
    options: Config = {},
  ) {
    this.name = layer.name;
    // tfjs leaves it out of the configuration of a convolution.
    const dataFormat: unknown = Reflect.get(layer, 'dataFormat');
    this.config = { ...(dataFormat !== undefined && { dataFormat }), ...layer.getConfig(), ...options };
    const [{ sequence, width }] = context.inputs;
    this.flow = { sequence, width };
  }

  get settings(): Config {
    const definition = definitionOf(this.getClassName());
    return definition ? savedSettings(definition, this.config) : {};
  }

  get trainable(): boolean {
    return this.layer.trainable;
  }

  get inputs(): readonly SignalShape[] {
    return this.context.inputs;
  }

  get shapes(): readonly tf.Shape[] {
    return this.context.shapes;
  }

  get first(): boolean {
    return this.context.first;
  }

  get weightShapes(): number[][] {
    return this.layer.weights.map(({ shape }) => shape.map(Number));
  }

  get outputShape(): tf.Shape {
    const { outputShape } = this.layer;
    return Array.isArray(outputShape[0]) ? outputShape[0] : (outputShape as tf.Shape);
  }

  getClassName(): string {
    return layerOfCell({ className: this.layer.getClassName() });
  }

  claim(...names: string[]): number[] {
    return claim(this.layer, names, this.config, this.context);
  }

  penalty(name: string): { l1: number; l2: number } {
    return penalty(this.layer, `${name}Regularizer`, this.config);
  }

  inner(part: 'layer' | 'forward' | 'backward'): TfjsCall {
    const { layer, path, context } = this;
    if (isBidirectional(layer) && part !== 'layer')
      return new TfjsCall(part === 'forward' ? layer.forwardLayer : layer.backwardLayer, `${path}/${part}`, context);
    if (isWrapper(layer)) return new TfjsCall(layer.layer, `${path}/${part}`, context);
    throw unsupported(layer, `has no ${part}`);
  }

  cell(index: number, options: Config): TfjsCall {
    const { layer, path, context } = this;
    if (!isRecurrent(layer)) throw unsupported(layer, 'has no cells');
    const cells = cellsIn(layer);
    return new TfjsCall(cells[index], cellPath(path, cells, index), context, options);
  }

  plan(): LayerPlan[] {
    const { layer } = this;
    if (!isKnownLayer(layer)) throw unsupported(layer, 'is of a class of its own');
    const definition = definitionOf(this.getClassName());
    if (!definition?.engine) {
      const lacks = isRecurrent(layer) ? 'has a cell' : 'is of a kind';
      throw unsupported(layer, `${lacks} that the engine does not have`);
    }
    const hasStates = isRecurrent(layer) || isBidirectional(layer) || 'stateSize' in layer;
    const takesSeveral = definition.joins || definition.takesSeveral || hasStates;
    if (this.inputs.length > 1 && !takesSeveral) throw unsupported(layer, 'has several inputs');
    for (const own of activationsOf(layer))
      if (!isKnownActivation(own))
        throw unsupported(layer, `has the activation ${own.getClassName()} of a class of its own`);
    try {
      return definition.engine(this);
    } catch (error) {
      // An option with a value that memcell's own layer would not take.
      if (error instanceof MemcellError) throw unsupported(layer, `has an option of its own: ${error.message}`);
      throw error;
    }
  }
}

/** What a layer, or its cell, applies. */
function activationsOf(layer: tf.layers.Layer): { getClassName(): string }[] {
  const holder = isRecurrent(layer) ? layer.cell : layer;
  const held: unknown[] = [Reflect.get(holder, 'activation'), Reflect.get(holder, 'recurrentActivation')];
  return held.filter(isNamed);
}
