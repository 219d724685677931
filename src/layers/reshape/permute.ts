import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { knownSize } from './knownSize.js';

const permute = computedLayer({
  class: 'Permute',
  positional: ['dims'],
  schema: { ...common, dims: kind.required(kind.listOf(kind.units)) },
  rank: { atLeast: 3 },
  mask: 'end',
  engine: (planning) => {
    const { flow, name, settings } = planning;
    if (settings.dims.length !== 2) throw unsupported(planning, 'has an input without steps');
    // The same order: only the mask ends.
    if (settings.dims[0] === 1) return [{ kind: 'reshape', steps: -1, width: flow.width, sequence: true, name }];
    flow.width = knownSize(planning, 2, 'makes features of an open number of steps');
    return [{ kind: 'transpose' }];
  },
  shape: ({ dims }, [input]) => {
    const each = [...dims].sort((a, b) => a - b).every((axis, i) => axis === i + 1);
    if (!each || dims.length !== input.length - 1)
      throw new Error(`dims must be the axes 1 to ${input.length - 1} in another order, not [${dims.join(', ')}]`);
    return [input[0], ...dims.map((axis) => input[axis])];
  },
  call: ({ tf, x, settings: { dims } }) => tf.transpose(x, [0, ...dims]),
});

/** The axes of a sample in another order, counted from 1: (B,T,I) → (B,I,T) for [2, 1]. */
export const Permute = layerFunction(permute, (dims: readonly number[], options?: EitherSpelling<LayerOptions>) => [
  [dims],
  options,
]);
