import { MemcellError, usageError } from '../errors.js';
import { Fields } from '../fields.js';
import { weightsAlone } from '../formats/open.js';
import type { Layer } from '../layers/define.js';
import { weightsByLayer } from '../model/initialise.js';
import { writeLayer } from '../model/writeSpec.js';
import { loadModel, type Sequential } from '../sequential.js';
import { fingerprintOf, type Settings } from '../training/fingerprint.js';
import { finalActivation } from '../training/forward.js';
import { kinds } from './flags.js';
import { modelOfWeights } from './layersOfWeights.js';
import type { TaskKind } from './settings.js';

/** The weights of a layer that has some. */
interface LayerWeights {
  layer: string;
  weights: { data: Float32Array; shape: number[] }[];
}

/**
 * A trained model that training starts from: its layers, those frozen stay frozen, with their weights; and what its task left
 * with it, if it has one. The last layer is new where the model gives another number of outputs than is needed.
 */
export class Start {
  /** The stack, in the spec notation. */
  readonly layers: string;
  /** What must not be silent, one line each. */
  readonly notes: string[];
  /** Why the last layer is not taken though it may fit. */
  private otherOutputs: string | undefined;
  /** Inputs of a step. */
  readonly features: number;
  private readonly texts: string[];
  /** Place of the Dense layer that gives the outputs; undefined where the model ends in another layer. */
  private readonly head: number | undefined;
  private readonly outputShape: readonly (number | null)[];
  private readonly activation: string;
  private readonly weights: LayerWeights[];
  private readonly task: Fields | undefined;
  private readonly saved: string;

  constructor(
    /** The model's folder, file or address. */
    readonly name: string,
    model: Sequential,
    kind: TaskKind,
  ) {
    this.notes = [`starts from the weights of ${name}; figures are too good where it has seen what is held out here`];
    this.task = taskOf(model, name, kind);
    this.saved = JSON.stringify(model.metadata.task ?? null);
    const layers = chainOf(model, name);
    this.texts = layers.map((layer) => inModel(name, () => writeLayer(layer)));
    this.layers = this.texts.join(', ');
    this.head = headOf(layers);
    this.outputShape = model.outputShape;
    this.features = model.inputShape.at(-1) ?? 0;
    this.activation = finalActivation(model.tf) ?? String(layers.at(-1)?.getConfig().activation ?? 'linear');
    this.weights = Array.from(weightsByLayer(model.tf), ([layer, weights]) => ({
      layer,
      weights: weights.map((weight) => ({
        data: Float32Array.from(weight.read().dataSync()),
        shape: weight.shape.map(Number),
      })),
    }));
    if (this.weights.length === 0) throw usageError(`${name}: has no weights to start from`);
    if (this.task === undefined) {
      this.notes.push(
        `${name} says nothing of columns, scaling or vocabulary: inputs are scaled and numbered by this data, in its order`,
      );
    }
    const frozen = layers
      .filter(({ trainableWeights, weights }) => trainableWeights.length === 0 && weights.length > 0)
      .map((layer) => layer.name);
    if (frozen.length > 0) this.notes.push(`${name}: frozen and left as it is: ${frozen.join(', ')}`);
    if (layers.some((layer) => 'stateful' in layer && layer.stateful)) {
      this.notes.push(`${name}: its layers are stateful; training starts from their weights, not from their states`);
    }
    this.notes.push(...model.lost.map((line) => `${name}: ${line}`));
  }

  /** What the model's task left with it, read by `parse`; undefined for a model without a task. */
  read<A>(parse: (fields: Fields) => A): A | undefined {
    return this.task && parse(this.task);
  }

  /** By which a run that is resumed knows that it started from the same. */
  get identity(): Settings {
    const { layers, weights, saved } = this;
    const all = weights.flatMap((layer) => layer.weights.map((weight) => fingerprintOf(weight)));
    const text = Int32Array.from(`${saved}${all.join()}`, (letter) => letter.codePointAt(0) ?? 0);
    return { layers, content: fingerprintOf({ data: text, shape: [text.length] }) };
  }

  /**
   * The layers, for outputs of one of these shapes (without the batch): the model's own where it gives such, else a new
   * Dense in the place of its last one.
   * @param head options of a new one beside its units and activation
   */
  layersFor(outputs: readonly (readonly number[])[], activation: 'softmax' | 'linear', head = ''): string {
    const given = this.outputShape.slice(1);
    const units = outputs[0].at(-1) ?? 1;
    const fits = outputs.some((shape) => shape.length === given.length && shape.at(-1) === given.at(-1));
    const why =
      this.otherOutputs ?? (fits ? undefined : `it gives ${given.join(' × ')} numbers, here ${outputs[0].join(' × ')}`);
    if (why === undefined && this.activation === activation) return this.layers;
    const body = this.texts.slice(0, this.head ?? this.texts.length);
    const options = [units, ...(activation === 'linear' ? [] : [activation]), ...(head === '' ? [] : [head])];
    if (why === undefined && this.head !== undefined) {
      this.say(`${this.name}: its last layer is ${activation} here; its weights are taken`);
    } else {
      const reason = why ?? `it ends with ${this.texts.at(-1)}`;
      this.say(`${this.name}: the last layer is new, the others begin with its weights: ${reason}`);
    }
    return [...body, `Dense(${options.join(', ')})`].join(', ');
  }

