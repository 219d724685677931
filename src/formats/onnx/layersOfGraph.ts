/** What was read of a graph as a model: a Sequential where it is a chain of layers, else layers that name what they read. */
import { layerNameOf } from '../../layers/names.js';
import type { ModelContents, StoredWeight } from '../modelFile.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { ReadGraph } from './graphOutputs.js';
import { layersOf, type Made, type ReadLayer, type Stack } from './signals.js';

export function contentsOf(graph: ReadGraph): ModelContents {
  const { inputs, outputs, lost } = graph;
  const metadata = { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
  const model = isChain(graph) ? chain(graph) : new Network(graph).model();
  return { ...model, metadata, lost };
}

function isChain({ inputs, outputs }: ReadGraph): boolean {
  if (inputs.length > 1 || outputs.length > 1) return false;
  for (let stack = outputs[0].stack; stack; stack = stack.below) {
    // A layer of a Sequential gives the first of its outputs.
    if (stack.beside?.length || stack.output === 'cell') return false;
  }
  return true;
}

function chain({ inputs: [{ shape }], outputs: [{ stack }] }: ReadGraph) {
  const names = new Names();
  const weights: StoredWeight[] = [];
  const layers = folded(layersOf(stack)).map((layer, place): Json => {
    const name = names.next(layer);
    weights.push(...layer.weights.map((weight) => ({ ...weight, layer: name })));
    const first: { [key: string]: Json } = place === 0 ? { batch_input_shape: [null, ...shape] } : {};
    return { class_name: layer.className, config: { ...configOf(layer, name), ...first } };
  });
  return { topology: { class_name: 'Sequential', config: { name: 'sequential', layers } }, weights };
}

class Names {
  private readonly counts = new Map<string, number>();
  private readonly taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.taken = new Set(taken);
  }

  next({ className }: ReadLayer): string {
    const base = layerNameOf(className);
    for (;;) {
      const count = this.counts.get(base) ?? 0;
      this.counts.set(base, count + 1);
      const name = count === 0 ? base : `${base}_${count}`;
      if (!this.taken.has(name)) return name;
    }
  }
}

function configOf({ config }: ReadLayer, name: string): { [key: string]: Json } {
  return { name, trainable: true, ...config, ...innerNamed(config) };
}

/** The layer inside a Bidirectional has a name too. */
function innerNamed({ layer }: ReadLayer['config']): { [key: string]: Json } {
  if (!isJsonObject(layer)) return {};
  const className = String(layer.class_name);
  const config = isJsonObject(layer.config) ? layer.config : {};
  return { layer: { class_name: className, config: { name: layerNameOf(className), trainable: true, ...config } } };
}

/** An activation behind a layer that takes one goes into it. */
function folded(layers: readonly ReadLayer[]): ReadLayer[] {
  const made: ReadLayer[] = [];
  for (const layer of layers) {
    const before = made.at(-1);
    const takes =
      before &&
      (before.className === 'Dense' || before.className === 'Conv1D') &&
      before.config.activation === 'linear';
    if (layer.className === 'Activation' && takes) {
      made[made.length - 1] = { ...before, config: { ...before.config, activation: layer.config.activation } };
    } else made.push(layer);
  }
  return made;
}

/** The outputs of a recurrent operator that others read, which are one layer's. */
type Outputs = Set<NonNullable<Made['output']>>;

class Network {
  private readonly inputs = new Map<Stack, string>();
  private readonly names: Names;
  /** By the operator that a layer is of, or itself. */
  private readonly outputs = new Map<object, Outputs>();
  private readonly made = new Map<object, string>();
  private readonly layers: Json[] = [];
  private readonly weights: StoredWeight[] = [];

  constructor(private readonly graph: ReadGraph) {
    const used: string[] = [];
    for (const { name, stack } of graph.inputs) {
      const plain = name.replace(/[^\w.-]/g, '_') || 'input';
      let own = plain;
      for (let count = 1; used.includes(own); count++) own = `${plain}_${count}`;
      used.push(own);
      this.inputs.set(stack, own);
    }
    this.names = new Names(used);
  }

  model() {
    const { inputs, outputs } = this.graph;
    for (const { shape, stack } of inputs) {
      const name = this.inputs.get(stack) ?? '';
      const config = { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false, name };
      this.layers.push({ class_name: 'InputLayer', config, name, inbound_nodes: [] });
    }
    const order = this.inOrder();
    for (const made of order) if (made.origin) this.outputsOf(made).add(made.output ?? 'sequence');
    for (const made of order) this.place(made);
    const config = {
      name: 'model',
      layers: this.layers,
      input_layers: inputs.map(({ stack }) => this.tensor(stack)),
      output_layers: outputs.map(({ stack }) => this.tensor(stack)),
    };
    return { topology: { class_name: 'Model', config }, weights: this.weights };
  }

  /** Everything that the outputs are made of, each after what it reads. Without recursion: a chain may be long. */
  private inOrder(): Made[] {
    const done = new Set<Stack>();
    const order: Made[] = [];
    const waiting = this.graph.outputs.map(({ stack }) => stack);
    while (waiting.length > 0) {
      const stack = waiting[waiting.length - 1];
      const first = stack === undefined || this.inputs.has(stack) || done.has(stack);
      const needed = first ? [] : sources(stack).filter((one) => one && !this.inputs.has(one) && !done.has(one));
      if (needed.length > 0) {
        waiting.push(...needed);
        continue;
      }
      waiting.pop();
      if (first) continue;
      done.add(stack);
      order.push(stack);
    }
    return order;
  }

  /** What makes several outputs one layer: the operator. A Bidirectional of Keras has no state of both directions side by side. */
  private keyOf(made: Made): object {
    const { origin, layer, output } = made;
    if (!origin) return made;
    if (layer.className !== 'Bidirectional') return origin;
    return output === 'last' ? origin.weights : origin.config;
  }

  private outputsOf(made: Made): Outputs {
    const key = this.keyOf(made);
    const known = this.outputs.get(key) ?? new Set();
    this.outputs.set(key, known);
    return known;
  }

  private place(made: Made): void {
    const key = this.keyOf(made);
    if (this.made.has(key)) return;
    const { layer } = made;
    const name = this.names.next(layer);
    this.made.set(key, name);
    const config = configOf(layer, name);
    const outputs = this.outputs.get(key);
    if (outputs && layer.className !== 'Bidirectional') {
      config.return_sequences = outputs.has('sequence');
      config.return_state = outputs.has('cell') || outputs.size > 1;
    }
    const call = sources(made).map((source) => [...this.tensor(source), {}]);
    this.layers.push({ class_name: layer.className, config, name, inbound_nodes: [call] });
    this.weights.push(...layer.weights.map((weight) => ({ ...weight, layer: name })));
  }

  private tensor(stack: Stack): Json[] {
    const input = this.inputs.get(stack);
    if (input !== undefined || !stack) return [input ?? '', 0, 0];
    const key = this.keyOf(stack);
    return [this.made.get(key) ?? '', 0, outputPlace(stack, this.outputs.get(key))];
  }
}

function sources({ below, beside = [] }: Made): Stack[] {
  return [below, ...beside];
}

/** Where an output stands in Keras's list: the sequence or the last step, then h, then c. */
function outputPlace({ output, layer }: Made, outputs: Outputs | undefined): number {
  if (layer.className === 'Bidirectional' || !outputs) return 0;
  if (output === 'cell') return 2;
  return output === 'last' && outputs.has('sequence') ? 1 : 0;
}
