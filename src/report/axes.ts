import type { ScaleOptions } from '@observablehq/plot';
import type { Axis, Points } from '../tasks/shown.js';

/** The x scale of a figure over rows or times. */
export function axisScale(axis: Axis): ScaleOptions {
  if (axis === 'date') return { type: 'utc', label: null };
  return { label: axis === 'row' ? 'row' : 'time', tickFormat: (value: number) => String(value) };
}

/** A place on the axis as Plot takes it. */
export function placeOn(axis: Axis, x: number): number | Date {
  return axis === 'date' ? new Date(x) : x;
}

/** Points as Plot takes them. */
export function pointsOn(axis: Axis, { x, y }: Points): { x: number | Date; y: number }[] {
  return x.map((at, i) => ({ x: placeOn(axis, at), y: y[i] }));
}

/** A place as people read it: a date without the parts of the time that are 0. */
export function placeText(axis: Axis, x: number): string {
  if (axis !== 'date') return axis === 'row' ? `row ${x}` : String(x);
  return new Date(x)
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.000Z$/, '')
    .replace(/ 00:00$/, '');
}

/** A number on an axis: as short as it can be; from 10,000 on in thousands or millions: 25 k, 1.7 M. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e9) return size < 1e6 ? `${tick(value / 1e3)} k` : `${tick(value / 1e6)} M`;
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential().replace('e+', 'e');
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

/** Ticks of an axis of whole numbers, about so many: no places between them. */
export function wholeTicks(last: number, about: number): number[] {
  const sizes = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((power) => [1, 2, 5].map((factor) => factor * power));
  const every = sizes.find((size) => last / size <= about) ?? last;
  const ticks: number[] = [];
  for (let at = every; at <= last; at += every) ticks.push(at);
  return ticks;
}

/** The powers of ten among positive values, and 2 and 5 times as much where they are few. */
export function powers(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.log10);
  const factors = high - low < 2.5 ? [1, 2, 5] : [1];
  const all = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) =>
    factors.map((factor) => Number((factor * 10 ** (Math.floor(low) + i)).toPrecision(1))),
  );
  return all.flat().filter((power) => Math.log10(power) >= low && Math.log10(power) <= high);
}

/** '80 %' of 0.8 */
export function percentTick(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}

/** Characters of a name on an axis at most. */
const mostShown = 40;

/** A name as it stands in a figure, cut where it is long. */
export function shortened(name: string, most = mostShown): string {
  const characters = Array.from(name);
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : name;
}
