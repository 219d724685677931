import type { Activation } from '../activations.js';
import { activation, activity } from '../plan/activation.js';
import { type DensePlan, NONE } from '../plan/layerPlan.js';
import type { EitherSpelling } from '../spelling.js';
import {
  anyRank,
  common,
  defineLayer,
  features,
  type KernelOptions,
  kernel,
  layerFunction,
  tfjsLayer,
} from './define.js';
import { penalisable } from './penalised.js';
import { registeredLayer } from './registered.js';
import * as kind from './schema.js';

const own = {
  units: kind.required(kind.units),
  /** Default 'linear'. */
  activation: kind.defaulted(kind.activation, 'linear'),
};

export interface DenseOptions extends KernelOptions, kind.OptionsOf<typeof own> {}

const dense = defineLayer({
  class: 'Dense',
  positional: ['units', 'activation'],
  schema: { ...common, ...kernel, ...own },
  rank: anyRank,
  perStep: true,
  engine: (planning) => {
    const { flow, settings } = planning;
    const [kernel, bias = NONE] = planning.claim('kernel', 'bias');
    const { units } = settings;
    const dense: DensePlan = { kind: 'dense', inputs: flow.width, units, kernel, bias };
    flow.width = units;
    return [dense, ...activation(planning, settings.activation, true), ...activity(planning)];
  },
  make: penalisable(
    () => registeredLayer('Dense'),
    tfjsLayer((tf) => tf.layers.dense),
  ),
  shape: ({ units }, [input]) => [...input.slice(0, -1), units],
  weights: ({ units, useBias }, input) => [
    { name: 'kernel', shape: [features(input), units] },
    ...(useBias ? [{ name: 'bias', shape: [units] }] : []),
  ],
});

/** y = activation(x·W + b) over the last axis: (B,…,I) → (B,…,U). Kernel (I,U), bias (U). */
export const Dense = layerFunction(
  dense,
  (
    units: number,
    activation?: Activation | EitherSpelling<DenseOptions> | null,
    options?: EitherSpelling<DenseOptions>,
  ) => (typeof activation === 'object' && activation !== null ? [[units], activation] : [[units, activation], options]),
);
