import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, fromFirst, type LayerOptions, layerFunction, type Shape } from '../define.js';
import { initializerConfig } from '../initializers.js';
import * as kind from '../schema.js';
import { rankOf } from './planned.js';

const own = {
  /** Axes with a mean and variance of their own; null for one of all values. Default -1. */
  axis: kind.defaulted(kind.nullable(kind.axes), -1),
  /** The mean, or one of each feature. A model from Keras that was adapted to data has it as a weight. */
  mean: kind.defaulted(kind.nullable(kind.numbers), null),
  /** The variance, or one of each feature. */
  variance: kind.defaulted(kind.nullable(kind.numbers), null),
  /** Undo it: x·√variance + mean. Default false. */
  invert: kind.defaulted(kind.flag, false),
};

export interface NormalizationOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

/** The shape of the mean beside an input: sizes of the axes that have their own, 1 for the others. */
function meanShape(axis: number | number[] | null, input: Shape): number[] {
  const axes = axis === null ? [] : fromFirst(axis, input.length);
  return input.map((size, i) => (axes.includes(i) ? (size ?? 0) : 1));
}

const normalization = computedLayer({
  class: 'Normalization',
  positional: ['axis', 'mean', 'variance', 'invert'],
  schema: { ...common, ...own },
  rank: anyRank,
  engine: (planning) => {
    const { width } = planning.flow;
    const { axis, mean, variance, invert: inverted } = planning.settings;
    const axes = axis === null ? [] : [axis].flat();
    if (fromFirst(axes, rankOf(planning)).some((one) => one !== rankOf(planning) - 1))
      throw unsupported(planning, `normalises axis ${axes}, not the last`);
    const common = { kind: 'standardization', width, inverted } as const;
    if (mean !== null) {
      const each = (given: number | number[] | null) =>
        Array.isArray(given) ? given : Array<number>(width).fill(given ?? Number.NaN);
      const of = { kind: 'constants', mean: each(mean), variance: each(variance) } as const;
      if (of.mean.length !== width || of.variance.length !== width)
        throw unsupported(planning, `has no mean and variance of each of its ${width} features`);
      return [{ ...common, of }];
    }
    if (axes.length === 0) throw unsupported(planning, 'has one mean of all values as a weight');
    const [ofMean, ofVariance, count] = planning.claim('mean', 'variance', 'count');
    return [{ ...common, of: { kind: 'weights', mean: ofMean, variance: ofVariance, count } }];
  },
  weights: ({ axis, mean }, [input]) => {
    if (mean !== null) return [];
    const shape = meanShape(axis, input).filter((_, i) => axis !== null && fromFirst(axis, input.length).includes(i));
    const zeros = initializerConfig('zeros', 'mean');
    return [
      { name: 'mean', shape, initializer: zeros, trainable: false },
      { name: 'variance', shape, initializer: initializerConfig('ones', 'variance'), trainable: false },
      { name: 'count', shape: [], initializer: zeros, trainable: false },
    ];
  },
  shape: ({ mean, variance }, [input]) => {
    if ((mean === null) !== (variance === null))
      throw new Error('mean and variance go together; one of them is missing');
    return input;
  },
  call: ({ tf, x, weight, settings: { axis, mean, variance, invert } }) => {
    const shape = meanShape(axis, x.shape);
    const of = (given: number | number[] | null, name: string) =>
      given === null
        ? tf.reshape(weight(name), shape)
        : typeof given === 'number'
          ? tf.scalar(given)
          : tf.reshape(tf.tensor1d(given), shape);
    const center = of(mean, 'mean');
    const deviation = tf.maximum(tf.sqrt(of(variance, 'variance')), 1e-7);
    return invert ? tf.add(center, tf.mul(x, deviation)) : tf.div(tf.sub(x, center), deviation);
  },
});

/** (x − mean)/√variance, of mean and variance that are known: given as options, or a loaded model's. */
export const Normalization = layerFunction(normalization, (options?: EitherSpelling<NormalizationOptions>) => [
  [],
  options,
]);
