/** Models whose layers make up any graph without loops, as Keras's functional API makes them. */
import { modelError } from './errors.js';
import * as kind from './layers/schema.js';
import { SymbolicTensor } from './layers/symbolic.js';
import { buildGraph } from './model/buildGraph.js';
import { Sequential } from './sequential.js';
import { type EitherSpelling, namedOptions, shown } from './spelling.js';
import { complete } from './training/options.js';
import { unknownOption } from './valueKinds.js';

export interface InputOptions {
  /** One sample's shape, null for a number of steps that may vary: [30, 4], [null, 4], [7]. */
  shape: readonly (number | null)[];
  /** The only number of samples that a batch may have, which stateful layers need. */
  batchSize?: number;
  /** Of the model's input; 'input_layer', numbered, if left out. */
  name?: string;
}

const INPUT_OPTIONS = {
  shape: kind.shape,
  batchSize: kind.nullable(kind.batchSize),
  name: kind.nullable(kind.layerName),
};

/**
 * Where a model begins: what layers are applied to.
 *
 *     const words = Input({ shape: [null], name: 'words' });
 *     const hidden = LSTM(64).apply(Embedding(5000, 32).apply(words));
 *     const model = new Model({ inputs: words, outputs: Dense(3, 'softmax').apply(hidden) });
 *
 * @throws MemcellError 'model' for a shape that is none
 */
export function Input(options: EitherSpelling<InputOptions>): SymbolicTensor {
  const given = namedOptions('Input', options);
  const known = Object.keys(INPUT_OPTIONS);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw modelError(unknownOption('Input', unknown, known));
  const shape = INPUT_OPTIONS.shape(given.shape, 'Input: shape');
  const batchSize = INPUT_OPTIONS.batchSize(given.batchSize ?? null, 'Input: batchSize');
  const name = INPUT_OPTIONS.name(given.name ?? null, 'Input: name');
  return new SymbolicTensor([batchSize, ...shape], undefined, name ?? undefined);
}

export interface ModelOptions {
  /** What Input() gave, one or a list. */
  inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** One or a list. */
  outputs: SymbolicTensor | readonly SymbolicTensor[];
  /** A whole number that governs initial weights, and shuffling and dropout where fit has no seed of its own. Default: random. */
  seed?: number;
  /** Default 'functional'. */
  name?: string;
}

/**
 * A model between inputs and outputs of layers that were applied to each other: several inputs and outputs, branches, shared layers,
 * models as layers (`model.apply(x)`). It has all that `Sequential` has; x and y are lists in the order of inputs and outputs, or
 * objects by their names, an output's name being its layer's. Layers that are in another model too are the same ones:
 * what either trains, both have.
 */
export class Model extends Sequential {
  protected override readonly className = 'Model';

  /** @throws MemcellError 'model' for outputs that hang on other inputs, or layers that do not fit */
  constructor(options: ModelOptions) {
    const { inputs, outputs, seed, name } = complete('Model', { name: 'functional' }, options, {
      inputs: 'other',
      outputs: 'other',
      seed: 'integer?',
      name: 'string',
    });
    super([], { name, ...(seed != null && { seed }) });
    const ends = { inputs: listOf(inputs, 'inputs'), outputs: listOf(outputs, 'outputs') };
    this.takeGraph((own) => buildGraph({ ...ends, name, seed: own }));
  }
}

function listOf(tensors: unknown, what: string): SymbolicTensor[] {
  const list = Array.isArray(tensors) ? tensors : [tensors];
  if (list.length === 0) throw modelError(`Model: ${what} is an empty list`);
  for (const one of list)
    if (!(one instanceof SymbolicTensor))
      throw modelError(
        `Model: ${what} must be what Input() and layers give, such as Dense(3).apply(x), not ${shown(one)}`,
      );
  return list;
}
