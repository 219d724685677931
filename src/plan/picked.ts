/** Which places of an axis a number or a range of Python's picks. */

/** [start, stop] or [start, stop, step] as in `x[start:stop:step]`; null where one is left out. */
export type PickedRange = readonly (number | null)[];

/** `count` places from `first` on, `step` apart. */
export interface Picked {
  first: number;
  count: number;
  step: number;
}

/** What an item picks of an axis of `size` places: one, or those of a range; undefined where there is none. */
export function picked(item: number | PickedRange, size: number): Picked | undefined {
  if (typeof item === 'number') {
    const first = item < 0 ? item + size : item;
    return first >= 0 && first < size ? { first, count: 1, step: 1 } : undefined;
  }
  const [start, stop] = item;
  const step = item[2] ?? 1;
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, least), most);
  const first = start === null ? (step > 0 ? least : most) : within(start);
  const end = stop === null ? (step > 0 ? most : least) : within(stop);
  const count = Math.ceil((end - first) / step);
  return count > 0 ? { first, count, step } : undefined;
}
