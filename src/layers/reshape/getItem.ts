import { type PickedRange, picked } from '../../plan/picked.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { anyRank, common, fromFirst, type LayerOptions, layerFunction, type Shape } from '../define.js';
import * as kind from '../schema.js';
import { knownSize } from './knownSize.js';

const own = {
  /** The axis, counted with that of the samples: 1 are the steps of a sequence, -1 the features. Default 1. */
  axis: kind.defaulted(kind.oneAxis, 1),
};

export interface GetItemOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

type Item = number | PickedRange;

/** @throws Error where the axis is none of a sample, or an index leaves none */
function axisOf(axis: number, item: Item, rank: number): number {
  const [along] = fromFirst(axis, rank);
  if (along < 1 || along >= rank) throw new Error(`axis ${axis} is none of a sample's`);
  if (typeof item === 'number' && rank < 3)
    throw new Error(`one number leaves no axis but the samples; take a range, such as [${item}, ${item + 1 || null}]`);
  return along;
}

/** @throws Error */
function pickedOf(item: Item, size: number) {
  const found = picked(item, size);
  if (found) return found;
  throw new Error(typeof item === 'number' ? `there is no place ${item} of ${size}` : `of ${size} none is left`);
}

const getItem = computedLayer({
  class: 'GetItem',
  positional: ['item'],
  schema: { ...common, item: kind.required(kind.item), ...own },
  rank: anyRank,
  mask: 'end',
  engine: (planning) => {
    const { flow, name, settings } = planning;
    const { axis, item } = settings;
    const overSteps = flow.sequence && axisOf(axis, item, 3) === 1;
    const isOne = typeof item === 'number';
    const plan = { kind: 'pick', item, overSteps, sequence: flow.sequence && !(isOne && overSteps), name } as const;
    flow.sequence = plan.sequence;
    if (overSteps) return [plan];
    if (!isOne) {
      flow.width = pickedOf(item, flow.width).count;
      return [plan];
    }
    flow.sequence = false;
    flow.width = knownSize(planning, 1, 'makes features of an open number of steps');
    return [plan, { kind: 'flatten' }];
  },
  shape: ({ axis, item }, [input]): Shape => {
    const along = axisOf(axis, item, input.length);
    const size = input[along];
    const count = size === null ? null : pickedOf(item, size).count;
    return input.flatMap((one, i) => (i !== along ? [one] : typeof item === 'number' ? [] : [count]));
  },
  call: ({ tf, x, settings: { axis, item } }) => {
    const along = axisOf(axis, item, x.rank);
    const { first, count, step } = pickedOf(item, x.shape[along]);
    const places = Array.from({ length: count }, (_, i) => first + i * step);
    const of = (from: number, to: readonly number[]) => to.map((size, i) => (i === along ? from : size));
    const taken =
      step === 1
        ? tf.slice(x, of(first, x.shape.map(() => 0)), of(count, x.shape)) // biome-ignore format: a begin and a size
        : tf.gather(x, places, along);
    return typeof item === 'number' ? tf.squeeze(taken, [along]) : taken;
  },
});

/**
 * One place of an axis, which goes, or a range of them: y = x[:, item], as Keras writes it in functional models.
 *
 *     GetItem(-1)                    x[:, -1]        (B,T,I) → (B,I), the last step
 *     GetItem([1, null])             x[:, 1:]        (B,T,I) → (B,T−1,I)
 *     GetItem([null, null, -1])      x[:, ::-1]      (B,T,I) → (B,T,I), from the last step to the first
 *     GetItem([0, 2], { axis: -1 })  x[..., 0:2]     (B,T,I) → (B,T,2)
 *
 * Places below 0 count from the end; null is the beginning or the end. Masks end, as in Keras.
 *
 * @param item a place, or [start, stop] or [start, stop, step]
 * @throws MemcellError 'model' for a place that the axis has not, or a range that leaves none
 */
export const GetItem = layerFunction(
  getItem,
  (item: number | PickedRange, options?: EitherSpelling<GetItemOptions>) => [[item], options],
);
