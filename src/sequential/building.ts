/** How a model comes to be: its layers, its input's shape, and the tfjs model that is made of them when it is first needed. */

import { modelError, usageError } from '../errors.js';
import { isModel, isOfModel, isWrapper } from '../layers/kinds.js';
import { addLayer, buildModel } from '../model/build.js';
import type { BuiltGraph } from '../model/buildGraph.js';
import { type Ends, expectedInputs, type ModelInputs } from '../model/ends.js';
import { initialise } from '../model/initialise.js';
import { type ModelInput, readArray } from '../model/inputs.js';
import { inputShapeOf, ownInputShape, type Shape } from '../model/stack.js';
import { disposeModel } from '../model/walk.js';
import type * as tf from '../tf.js';
import type { Layer, LayersModel } from '../tfjsTypes.js';
import { outputNamesOf } from '../training/compile.js';

interface BuildingOptions {
  /** One sample's shape, where it is said. */
  inputShape: Shape | undefined;
  batchSize: number | undefined;
  name: string;
  seed: number;
}

export class Building {
  private stack: Layer[] = [];
  private model: LayersModel | undefined;
  /** Of a graph, the layers whose initial weights are its own to draw; undefined: all. */
  private fresh: ReadonlySet<Layer> | undefined;
  private knownEnds: Ends | undefined;
  private inputShape: Shape | undefined;
  private disposed = false;

  constructor(private readonly options: BuildingOptions) {
    this.inputShape = options.inputShape;
  }

  get layers(): readonly Layer[] {
    return this.stack;
  }

  /** Whether the model is there, or can be made. */
  get knowsShape(): boolean {
    return (
      this.model !== undefined || (this.stack.length > 0 && Boolean(this.inputShape ?? ownInputShape(this.stack[0])))
    );
  }

  /** The tfjs model. @throws MemcellError for layers that do not fit each other, a model without an input's shape or disposed of */
  built(): LayersModel {
    if (this.disposed) throw usageError('this model was disposed');
    this.first();
    this.model ??= buildModel(this.stack, { ...this.options, inputShape: this.inputShape });
    return this.model;
  }

  /** Takes a model that is built in the place of a stack. */
  take({ model, fresh }: { model: LayersModel; fresh?: BuiltGraph['fresh'] }): void {
    this.model = model;
    this.stack = model.layers.slice();
    this.fresh = fresh;
  }

  /** @param changing carries out what changes a model that is built */
  add(layer: Layer, changing: (change: () => void) => void): void {
    if (this.model) {
      if (!('add' in this.model)) throw modelError('a model with branches takes no more layers');
      const model = this.model as tf.Sequential;
      changing(() => addLayer(model, layer, this.options.seed));
      this.knownEnds = undefined;
    }
    this.stack.push(layer);
  }

  /** Whether another's model is among these layers, at any depth. */
  holds({ model }: Building): boolean {
    const isThere = (layers: readonly Layer[]): boolean =>
      layers.some(
        (layer) =>
          layer === model || (isModel(layer) && isThere(layer.layers)) || (isWrapper(layer) && isThere([layer.layer])),
      );
    return model !== undefined && isThere(this.stack);
  }

  /** One sample's shape behind the layers so far, where it is known. */
  sampleBehind(): Shape | undefined {
    if (this.stack.length === 0) return this.inputShape;
    return this.knowsShape ? this.built().outputs[0].shape.slice(1) : undefined;
  }

  /** One sample's shape, unless it was said before. */
  sayShape(inputShape: Shape | undefined): void {
    this.inputShape ??= inputShape;
  }

  /** A model without an input shape takes that of its first data, as in Keras. */
  inferShape(x: ModelInputs): void {
    if (this.disposed || this.knowsShape) return;
    const { shape } = readArray(x as ModelInput, 'x').array;
    if (shape.length > 1) this.inputShape = shape.slice(1);
  }

  /** Of the first input, with the batch axis. */
  firstInputShape(): Shape {
    return this.model
      ? this.model.inputs[0].shape
      : inputShapeOf(this.first(), this.inputShape, this.options.batchSize);
  }

  /** What goes in and comes out, worked out once: a small model's prediction takes no longer than that. */
  ends(): Ends {
    this.knownEnds ??= { inputs: expectedInputs(this.built()), outputNames: outputNamesOf(this.built()) };
    return this.knownEnds;
  }

  /** Draws the initial weights anew. */
  draw(seed: number): void {
    const { fresh } = this;
    initialise(this.built(), seed, (layer) => fresh?.has(layer) ?? !isOfModel(layer));
  }

  /** @param free lets go of what runs the model */
  dispose(free: () => void): void {
    if (this.disposed) return;
    free();
    if (this.model) disposeModel(this.model);
    this.model = undefined;
    this.knownEnds = undefined;
    this.disposed = true;
  }

  private first(): Layer {
    const [first] = this.stack;
    if (first) return first;
    throw modelError('the model has no layers; add one first');
  }
}
