/** Tables that whole numbers are looked up in. */
import { floats, single } from './given.js';
import type { NodeReader } from './nodeReader.js';
import { settle } from './settle.js';
import { type Axis, put, type Signal } from './signals.js';

/** More classes than this are taken for a mistake: a table of them has their square. */
const mostClasses = 4096;

export function embedding(node: NodeReader): Signal {
  const table = node.constant(0, 'table');
  const signal = settle(node.signal(1), node);
  if (node.axis('axis', table.shape.length, 0) !== 0 || table.shape.length !== 2) {
    throw node.error('it looks up something else than rows of a table');
  }
  if (signal.stack && signal.stack.layer.className !== 'InputLayer')
    throw node.error('its indices are computed by other layers');
  const [inputs, units] = table.shape;
  const weights = [{ name: 'embeddings', shape: [inputs, units], data: floats(table, node) }];
  const config = { input_dim: inputs, output_dim: units, mask_zero: false };
  return {
    kind: 'signal',
    axes: [...asSteps(signal.axes), [{ role: 'feature', size: units }]],
    stack: put(signal.stack, 'Embedding', config, weights),
  };
}

/** Rows of the unit matrix, which an Embedding looks up as well. */
export function oneHot(node: NodeReader): Signal {
  const signal = settle(node.signal(0), node);
  const depth = single(node.constant(1, 'depth'));
  const values = node.constant(2, 'values');
  const [off, on] = values.data ?? [values.fill, values.fill];
  const last = signal.axes.length;
  const axis = node.int('axis', -1);
  if (!(depth >= 1 && depth <= mostClasses) || off !== 0 || on !== 1 || (axis !== -1 && axis !== last)) {
    throw node.error(`it writes ${depth} values of ${off} and ${on} along axis ${axis}, which no layer does`);
  }
  if (signal.stack && signal.stack.layer.className !== 'InputLayer')
    throw node.error('its indices are computed by other layers');
  node.spend(depth * depth);
  const table = new Float32Array(depth * depth);
  for (let i = 0; i < depth; i++) table[i * depth + i] = 1;
  const config = { input_dim: depth, output_dim: depth, mask_zero: false, trainable: false };
  const weights = [{ name: 'embeddings', shape: [depth, depth], data: table }];
  return {
    kind: 'signal',
    axes: [...asSteps(signal.axes), [{ role: 'feature', size: depth }]],
    stack: put(signal.stack, 'Embedding', config, weights),
  };
}

/** Axes of whole numbers that are looked up one by one. */
function asSteps(axes: readonly Axis[]): Axis[] {
  return axes.map((axis): Axis => axis.map((atom) => (atom.role === 'feature' ? { ...atom, role: 'time' } : atom)));
}
