import { day } from '../../data/days.js';
import type { Axis } from '../../tasks/shown.js';
import { quantile } from './quantile.js';
import type { LookedCycle } from './shown.js';

/** Where the rows of a series stand in time. */
export interface Clock {
  axis: Axis;
  /** One per row: milliseconds since 1970 of dates, else times or rows. */
  x: Float64Array;
  /** Rows to a season by the calendar. */
  season?: number;
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The seasons of the calendar: rows must be so close that places differ, and hold two of them. */
const calendar: { name: LookedCycle['name']; step: number; span: number; places: string[]; of(x: number): number }[] = [
  {
    name: 'hour',
    step: 13 * 3_600_000,
    span: 2 * day,
    places: Array.from({ length: 24 }, (_, hour) => String(hour)),
    of: (x) => Math.floor(x / 3_600_000 - 24 * Math.floor(x / day)),
  },
  {
    name: 'weekday',
    step: 2 * day,
    span: 14 * day,
    places: weekdays,
    // The first of January 1970 was a Thursday.
    of: (x) => (((Math.floor(x / day) + 3) % 7) + 7) % 7,
  },
  {
    name: 'month',
    step: 93 * day,
    span: 730 * day,
    places: months,
    of: (x) => new Date(x).getUTCMonth(),
  },
];

/** A season of more rows has no place for all their names. */
const longestSeason = 400;

/** Averages over the seasons of the calendar; of rows without dates, over a season that was found in them. */
export function cyclesOf(y: Float64Array, { axis, x }: Clock, season: number): LookedCycle[] {
  const rows = y.length;
  if (axis !== 'date') {
    if (season < 2 || season > longestSeason || rows < 2 * season) return [];
    const places = Array.from({ length: season }, (_, place) => String(place + 1));
    return [averages('row', y, places, (row) => row % season)];
  }
  if (rows < 3) return [];
  const span = x[rows - 1] - x[0];
  const step = span / (rows - 1);
  return calendar
    .filter((one) => step <= one.step && span >= one.span)
    .map(({ name, places, of }) => averages(name, y, places, (row) => of(x[row])));
}

/** The mean and the values that 10 and 90 % lie below, by place; places without a value are left out. */
function averages(
  name: LookedCycle['name'],
  y: Float64Array,
  places: readonly string[],
  placeOf: (row: number) => number,
): LookedCycle {
  const groups = places.map((): number[] => []);
  for (let row = 0; row < y.length; row++) if (!Number.isNaN(y[row])) groups[placeOf(row)].push(y[row]);
  return {
    name,
    places: groups.flatMap((values, i) => {
      if (values.length === 0) return [];
      const sorted = Float64Array.from(values).sort();
      const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
      return [
        {
          place: places[i],
          mean,
          low: quantile(sorted, 0.1),
          high: quantile(sorted, 0.9),
          count: sorted.length,
        },
      ];
    }),
  };
}
