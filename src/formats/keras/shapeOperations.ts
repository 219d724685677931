/** Operations of Keras 3's graphs that pick values of each sample, or put them in another shape or order: what layers do the same. */
import { type PickedRange, picked } from '../../plan/picked.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

/** Sizes with that of the samples, null for one that is open. */
export type Sizes = readonly (number | null)[];

/** A layer that stands for an operation. */
export type Stand = [className: string, options: JsonObject];

/** Why an operation has an axis that there is not. */
export class NoSuchAxis extends Error {}

/** `x[key]`, one axis after the other, the last ones first, then the axes that are new. */
export function getItem(key: Json | undefined, shape: Sizes): Stand[] | string {
  const keys = Array.isArray(key) ? key : [key ?? null];
  const isEllipsis = (one: Json) => isJsonObject(one) && one.class_name === '__ellipsis__';
  const missing = shape.length - keys.filter((one) => one !== null && !isEllipsis(one)).length;
  const rest = Array<Json>(Math.max(missing, 0)).fill(WHOLE);
  const all = keys.some(isEllipsis) ? keys.flatMap((one) => (isEllipsis(one) ? rest : [one])) : [...keys, ...rest];
  const picks: Stand[] = [];
  const sizes: (number | null)[] = [];
  let axis = 0;
  for (const one of all) {
    const item = one === null ? null : itemOf(one);
    if (item === undefined) return 'picks by other values than numbers';
    if (item === null) {
      if (axis === 0) return 'puts an axis before that of the samples';
      sizes.push(1);
      continue;
    }
    const size = shape[axis];
    if (!isWhole(item)) {
      if (axis === 0) return 'picks samples';
      picks.unshift(['GetItem', { item, axis }]);
    }
    if (typeof item !== 'number')
      sizes.push(isWhole(item) ? size : size === null ? null : (picked(item, size)?.count ?? 0));
    axis++;
  }
  if (sizes.length === 1) return 'leaves no axis but that of the samples; pick a range, such as x[:, 1:2]';
  if (!all.includes(null)) return picks.length > 0 ? picks : permuted([...shape.keys()]);
  const made = reshaped(sizes);
  return typeof made === 'string' ? made : [...picks, ...made];
}

const WHOLE: JsonObject = { class_name: '__slice__', config: {} };

/** A place, or [start, stop] and a step unless it is 1; undefined for what is neither. */
function itemOf(key: Json): number | (number | null)[] | undefined {
  if (typeof key === 'number') return key;
  if (!isJsonObject(key) || key.class_name !== '__slice__' || !isJsonObject(key.config)) return undefined;
  const { start = null, stop = null, step = null } = key.config;
  const isPlace = (one: Json): one is number | null => one === null || typeof one === 'number';
  if (!isPlace(start) || !isPlace(stop) || !isPlace(step)) return undefined;
  return step === null || step === 1 ? [start, stop] : [start, stop, step];
}

function isWhole(item: number | PickedRange): boolean {
  return typeof item !== 'number' && item.length === 2 && (item[0] ?? 0) === 0 && item[1] === null;
}

/** The same values of each sample in these sizes. */
export function reshaped(sizes: Sizes): Stand[] | string {
  const sample = sizes.slice(1).map((size) => size ?? -1);
  if (sample.length === 0) return 'leaves no axis but that of the samples';
  if (sample.filter((size) => size === -1).length > 1) return 'gives a shape of several open sizes';
  return [['Reshape', { target_shape: sample }]];
}

/** `ops.reshape(x, to)`, where it leaves each sample its values. */
export function reshape(to: Json | undefined, from: Sizes): Stand[] | string {
  const [batch, ...sample] = Array.isArray(to)
    ? to.map((size) => (typeof size === 'number' && size >= 0 ? size : null))
    : [];
  const product = (sizes: Sizes) =>
    sizes.reduce<number | null>((all, size) => (all === null || size === null ? null : all * size), 1);
  // An open number of samples is the same before and after where each has as many values.
  const known = product(sample);
  const isBatch =
    batch === null
      ? (to as Json[])[0] === null || sample.includes(null) || (known !== null && known === product(from.slice(1)))
      : batch === from[0];
  return isBatch ? reshaped([null, ...sample]) : 'moves values from one sample to another';
}

/** The axes in another order, or in the same: a layer for it ends masks, as an operation does. */
export function permuted(order: readonly number[]): Stand[] | string {
  if (order[0] !== 0) return 'moves the axis of the samples';
  return order.length > 2 ? [['Permute', { dims: order.slice(1) }]] : [['Activation', { activation: 'linear' }]];
}

/** 'bti,bsi->bts': two values of each sample, summed over one axis that both have. */
export function einsum(subscripts: string, shapes: readonly Sizes[]): Stand[] | string {
  const [given, to] = subscripts.replace(/\s/g, '').split('->');
  const [one = '', other = ''] = given.split(',');
  const [shared, ...others] = [...one.slice(1)].filter((axis) => other.includes(axis, 1));
  const left = (axes: string) => axes.slice(1).replace(shared, '');
  const isDot =
    shapes.length === 2 &&
    others.length === 0 &&
    shared !== undefined &&
    one[0] === other[0] &&
    new Set(one + other).size === one.length + other.length - 2 &&
    to === one[0] + left(one) + left(other) &&
    to.length > 1;
  return isDot
    ? [['Dot', { axes: [one.indexOf(shared), other.indexOf(shared)] }]]
    : `computes ${subscripts}, which is no Dot`;
}

/** Each value with a new axis, then all of them along it. */
export function stack(along: Json | undefined, [shape, ...others]: readonly Sizes[]): Stand[] | string {
  const [axis] = axesOf(along ?? 0, shape.length + 1);
  if (axis === 0) return 'puts an axis before that of the samples';
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(shape))) return 'joins values of unlike shapes';
  const made = reshaped(shape.toSpliced(axis, 0, 1));
  return typeof made === 'string' ? made : [...made, ['Concatenate', { axis }]];
}

/**
 * An axis, or several, counted from the first.
 * @throws NoSuchAxis where a value of so many axes has not one of them
 */
export function axesOf(axes: Json | undefined, rank: number): number[] {
  return [axes ?? []].flat().flatMap((axis) => {
    if (typeof axis !== 'number') return [];
    const counted = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(counted) || counted < 0 || counted >= rank)
      throw new NoSuchAxis(`takes axis ${axis} of a value that has ${rank}`);
    return [counted];
  });
}
