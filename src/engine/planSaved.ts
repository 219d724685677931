/** The layers of a saved model as the engine's plan, without TensorFlow.js: for who only predicts. */
import { MemcellError } from '../errors.js';
import type { LayerDefinition, Shape } from '../layers/define.js';
import { savedSettings } from '../layers/saved.js';
import { definitionOf } from '../layers/table.js';
import { distinctNames } from '../model/ends.js';
import { isDirected, type LayerPlan, type SignalShape, type WeightPlan } from '../plan/layerPlan.js';
import type { Config, Planning } from '../plan/planning.js';
import { Unsupported, unsupported } from '../plan/unsupported.js';
import { camelCase } from '../spelling.js';
import { sgd } from '../training/optimizers.js';
import { keepingWhatIsRead, Nodes, type Wire } from './nodes.js';
import { planInput } from './planCall.js';
import type { Plan } from './planData.js';
import { planOptimizer } from './planOptimizer.js';

/** A weight as it is saved, layer by layer in Keras's order. */
export interface SavedWeight {
  /** The layer's name. */
  layer: string;
  /** Its own, where the file has the names that layers have for them. */
  name?: string;
  shape: readonly number[];
}

/** An input or output of a saved model. */
export interface SavedEnd {
  name: string;
  /** With the batch axis. */
  shape: Shape;
  /** Of an input of whole numbers that are rows of a table: how many rows it has. */
  below?: number;
}

export interface SavedPlan {
  /** It predicts; training needs the model itself. */
  plan: Plan;
  inputs: SavedEnd[];
  outputs: SavedEnd[];
}

/**
 * Plans a model from what is saved of it.
 * @param topology of Keras 2's form
 * @returns the reason where the engine does not run it, or where that cannot be told without TensorFlow.js
 */
export function planSaved(topology: Config, weights: readonly SavedWeight[]): SavedPlan | { reason: string } {
  try {
    return new SavedPlanner(topology, weights).plan();
  } catch (error) {
    if (error instanceof Unsupported) return { reason: error.message };
    throw error;
  }
}

type Value = Wire & { shape: Shape };

interface SavedLayer {
  className: string;
  name: string;
  config: Config;
  /** For each call, the values that it reads: [layer, call, output]. */
  calls: [layer: string, call: number, output: number][][];
}

class SavedPlanner {
  private readonly layers: SavedLayer[];
  private readonly ends: { inputs: string[]; outputs: [layer: string, call: number, output: number][] };
  private readonly numbered = new Map<string, Numbered[]>();
  private readonly claimed = new Set<string>();
  private readonly values = new Map<string, Value[]>();

  constructor(
    topology: Config,
    private readonly weights: readonly SavedWeight[],
  ) {
    const isChain = topology.class_name === 'Sequential';
    const config = recordOf(topology.config);
    const layers = listOf(config.layers).map((layer) => layerOf(recordOf(layer)));
    this.layers = isChain ? chained(layers) : layers;
    this.ends = isChain
      ? { inputs: [this.layers[0].name], outputs: [[this.layers[this.layers.length - 1].name, 0, 0]] }
      : { inputs: sourcesOf(config.input_layers).map(([name]) => name), outputs: sourcesOf(config.output_layers) };
    weights.forEach(({ layer, name, shape }, number) => {
      this.numbered.set(layer, [...(this.numbered.get(layer) ?? []), { number, name, shape }]);
    });
  }

  plan(): SavedPlan {
    const inputs = this.ends.inputs.map((name) => this.layer(name));
    const shapes = inputs.map(({ config, name }) => inputShape(config.batchInputShape, name));
    const read = inputs.map(({ name }) => this.readersOf(name));
    const nodes = new Nodes(shapes.map((shape, i) => planInput(shape, classesOf(read[i]))));
    nodes.wires.forEach((wire, i) => {
      this.values.set(`${inputs[i].name}#0`, [{ ...wire, shape: shapes[i] }]);
    });
    for (const { layer, call } of this.inOrder()) {
      const given = layer.calls[call].map((source) => this.valueOf(source));
      const planned = new SavedCall(
        layer,
        String(this.layers.indexOf(layer)),
        given,
        this.weightsOf(layer.name),
        nodes,
      );
      const wires = nodes.place(planned.plan(), given, [planned.flow, ...planned.further]);
      const made = wires.map((wire, i) => ({ ...wire, shape: i === 0 ? planned.shape : shapeOf(wire, null) }));
      this.values.set(`${layer.name}#${call}`, made);
    }
    const unused = this.weights.find(({ layer }) => !this.claimed.has(layer));
    if (unused) throw new Unsupported(`no layer takes the weights of ${unused.layer}`);
    const outputs = this.ends.outputs.map((source) => ({ name: source[0], value: this.valueOf(source) }));
    const weights = this.weights.map(
      ({ layer, shape }): WeightPlan => ({ name: layer, shape: [...shape], l1: 0, l2: 0, trained: false }),
    );
    const loss = { kind: 'squared', option: 0, takesActivation: false, labels: false } as const;
    const names = distinctNames(outputs.map(({ name }) => name));
    const ends = outputs.map(({ value }) => {
      const { number: signal, sequence, width } = nodes.inOrder(value);
      return { signal, sequence, width, loss, weight: 1 };
    });
    return {
      plan: {
        weights,
        inputs: shapes.map((shape, i) => planInput(shape, classesOf(read[i]))),
        outputs: ends,
        nodes: keepingWhatIsRead(nodes.list, ends),
        optimizer: planOptimizer(sgd(), weights),
      },
      inputs: inputs.map(({ name }, i) => ({ name, shape: [null, ...shapes[i].slice(1)], ...vocabularyOf(read[i]) })),
      outputs: outputs.map(({ value }, i) => ({ name: names[i], shape: value.shape })),
    };
  }

