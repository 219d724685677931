import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, type LayerOptions, layerFunction, type Shape } from '../define.js';
import * as kind from '../schema.js';
import { knownSize } from './knownSize.js';

/** The sizes of a sample, -1 worked out. @throws Error where they do not hold as many values */
function sizesOf(target: readonly number[], [, ...sample]: Shape): (number | null)[] {
  const open = target.filter((size) => size === -1).length;
  if (open > 1) throw new Error('targetShape has -1 more than once');
  if (sample.includes(null)) return target.map((size) => (size === -1 ? null : size));
  const values = sample.reduce<number>((product, size) => product * Number(size), 1);
  const known = target.reduce((product, size) => (size === -1 ? product : product * size), 1);
  if (open === 0 ? known !== values : values % known !== 0)
    throw new Error(`${values} values do not fill the shape [${target.join(', ')}]`);
  return target.map((size) => (size === -1 ? values / known : size));
}

const reshape = computedLayer({
  class: 'Reshape',
  positional: ['targetShape'],
  schema: { ...common, targetShape: kind.required(kind.listOf(kind.groups)) },
  rank: anyRank,
  mask: 'end',
  engine: (planning) => {
    const { flow, name, settings } = planning;
    const { targetShape } = settings;
    if (targetShape.length > 2) throw unsupported(planning, 'gives samples of more than two axes');
    const sequence = targetShape.length === 2;
    const [steps, width] = sequence ? targetShape : [1, targetShape[0]];
    flow.sequence = sequence;
    flow.width =
      width > 0 ? width : knownSize(planning, targetShape.length, 'makes features of an open number of steps');
    return [{ kind: 'reshape', steps, width, sequence, name }];
  },
  shape: ({ targetShape }, [input]) => [input[0], ...sizesOf(targetShape, input)],
  call: ({ tf, x, settings: { targetShape } }) => tf.reshape(x, [x.shape[0], ...targetShape]),
});

/** The values of a sample in another shape, in which -1 stands for one size that follows from the others. */
export const Reshape = layerFunction(
  reshape,
  (targetShape: readonly number[], options?: EitherSpelling<LayerOptions>) => [[targetShape], options],
);
