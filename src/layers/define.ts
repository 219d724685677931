/** What a layer is: one declaration, from which its function, checks, notation, weights and saved form come. */
import { elements } from '../data/array.js';
import type { Planner } from '../plan/planning.js';
import type { TensorFlow } from '../tensorflow.js';
import type { Layer } from '../tfjsTypes.js';
import { makeLayer } from './make.js';
import type { OptionsOf, Schema, SettingsOf } from './schema.js';
import * as kind from './schema.js';
import type { GraphLayer } from './symbolic.js';

/** A layer of a model: TensorFlow.js's own, or one that behaves like it. */
export type { Layer };

/** A shape with its batch axis; null for a size that is not fixed. */
export type Shape = readonly (number | null)[];

/** A layer's saved settings, in camelCase. */
export type Config = Record<string, unknown>;

/** Axes of an input with its batch axis: exactly, or at least so many. */
export type Rank = { exactly: number } | { atLeast: number };

export interface WeightSpec {
  /** Keras's. */
  name: string;
  shape: readonly number[];
}

export interface DefinitionOf<S extends Schema> {
  /** Keras's class. */
  readonly class: string;
  /** The options that may be given by position, in Keras's order. */
  readonly positional: readonly (keyof S & string)[];
  readonly schema: S;
  readonly rank: Rank;
  /** It joins several inputs, which a stack has not. */
  readonly joins?: true;
  /** It takes one input, as in a stack, or several. */
  readonly takesSeveral?: true;
  /** It acts on each step by itself, so that TimeDistributed around it changes nothing. */
  readonly perStep?: true;
  /** It passes on what it gets but in training, unless its rate or deviation is 0. */
  readonly noise?: true;
  /** Groups of a `.keras` file that its weights stand in, in their order, as many in each; none where they stand together. */
  readonly groups?: readonly string[];
  /** false: Keras has no such layer. */
  readonly keras?: false;
  /** What to write where more is given by position than it takes. */
  readonly remedy?: string;
  /** Of a cell, which RNN runs step by step: the layer that is it alone; null for cells one upon the other. */
  readonly cellOf?: string | null;
  /** What the engine does in its place; null: only TensorFlow.js runs it. */
  readonly engine: Planner<SettingsOf<S>> | null;
  /** The layer, of checked settings. */
  make(settings: SettingsOf<S>, tf: TensorFlow): Layer;
  /** The class of its layers where that is memcell's and not tfjs's; see `ownClass`. */
  readonly own?: (tf: TensorFlow) => abstract new (...args: never[]) => Layer;
  /** The layer of a saved configuration, where that is not `new own(config)` or tfjs's own. */
  load?(config: Config, held: (description: Config) => Layer, tf: TensorFlow): Layer;
  /** The shape of its output; the first input's if left out. @throws Error that says what does not fit */
  shape?(settings: SettingsOf<S>, inputs: readonly Shape[]): Shape;
  /** Its weights in Keras's order for inputs of such shapes; left out for a layer without weights. */
  weights?(settings: SettingsOf<S>, input: Shape, ...others: Shape[]): WeightSpec[];
}

/** Of any layer, its settings' types unknown. */
export type LayerDefinition = DefinitionOf<Schema>;

const definitions = new Map<string, LayerDefinition>();

/** The definition of a class name; none for tfjs's other layers. */
export function definitionOf(className: string): LayerDefinition | undefined {
  return definitions.get(className);
}

const classesWhere = (fits: (definition: LayerDefinition) => boolean) =>
  [...definitions.values()].filter(fits).map((definition) => definition.class);

/** The names of all layers that there are. */
export function layerClasses(): string[] {
  return classesWhere(({ cellOf }) => cellOf === undefined);
}

/** The names of all cells that there are. */
export function cellClasses(): string[] {
  return classesWhere(({ cellOf }) => cellOf !== undefined);
}

/** Makes a layer known by its class. */
export function defineLayer<S extends Schema>(definition: DefinitionOf<S>): LayerDefinition;
export function defineLayer(definition: LayerDefinition): LayerDefinition {
  definitions.set(definition.class, definition);
  return definition;
}

/** The function that makes a layer in code: `args` says which of its arguments are options by position, and which object has the others. */
export function layerFunction<Args extends unknown[]>(
  definition: LayerDefinition,
  args: (...args: Args) => [positional: unknown[], options?: object | undefined],
): (...args: Args) => GraphLayer {
  return (...given) => {
    const [positional, options = {}] = args(...given);
    return makeLayer(definition, positional, options);
  };
}

/** How many numbers a layer's weights have. */
export function countWeights(definition: LayerDefinition, settings: Config, input: Shape): number {
  return (definition.weights?.(settings, input) ?? []).reduce((sum, { shape }) => sum + elements([...shape]), 0);
}

/** tfjs's own constructors check their argument's type at compile time; the schema has checked its values at run time. */
export function tfjsLayer<Args>(
  maker: (tf: TensorFlow) => (args: Args) => Layer,
): (settings: object, tf: TensorFlow) => Layer {
  return (settings, tf) => maker(tf)(settings as Args);
}

/** A class that extends one of TensorFlow.js: made when it is first asked for, and then always the same. */
export function ownClass<Class>(make: (tf: TensorFlow) => Class): (tf: TensorFlow) => Class {
  let made: Class | undefined;
  return (tf) => {
    made ??= make(tf);
    return made;
  };
}

/** The options of every layer. */
export const common = {
  /** Part of the names of its weights; the class's name in snake_case, numbered, if left out. */
  name: kind.optional(kind.layerName),
  /** false: its weights are not trained. */
  trainable: kind.optional(kind.flag),
  /** For a model's first layer: one sample's shape, null for a number of steps that may vary: [30, 4], [null, 4]. */
  inputShape: kind.optional(kind.shape),
  /** Beside inputShape: the only number of samples that a batch may have, which stateful layers need. */
  batchSize: kind.optional(kind.batchSize),
  /** In place of the two: [batch, steps, features]. */
  batchShape: kind.optional(kind.batchShape),
};

export interface LayerOptions extends OptionsOf<typeof common> {}

/** The option of layers whose outputs may be part of the loss. */
export const penalty = {
  /** Adds l1·Σ|y| + l2·Σy² of the outputs to the loss, divided by the number of samples. */
  activityRegularizer: kind.optional(kind.regularizer),
};

/** The options of a kernel and a bias. */
export const kernelAndBias = {
  /** Default true. */
  useBias: kind.defaulted(kind.flag, true),
  /** Default 'glorotUniform'. */
  kernelInitializer: kind.defaulted(kind.initializer, 'glorotUniform'),
  /** Default 'zeros'. */
  biasInitializer: kind.defaulted(kind.initializer, 'zeros'),
  kernelRegularizer: kind.optional(kind.regularizer),
  biasRegularizer: kind.optional(kind.regularizer),
  kernelConstraint: kind.optional(kind.constraint),
  biasConstraint: kind.optional(kind.constraint),
};

/** The options of layers with a kernel and a bias. */
export const kernel = { ...kernelAndBias, ...penalty };

export interface KernelOptions extends LayerOptions, OptionsOf<typeof kernel> {}

/** The size of the last axis. */
export function features(input: Shape): number {
  return input[input.length - 1] ?? 0;
}

/** Axes counted from the first, of which -1 is the last. */
export function fromFirst(axes: number | readonly number[], rank: number): number[] {
  return [axes].flat().map((axis) => (axis < 0 ? axis + rank : axis));
}

export const sequence: Rank = { exactly: 3 };
export const anyRank: Rank = { atLeast: 2 };
