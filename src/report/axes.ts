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

/**
 * A number on an axis: as short as it can be; from 10,000 on in thousands or millions: 25 k, 1.7 M. Numbers of one axis are in the unit of
 * its largest, and have as many decimals as the one that needs most: 9.5 k under 10.0 k.
 */
export function tick(value: number, _index?: number, axis: readonly number[] = [value]): string {
  const largest = Math.max(...axis.map(Math.abs));
  if (value === 0) return '0';
  if (largest !== 0 && (largest >= 1e9 || largest < 1e-4)) return signed(value.toExponential().replace('e+', 'e'));
  const [unit, name] = largest < 1e4 ? [1, ''] : largest < 1e6 ? [1e3, ' k'] : [1e6, ' M'];
  const decimals = Math.max(...axis.map((one) => decimalsOf(one / unit)));
  return signed(`${(value / unit).toFixed(decimals)}${name}`);
}

/** Those that a number of six significant digits has. */
function decimalsOf(value: number): number {
  const [digits, power = '0'] = String(Number(value.toPrecision(6))).split('e');
  return Math.max(0, (digits.split('.')[1]?.length ?? 0) - Number(power));
}

/** A number's text with the sign of subtraction. */
export function signed(text: string): string {
  return text.replace('-', '−');
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

/** Characters of a name on an axis at most. */
const mostShown = 40;

/** A name as it stands in a figure: without its middle where it is long, since names of a kind differ in their ends. */
export function shortened(name: string, most = mostShown): string {
  const characters = Array.from(name);
  if (characters.length <= most) return name;
  const end = Math.max(1, Math.floor(most / 3));
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}

/** Three years, in milliseconds. */
const fewYears = 3 * 366 * 86_400_000;

/** From when to when, of dates whose ticks may not tell the year. */
export function spanText(axis: Axis, x: readonly number[]): string {
  if (axis !== 'date' || x.length === 0 || x[x.length - 1] - x[0] > fewYears) return '';
  const [first, last] = [x[0], x[x.length - 1]].map((at) => placeText(axis, at));
  return `, ${first} to ${last}`;
}
