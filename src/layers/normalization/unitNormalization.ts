import { NONE } from '../../plan/layerPlan.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, fromFirst, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { overAxes } from './planned.js';
import { unitLength } from './unitLength.js';

const own = {
  /** Axis, or axes, over which the squares sum to 1. Default -1. */
  axis: kind.defaulted(kind.axes, -1),
};

export interface UnitNormalizationOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const unitNormalization = computedLayer({
  class: 'UnitNormalization',
  positional: ['axis'],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: (planning) => {
    const { width } = planning.flow;
    const unit = { unit: true, keepsMask: true, width, epsilon: 0, gamma: NONE };
    return overAxes(planning, planning.settings.axis, { kind: 'rmsNormalization', ...unit });
  },
  call: ({ tf, x, settings: { axis } }) => unitLength(tf, x, fromFirst(axis, x.rank), 1e-12),
});

/** x / √Σx² over an axis. */
export const UnitNormalization = layerFunction(
  unitNormalization,
  (options?: EitherSpelling<UnitNormalizationOptions>) => [[], options],
);
