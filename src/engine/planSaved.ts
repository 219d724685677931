/** The layers of a saved model as the engine's plan, without TensorFlow.js: for who only predicts. */
import { MemcellError } from '../errors.js';
import type { Shape } from '../layers/define.js';
import { distinctNames } from '../model/ends.js';
import { isDirected, type LayerPlan, type WeightPlan } from '../plan/layerPlan.js';
import type { Config } from '../plan/planning.js';
import { Unsupported, unsupported } from '../plan/unsupported.js';
import { sgd } from '../training/optimizers.js';
import { keepingWhatIsRead, Nodes } from './nodes.js';
import { planInput } from './planCall.js';
import type { Plan } from './planData.js';
import { planOptimizer } from './planOptimizer.js';
import { type Numbered, SavedCall, shapeOf, type Value } from './savedCall.js';
import { inOrder, readersOf, type SavedGraph, type SavedLayer, type Source, savedGraph } from './savedGraph.js';

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
  /** Of an input of whole numbers that are rows of a table: how many rows it has, of several the smallest. */
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
 * @throws MemcellError 'model' for a layer that does not build
 */
export function planSaved(topology: Config, weights: readonly SavedWeight[]): SavedPlan | { reason: string } {
  try {
    return new SavedPlanner(topology, weights).plan();
  } catch (error) {
    if (error instanceof Unsupported) return { reason: error.message };
    throw error;
  }
}

class SavedPlanner {
  private readonly graph: SavedGraph;
  private readonly numbered = new Map<string, Numbered[]>();
  private readonly claimed = new Set<string>();
  /** Layers that go on from batch to batch. */
  private readonly stateful = new Set<string>();

  constructor(
    topology: Config,
    private readonly weights: readonly SavedWeight[],
  ) {
    this.graph = savedGraph(topology);
    weights.forEach(({ layer, name, shape }, number) => {
      this.numbered.set(layer, [...(this.numbered.get(layer) ?? []), { number, name, shape }]);
    });
  }

  plan(): SavedPlan {
    const { inputs, outputs } = this.graph;
    const read = inputs.map(({ name }) => readersOf(this.graph, name));
    const shapes = inputs.map(({ config, name }) => inputShape(config.batchInputShape, name));
    const plans = shapes.map((shape, i) =>
      planInput(
        shape,
        read[i].map(({ className }) => className),
      ),
    );
    const nodes = new Nodes(plans);
    const given = nodes.wires.map((wire, i) => ({ ...wire, shape: shapes[i] }));
    const values = this.run(this.graph, '', given, nodes);
    const unused = this.weights.find(({ layer }) => !this.claimed.has(layer));
    if (unused) throw new Unsupported(`no layer takes the weights of ${unused.layer}`);
    const weights = this.weights.map(
      ({ layer, shape }): WeightPlan => ({ name: layer, shape: [...shape], l1: 0, l2: 0, trained: false }),
    );
    const loss = { kind: 'squared', option: 0, takesActivation: false, labels: false } as const;
    const ends = values.map((value) => {
      const { number: signal, sequence, width } = nodes.inOrder(value);
      return { signal, sequence, width, loss, weight: 1 };
    });
    const batch = this.stateful.size > 0 ? shapes[0][0] : undefined;
    if (batch === null) throw new Unsupported('it is stateful for batches of no fixed size');
    const names = distinctNames(outputs.map(([name]) => name));
    return {
      plan: {
        weights,
        ...(batch !== undefined && { batch }),
        inputs: plans,
        outputs: ends,
        nodes: keepingWhatIsRead(nodes.list, ends),
        optimizer: planOptimizer(sgd(), weights),
      },
      inputs: inputs.map(({ name }, i) => ({
        name,
        shape: [batch ?? null, ...shapes[i].slice(1)],
        ...vocabularyOf(read[i]),
      })),
      outputs: values.map(({ shape }, i) => ({ name: names[i], shape })),
    };
  }

  /** What a model gives for its inputs. @param prefix of its layers' names, those of the models that it is in */
  private run(graph: SavedGraph, prefix: string, given: readonly Value[], nodes: Nodes): Value[] {
    const values = new Map<string, Value[]>();
    const valueFrom = ([name, call, output]: Source): Value => {
      const value = values.get(`${name}#${call}`)?.[output];
      if (!value) throw new Unsupported(`output ${output} of layer ${name} is not made of the model's inputs`);
      return value;
    };
    graph.inputs.forEach(({ name }, i) => {
      values.set(`${name}#0`, [given[i]]);
    });
    for (const { layer, call } of inOrder(graph)) {
      const read = layer.calls[call].map(valueFrom);
      const name = prefix + layer.name;
      const made = layer.model ? this.run(layer.model, `${name}/`, read, nodes) : this.call(layer, name, read, nodes);
      values.set(`${layer.name}#${call}`, made);
    }
    return graph.outputs.map(valueFrom);
  }

  private call(layer: SavedLayer, name: string, read: readonly Value[], nodes: Nodes): Value[] {
    this.claimed.add(name);
    const { planned, plans, shape } = building(layer, () => {
      const planned = new SavedCall(layer, name, read, this.numbered.get(name) ?? [], nodes);
      return { planned, plans: planned.plan(), shape: planned.shape };
    });
    if (plans.some(isStateful)) {
      if (this.stateful.has(name)) throw unsupported(planned, 'is stateful and called twice');
      this.stateful.add(name);
    }
    const wires = nodes.place(plans, read, [planned.flow, ...planned.further]);
    // Sequences beside the output have its steps.
    return wires.map((wire, i) => ({ ...wire, shape: i === 0 ? shape : shapeOf(wire, shape[1] ?? null) }));
  }
}

/** What a layer's definition tells of a call that is saved. @throws MemcellError 'model' for options that do not fit what it reads */
function building<T>({ name, className }: SavedLayer, tell: () => T): T {
  try {
    return tell();
  } catch (cause) {
    if (cause instanceof Unsupported || cause instanceof MemcellError) throw cause;
    // What is not of the model but of this code names nothing that its owner knows.
    const told = cause instanceof Error && !(cause instanceof TypeError) ? cause.message : undefined;
    const reason = told ?? 'an option, or what it reads, is not as Keras and tfjs write it';
    throw new MemcellError(`layer ${name} (${className}) does not build: ${reason}`, { code: 'model', cause });
  }
}

function inputShape(shape: unknown, name: string): Shape {
  const isSize = (size: unknown): size is number | null => size === null || Number.isInteger(size);
  if (Array.isArray(shape) && shape.length > 1 && shape.every(isSize)) return shape;
  throw new Unsupported(`the shape of ${name} is not known`);
}

function isStateful(layer: LayerPlan): boolean {
  if (layer.kind === 'bidirectional') return layer.forward.stateful || layer.backward.stateful;
  return isDirected(layer) && layer.stateful;
}

function vocabularyOf(readers: readonly SavedLayer[]): { below?: number } {
  const sizes = readers.flatMap(({ className, config }) =>
    className === 'Embedding' ? [Number(config.inputDim)] : [],
  );
  return sizes.length > 0 ? { below: Math.min(...sizes) } : {};
}
