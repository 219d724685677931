/** A tfjs model's calls of layers, models in the model opened up, as nodes of the engine's plan. */
import { callsOf, innerLayers, isModel, isRecurrent, type LayerPath, statefulLayers } from '../model/walk.js';
import type { WeightPlan } from '../plan/layerPlan.js';
import { Unsupported, unsupported } from '../plan/unsupported.js';
import * as tf from '../tf.js';
import { Nodes, type Wire } from './nodes.js';
import { planCall, planInput } from './planCall.js';
import type { InputPlan, NodePlan } from './planData.js';

export interface Graph {
  nodes: NodePlan[];
  inputs: InputPlan[];
  outputs: Wire[];
  weights: WeightPlan[];
}

/** @throws Unsupported */
export function planGraph(model: tf.LayersModel): Graph {
  return new GraphPlanner(model).plan();
}

const classesOf = (layers: readonly tf.layers.Layer[]) => layers.map((layer) => layer.getClassName());

class GraphPlanner {
  private readonly nodes: Nodes;
  private readonly inputs: InputPlan[];
  private readonly weights: (WeightPlan | undefined)[];
  private readonly owners = new Map<number, tf.layers.Layer>();
  private readonly stateful: tf.layers.Layer[] = [];

  constructor(private readonly model: tf.LayersModel) {
    this.weights = model.weights.map(() => undefined);
    this.inputs = model.inputs.map((tensor) => planInput(tensor.shape, classesOf(this.readersOf(tensor))));
    this.nodes = new Nodes(this.inputs);
  }

  plan(): Graph {
    const outputs = this.runModel(this.model, '', this.nodes.wires).map((wire) => this.nodes.inOrder(wire));
    const weights = this.weights.filter((weight) => weight !== undefined);
    if (weights.length !== this.weights.length)
      throw new Unsupported('it has weights that no layer of the engine uses');
    if (statefulLayers(this.model).some((layer, i) => layer !== this.stateful[i]))
      throw new Unsupported('its stateful layers are called in another order than it lists them');
    return { nodes: this.nodes.list, inputs: this.inputs, outputs, weights };
  }

  /** The layers that read an input of the model, in models inside of it too. */
  private readersOf(tensor: tf.SymbolicTensor, model = this.model): tf.layers.Layer[] {
    if (model instanceof tf.Sequential) {
      const [first] = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
      return first ? this.innerReaders(first, 0) : [];
    }
    return callsOf(model).flatMap(({ outboundLayer, inputTensors }) =>
      inputTensors.flatMap((input, i) => (input === tensor ? this.innerReaders(outboundLayer, i) : [])),
    );
  }

  private innerReaders(layer: tf.layers.Layer, input: number): tf.layers.Layer[] {
    return isModel(layer) ? this.readersOf(layer.inputs[input], layer) : [layer];
  }

  private runModel(model: tf.LayersModel, path: string, inputs: readonly Wire[]): Wire[] {
    const pathOf = (layer: tf.layers.Layer): LayerPath => `${path}${model.layers.indexOf(layer)}`;
    if (model instanceof tf.Sequential) {
      let flowing = [...inputs];
      for (const layer of model.layers)
        if (layer.getClassName() !== 'InputLayer') flowing = this.run(layer, pathOf(layer), flowing, []);
      return flowing;
    }
    const known = new Map<tf.SymbolicTensor, Wire>();
    const wireOf = (tensor: tf.SymbolicTensor): Wire => {
      const wire = known.get(tensor);
      if (wire) return wire;
      throw new Unsupported(`what layer ${tensor.sourceLayer.name} gives is not made of the model's inputs`);
    };
    model.inputs.forEach((tensor, i) => {
      known.set(tensor, inputs[i]);
    });
    for (const { outboundLayer, inputTensors, outputTensors } of callsOf(model)) {
      const shapes = inputTensors.map(({ shape }) => shape);
      const made = this.run(outboundLayer, pathOf(outboundLayer), inputTensors.map(wireOf), shapes);
      outputTensors.forEach((tensor, i) => {
        known.set(tensor, made[i]);
      });
    }
    return model.outputs.map(wireOf);
  }

  /** @param shapes of the inputs, where they may differ */
  private run(layer: tf.layers.Layer, path: LayerPath, inputs: readonly Wire[], shapes: readonly tf.Shape[]): Wire[] {
    if (isModel(layer)) return this.runModel(layer, `${path}/`, inputs);
    this.addStateful(layer);
    const { layers, outputs } = planCall(layer, path, {
      model: this.model,
      weights: this.weights,
      owners: this.owners,
      inputs,
      shapes,
      first: this.nodes.isInput(inputs[0]),
    });
    return this.nodes.place(layers, inputs, outputs);
  }

  private addStateful(layer: tf.layers.Layer): void {
    for (const [inner] of innerLayers(layer, '')) {
      if (!isRecurrent(inner) || !inner.stateful) continue;
      if (this.stateful.includes(inner)) throw unsupported(inner, 'is stateful and called twice');
      this.stateful.push(inner);
    }
  }
}
