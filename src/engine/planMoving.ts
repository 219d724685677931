/** tfjs layers that move steps and features about, to plan data. */
import type * as tf from '../tf.js';
import type { LayerPlan } from './layerPlan.js';
import type { Config, Planner, Planning } from './planLayers.js';
import { unsupported } from './unsupported.js';

export const MOVING: Record<string, Planner> = {
  Flatten: (layer, { dataFormat }, _path, { state }) => {
    if (!state.sequence) return [];
    if (dataFormat === 'channelsFirst') throw unsupported(layer, 'flattens channelsFirst');
    state.width = knownSize(layer, 1, 'flattens an open number of steps');
    state.sequence = false;
    return [{ kind: 'flatten' }];
  },
  RepeatVector: (_layer, { n }, _path, { state }) => {
    state.sequence = true;
    return [{ kind: 'repeat', times: Number(n) }];
  },
  Reshape: planReshape,
  Permute: (layer, { dims }, _path, { state }) => {
    if (!Array.isArray(dims) || dims.length !== 2) throw unsupported(layer, 'has an input without steps');
    // The same order: only the mask ends.
    if (dims[0] === 1) return [{ kind: 'reshape', steps: -1, width: state.width, sequence: true, name: layer.name }];
    state.width = knownSize(layer, 2, 'makes features of an open number of steps');
    return [{ kind: 'transpose' }];
  },
  ZeroPadding1D: (layer, { padding, dataFormat }) => {
    if (dataFormat === 'channelsFirst') throw unsupported(layer, 'reads channelsFirst');
    const [before, after] = pair(padding);
    return [{ kind: 'padding', before, after, name: layer.name }];
  },
  Cropping1D: (layer, { cropping }) => {
    const [before, after] = pair(cropping);
    return [{ kind: 'padding', before: -before, after: -after, name: layer.name }];
  },
  UpSampling1D: (_layer, { size }) => [{ kind: 'upSampling', times: Number(size) }],
};

function planReshape(layer: tf.layers.Layer, { targetShape }: Config, _path: string, { state }: Planning): LayerPlan[] {
  if (!Array.isArray(targetShape) || targetShape.length < 1 || targetShape.length > 2)
    throw unsupported(layer, 'gives samples of more than two axes');
  const sequence = targetShape.length === 2;
  const width = Number(targetShape.at(-1));
  const steps = sequence ? Number(targetShape[0]) : 1;
  state.sequence = sequence;
  state.width = width > 0 ? width : knownSize(layer, targetShape.length, 'makes features of an open number of steps');
  return [{ kind: 'reshape', steps, width, sequence, name: layer.name }];
}

function pair(given: unknown): [before: number, after: number] {
  const [before, after] = Array.isArray(given) ? given : [given, given];
  return [Number(before), Number(after)];
}

/** A size of the layer's output. @throws Unsupported where it is open */
function knownSize(layer: tf.layers.Layer, axis: number, otherwise: string): number {
  const size = layer.outputShape[axis];
  if (typeof size === 'number' && size > 0) return size;
  throw unsupported(layer, otherwise);
}
