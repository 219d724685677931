import { activity } from '../plan/activation.js';
import { unsupported } from '../plan/unsupported.js';
import type { EitherSpelling } from '../spelling.js';
import { anyRank, common, defineLayer, type LayerOptions, layerFunction, penalty, tfjsLayer } from './define.js';
import { penalisable } from './penalised.js';
import { registeredLayer } from './registered.js';
import * as kind from './schema.js';

const own = {
  inputDim: kind.required(kind.vocabulary),
  outputDim: kind.required(kind.units),
  /** Steps of a sequence, in place of inputShape. */
  inputLength: kind.optional(kind.units),
  /** Take index 0 as padding that the layers after it skip. Default false. */
  maskZero: kind.defaulted(kind.flag, false),
  /** Default 'randomUniform', between -0.05 and 0.05. */
  embeddingsInitializer: kind.defaulted(kind.initializer, 'randomUniform'),
  embeddingsRegularizer: kind.optional(kind.regularizer),
  ...penalty,
  embeddingsConstraint: kind.optional(kind.constraint),
};

export interface EmbeddingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const embeddingLayer = penalisable(
  () => registeredLayer('Embedding'),
  tfjsLayer((tf) => tf.layers.embedding),
);

const embedding = defineLayer({
  class: 'Embedding',
  positional: ['inputDim', 'outputDim'],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: (planning) => {
    if (!planning.first) throw unsupported(planning, 'is not the first layer');
    const { inputDim: vocabulary, outputDim: width, maskZero } = planning.settings;
    const [table] = planning.claim('embeddings');
    const { l1, l2 } = planning.penalty('embeddings');
    planning.flow.width = width;
    return [
      { kind: 'embedding', vocabulary, width, table, maskZero, sparse: l1 === 0 && l2 === 0 },
      ...activity(planning),
    ];
  },
  make: ({ inputLength, ...settings }, tf) =>
    embeddingLayer(
      inputLength === undefined ? settings : { ...settings, inputShape: settings.inputShape ?? [inputLength] },
      tf,
    ),
  shape: ({ outputDim }, [input]) => [...input, outputDim],
  weights: ({ inputDim, outputDim }) => [{ name: 'embeddings', shape: [inputDim, outputDim] }],
});

/** Vectors for whole numbers below inputDim: (B,T) → (B,T,outputDim). Weights (inputDim,outputDim). */
export const Embedding = layerFunction(
  embedding,
  (inputDim: number, outputDim: number, options?: EitherSpelling<EmbeddingOptions>) => [[inputDim, outputDim], options],
);