  /**
   * Gives a network that was made of `layersFor` the model's weights, layer by layer; a last layer with another number of
   * outputs keeps its own.
   * @throws MemcellError (usage) that names the layer that does not fit, with both shapes; the network is as it was
   */
  assign(network: Sequential): void {
    const { name, weights } = this;
    const own = [...weightsByLayer(network.tf)];
    const last = own.length - 1;
    const isNew =
      own.length === weights.length + 1 ||
      (own.length === weights.length &&
        (this.otherOutputs !== undefined || sizeOf(own[last][1]) !== sizeOf(weights[last].weights)));
    const taken = isNew ? last : own.length;
    if (own.length !== weights.length && !isNew) {
      const found = own.map(([layer]) => layer).join(', ');
      throw usageError(
        `${name}: has weights for ${weights.map(({ layer }) => layer).join(', ')}; this data needs ${found}; start from a model of such data`,
      );
    }
    for (let i = 0; i < taken; i++) {
      const [was, is] = [weights[i].weights, own[i][1]].map(shapesOf);
      if (was !== is) {
        throw usageError(
          `${name}: layer ${weights[i].layer} has weights ${was}; this data needs ${is}; start from a model of such data`,
        );
      }
    }
    const kept = own
      .slice(taken)
      .flatMap(([, all]) => all.map((weight) => Float32Array.from(weight.read().dataSync())));
    network.setWeights([...weights.slice(0, taken).flatMap((layer) => layer.weights), ...kept]);
  }

  /** Has the last layer be new: its outputs mean something else. */
  replaceHead(why: string): void {
    this.otherOutputs = why;
  }

  /** Adds to the notes, once. */
  say(line: string): void {
    if (!this.notes.includes(line)) this.notes.push(line);
  }
}

/**
 * Opens a model to start from.
 * @param kind the task that is to be trained
 * @param layers of a file of weights alone, in the notation
 * @throws MemcellError (io, model) for what is no model, (usage) for one with branches, a layer that is not memcell's, or of
 *   another task, and for layers of a file that has its own
 */
export async function openStart(path: string, kind: TaskKind, layers?: string): Promise<Start> {
  const weights = layers === undefined ? undefined : await weightsAlone(path);
  const model = weights && layers !== undefined ? await modelOfWeights(layers, weights) : await loadModel(path);
  try {
    const start = new Start(path, model, kind);
    if (weights || layers === undefined) return start;
    throw usageError('--layers and --from exclude each other: the layers are those of the model; leave one out');
  } finally {
    model.dispose();
  }
}

/** @throws MemcellError (usage) for options that the model has decided */
export function refuseDecided(name: string, options: object, decided: readonly string[]): void {
  const found = Object.entries(options).find(([option, value]) => value !== undefined && decided.includes(option));
  if (found) throw usageError(`${found[0]}: is that of ${name}, which training starts from; leave it out`);
}

/** @throws MemcellError (usage) for a model of another task */
function taskOf({ metadata }: Sequential, name: string, kind: TaskKind): Fields | undefined {
  if (metadata.task === undefined) return undefined;
  const fields = new Fields(metadata.task, `${name}: task`);
  const own = fields.oneOf('kind', kinds);
  if (own === kind) return fields;
  throw usageError(
    `${name}: is a model of --${own}; --${kind} starts from one of its own kind, or from one without a task`,
  );
}

/** The layers of a model that is a chain of them. @throws MemcellError (usage) */
function chainOf(model: Sequential, name: string): Layer[] {
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  const isChain = layers.every((layer, i) => {
    const [node, ...others] = layer.inboundNodes;
    if (node === undefined || node.inboundLayers.length !== 1) return false;
    const before = node.inboundLayers[0];
    const after = others.length === 0 || !others.some((other) => other.inboundLayers.some((one) => one !== before));
    return after && (i === 0 || before === layers[i - 1]);
  });
  if (isChain && model.inputs.length === 1 && model.outputs.length === 1) return layers;
  throw usageError(`${name}: has branches; training starts from a model whose layers follow one another`);
}

/** The last layer, where it is Dense, with an Activation after it or not. */
function headOf(layers: readonly Layer[]): number | undefined {
  const at = layers.at(-1)?.getClassName() === 'Activation' ? layers.length - 2 : layers.length - 1;
  const layer = layers[at];
  const inner = layer && 'layer' in layer ? (layer.layer as Layer) : layer;
  return inner?.getClassName() === 'Dense' ? at : undefined;
}

/** Numbers that a layer gives: the last axis of its last weight. */
function sizeOf(weights: readonly { shape: readonly (number | null)[] }[]): number {
  return weights.at(-1)?.shape.at(-1) ?? 0;
}

function shapesOf(weights: readonly { shape: readonly (number | null)[] }[]): string {
  return weights.map(({ shape }) => `[${shape.join(', ')}]`).join(' ');
}

function inModel<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MemcellError(`${name}: ${reason.split('\n')[0]}`, { code: 'usage', cause });
  }
}
