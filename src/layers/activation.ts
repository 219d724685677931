import type { Activation as ActivationName } from '../activations.js';
import { activation as plannedActivation } from '../plan/activation.js';
import type { EitherSpelling } from '../spelling.js';
import { anyRank, common, defineLayer, type LayerOptions, layerFunction, tfjsLayer } from './define.js';
import * as kind from './schema.js';

const activation = defineLayer({
  class: 'Activation',
  positional: ['activation'],
  schema: { ...common, activation: kind.required(kind.activation) },
  rank: anyRank,
  perStep: true,
  engine: (planning) => plannedActivation(planning, planning.settings.activation, false),
  make: tfjsLayer((tf) => tf.layers.activation),
});

/** An activation function on its own. */
export const Activation = layerFunction(
  activation,
  (name: ActivationName | null, options?: EitherSpelling<LayerOptions>) => [[name], options],
);