  private layer(name: string): SavedLayer {
    const layer = this.layers.find((one) => one.name === name);
    if (!layer) throw new Unsupported(`it has no layer ${name}`);
    return layer;
  }

  private weightsOf(name: string): readonly Numbered[] {
    this.claimed.add(name);
    return this.numbered.get(name) ?? [];
  }

  private readersOf(input: string): SavedLayer[] {
    return this.layers.filter(({ calls }) => calls.some((sources) => sources.some(([name]) => name === input)));
  }

  private valueOf([name, call, output]: [string, number, number]): Value {
    const value = this.values.get(`${name}#${call}`)?.[output];
    if (!value) throw new Unsupported(`output ${output} of layer ${name} is not made of the model's inputs`);
    return value;
  }

  /** The calls of layers, each after those whose outputs it reads. */
  private inOrder(): { layer: SavedLayer; call: number }[] {
    const done = new Set(this.ends.inputs.map((name) => `${name}#0`));
    let waiting = this.layers.flatMap((layer) =>
      layer.className === 'InputLayer' ? [] : layer.calls.map((sources, call) => ({ layer, call, sources })),
    );
    const order: { layer: SavedLayer; call: number }[] = [];
    while (waiting.length > 0) {
      const ready = waiting.filter(({ sources }) => sources.every(([name, call]) => done.has(`${name}#${call}`)));
      if (ready.length === 0) throw new Unsupported('its layers read each other in a circle');
      for (const one of ready) {
        done.add(`${one.layer.name}#${one.call}`);
        order.push(one);
      }
      waiting = waiting.filter((one) => !ready.includes(one));
    }
    return order;
  }
}

const classesOf = (layers: readonly SavedLayer[]) => layers.map(({ className }) => className);

interface Numbered {
  number: number;
  name: string | undefined;
  shape: readonly number[];
}

class SavedCall implements Planning<Config> {
  readonly name: string;
  readonly config: Config;
  readonly trainable = false;
  readonly flow: SignalShape;
  readonly further: SignalShape[] = [];

  constructor(
    private readonly layer: Pick<SavedLayer, 'className' | 'name' | 'config'>,
    readonly path: string,
    private readonly given: readonly Value[],
    private readonly weights: readonly Numbered[],
    private readonly nodes: Nodes,
  ) {
    this.name = layer.name;
    this.config = layer.config;
    const [{ sequence, width }] = given;
    this.flow = { sequence, width };
  }

  getClassName(): string {
    return this.layer.className;
  }

  get settings(): Config {
    return savedSettings(this.definition, this.config);
  }

  get inputs(): readonly SignalShape[] {
    return this.given;
  }

  get shapes(): readonly Shape[] {
    return this.given.map(({ shape }) => shape);
  }

  get first(): boolean {
    return this.nodes.isInput(this.given[0]);
  }

  get weightShapes(): readonly (readonly number[])[] {
    return this.weights.map(({ shape }) => shape);
  }

  get outputShape(): Shape {
    const { definition, shapes, settings } = this;
    return definition.shape?.(settings, shapes) ?? shapes[0];
  }

  /** The output's shape, once it is planned: wrappers have it of the layer in them. */
  get shape(): Shape {
    const { className, config } = this.layer;
    if (config.layer === undefined) return this.outputShape;
    const [, steps = null] = className === 'Bidirectional' ? this.inner('forward').outputShape : this.shapes[0];
    return shapeOf(this.flow, steps);
  }

  claim(): number[] {
    return this.weights.map(({ number }) => number);
  }

  penalty(): { l1: number; l2: number } {
    return { l1: 0, l2: 0 };
  }

