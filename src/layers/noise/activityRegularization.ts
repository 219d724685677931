import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction } from '../define.js';
import { penaltyOf } from '../penalised.js';
import * as kind from '../schema.js';

const own = {
  /** Factor of Σ|x|. Default 0. */
  l1: kind.defaulted(kind.notNegative, 0),
  /** Factor of Σx². Default 0. */
  l2: kind.defaulted(kind.notNegative, 0),
};

export interface ActivityRegularizationOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const activityRegularization = computedLayer({
  class: 'ActivityRegularization',
  positional: ['l1', 'l2'],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: ({ settings: { l1, l2 } }) => [{ kind: 'activity', l1, l2, signals: 1 }],
  call: ({ tf, x, addLoss, settings: { l1, l2 } }) => {
    addLoss(penaltyOf(tf, { className: 'L1L2', config: { l1, l2 } }, x));
    return x;
  },
});

/** Its input as it is, which adds l1·Σ|x| + l2·Σx² to the loss, divided by the number of samples. */
export const ActivityRegularization = layerFunction(
  activityRegularization,
  (options?: EitherSpelling<ActivityRegularizationOptions>) => [[], options],
);
