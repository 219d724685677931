import { ActivationId } from '../../kernels/activationIds.js';
import { plainActivation } from '../../plan/activation.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, fromFirst, type LayerOptions, layerFunction } from '../define.js';
import { overAxes } from '../normalization/planned.js';
import * as kind from '../schema.js';

const own = {
  /** Axis, or axes, over which the outputs sum to 1. Default -1. */
  axis: kind.defaulted(kind.axes, -1),
};

export interface SoftmaxOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const softmax = computedLayer({
  class: 'Softmax',
  positional: ['axis'],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: (planning) => overAxes(planning, planning.settings.axis, plainActivation(ActivationId.softmax)),
  activation: ({ axis }) => (axis === -1 ? 'softmax' : undefined),
  call: ({ tf, x, settings: { axis }, activate }) => {
    if (axis === -1) return activate(x);
    const axes = fromFirst(axis, x.rank);
    const powers = tf.exp(tf.sub(x, tf.max(x, axes, true)));
    return tf.div(powers, tf.sum(powers, axes, true));
  },
});

/** eˣ / Σ eˣ over an axis. */
export const Softmax = layerFunction(softmax, (options?: EitherSpelling<SoftmaxOptions>) => [[], options]);