  inner(part: 'layer' | 'forward' | 'backward'): SavedCall {
    const { path, given, weights, nodes } = this;
    const inner = layerOf(recordOf(this.config.layer), this.name);
    const half = weights.length / 2;
    const [config, own] = {
      layer: [inner.config, weights] as const,
      forward: [inner.config, weights.slice(0, half)] as const,
      backward: [{ ...inner.config, goBackwards: inner.config.goBackwards !== true }, weights.slice(half)] as const,
    }[part];
    return new SavedCall({ ...inner, config }, `${path}/${part}`, given, own, nodes);
  }

  plan(): LayerPlan[] {
    const { definition, given } = this;
    if (!definition.engine) throw unsupported(this, 'is of a kind that the engine does not have');
    if (this.config.stateful === true) throw unsupported(this, 'is stateful');
    try {
      this.checkWeights();
      const layers = definition.engine(this);
      const takesSeveral = definition.joins || definition.takesSeveral || (layers[0] && isDirected(layers[0]));
      if (given.length > 1 && !takesSeveral) throw unsupported(this, 'has several inputs');
      return layers;
    } catch (error) {
      // An option with a value that memcell's own layer would not take.
      if (error instanceof MemcellError) throw unsupported(this, `has an option of its own: ${error.message}`);
      throw error;
    }
  }

  private get definition(): LayerDefinition {
    const definition = definitionOf(this.layer.className);
    if (!definition) throw unsupported(this, 'is of a kind that the engine does not have');
    return definition;
  }

  /** Wrappers have the weights of the layer in them, which checks them. */
  private checkWeights(): void {
    if (this.config.layer !== undefined) {
      if (this.weights.length % 2 !== 0 && this.layer.className === 'Bidirectional')
        throw unsupported(this, 'has not as many weights for either direction');
      return;
    }
    const wanted = this.definition.weights?.(this.settings, this.shapes[0]) ?? [];
    const fits =
      wanted.length === this.weights.length &&
      wanted.every(({ name, shape }, i) => {
        const { name: found = name, shape: size } = this.weights[i];
        return found === name && String(size) === String(shape);
      });
    if (!fits) throw unsupported(this, 'has weights of other names or shapes');
  }
}

/** A stack as a graph, its input a layer of its own. */
function chained(layers: readonly SavedLayer[]): SavedLayer[] {
  const [first] = layers;
  if (!first) throw new Unsupported('it has no layers');
  const isInput = first.className === 'InputLayer';
  const input: SavedLayer = isInput
    ? first
    : {
        className: 'InputLayer',
        name: `${first.name}_input`,
        config: { batchInputShape: first.config.batchInputShape },
        calls: [],
      };
  let before = input.name;
  return [
    input,
    ...layers.slice(isInput ? 1 : 0).map((layer) => {
      const calls: SavedLayer['calls'] = [[[before, 0, 0]]];
      before = layer.name;
      return { ...layer, calls };
    }),
  ];
}

function layerOf(written: Config, otherwise = ''): SavedLayer {
  const { class_name: className, inbound_nodes: nodes = [], name } = written;
  const config = recordOf(written.config);
  if (typeof className !== 'string' || Array.isArray(config.layers)) throw new Unsupported('it has a model inside');
  return {
    className,
    name: String(name ?? config.name ?? otherwise),
    config: camelCased(config),
    calls: listOf(nodes).map((node) => sourcesOf(node)),
  };
}

/** Options under memcell's names; the description of a layer in it stays as it is. */
function camelCased(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const isFunction = name.endsWith('activation') && typeof value === 'string';
      return [camelCase(name), isFunction ? camelCase(value) : name === 'layer' ? value : described(value)];
    }),
  );
}

/** An initializer, regularizer or constraint with its settings, under memcell's names. */
function described(value: unknown): unknown {
  const { class_name: className, config } = recordOf(value);
  return className === undefined ? value : { className, config: camelCased(recordOf(config)) };
}

function sourcesOf(sources: unknown): [layer: string, call: number, output: number][] {
  return listOf(sources).map((source) => {
    const [name, call = 0, output = 0, options = {}] = listOf(source);
    if (Object.keys(recordOf(options)).length > 0) throw new Unsupported(`${name} is read with options`);
    return [String(name), Number(call), Number(output)];
  });
}

function inputShape(shape: unknown, name: string): Shape {
  const isSize = (size: unknown): size is number | null => size === null || Number.isInteger(size);
  if (Array.isArray(shape) && shape.length > 1 && shape.every(isSize)) return shape;
  throw new Unsupported(`the shape of ${name} is not known`);
}

function shapeOf({ sequence, width }: SignalShape, steps: number | null): Shape {
  return sequence ? [null, steps, width] : [null, width];
}

function vocabularyOf(readers: readonly SavedLayer[]): { below?: number } {
  const embedding = readers.find(({ className }) => className === 'Embedding');
  return embedding ? { below: Number(embedding.config.inputDim) } : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Config) : {};
}
