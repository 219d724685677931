import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, features, type LayerOptions, layerFunction, sequence } from '../define.js';
import * as kind from '../schema.js';
import { requireSteps } from './planned.js';

const own = {
  /** Default 'glorotUniform'. */
  initializer: kind.defaulted(kind.initializer, 'glorotUniform'),
};

export interface PositionEmbeddingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const positionEmbedding = computedLayer({
  class: 'PositionEmbedding',
  positional: ['sequenceLength'],
  schema: { ...common, sequenceLength: kind.required(kind.units), ...own },
  rank: sequence,
  keras: false,
  engine: (planning) => {
    requireSteps(planning);
    const [weight] = planning.claim('position_embeddings');
    const of = { kind: 'table', weight, length: planning.settings.sequenceLength } as const;
    return [{ kind: 'positions', width: planning.flow.width, of, name: planning.name }];
  },
  weights: ({ sequenceLength, initializer }, [input]) => [
    { name: 'position_embeddings', shape: [sequenceLength, features(input)], initializer },
  ],
  shape: ({ sequenceLength }, [input]) => {
    if (Number(input[1] ?? 0) > sequenceLength)
      throw new Error(`sequenceLength ${sequenceLength} is below its ${input[1]} steps`);
    return input;
  },
  call: ({ tf, x, weight, settings: { sequenceLength } }) => {
    const [, steps = 0, size = 0] = x.shape;
    if (steps > sequenceLength) throw new Error(`sequenceLength ${sequenceLength} is below its ${steps} steps`);
    return tf.add(x, tf.slice(weight('position_embeddings'), [0, 0], [steps, size]));
  },
});

/** Adds a learnt vector to every step, another for each place: x (B,T,I) + W (sequenceLength,I), T ≤ sequenceLength. */
export const PositionEmbedding = layerFunction(
  positionEmbedding,
  (sequenceLength: number, options?: EitherSpelling<PositionEmbeddingOptions>) => [[sequenceLength], options],
);
