/** Tables drawn in many notations: what is understood of them, line by line, beside what was drawn. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTable } from '../../../src/data/read.js';
import { accountText, understand } from '../../../src/data/understanding/understand.js';
import { draws } from '../../formats/onnx/runtime.js';
import { next } from './frames.js';

const hour = 3_600_000;
const day = 24 * hour;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A way to write times: as it is told, and by its fields. */
interface Clock {
  told: string;
  step: 'quarter hour' | 'hour' | 'day' | 'week' | 'month' | 'quarter';
  write(at: { y: number; M: number; d: number; H: string; m: string }): string;
}

const two = (n: number) => String(n).padStart(2, '0');
const clocks: Clock[] = [
  { told: 'yyyy-MM-dd', step: 'day', write: ({ y, M, d }) => `${y}-${two(M)}-${two(d)}` },
  { told: 'yyyy-MM-dd', step: 'week', write: ({ y, M, d }) => `${y}-${two(M)}-${two(d)}` },
  { told: 'yyyy/MM/dd', step: 'day', write: ({ y, M, d }) => `${y}/${two(M)}/${two(d)}` },
  { told: 'dd.MM.yyyy', step: 'day', write: ({ y, M, d }) => `${two(d)}.${two(M)}.${y}` },
  { told: 'dd/MM/yyyy', step: 'day', write: ({ y, M, d }) => `${two(d)}/${two(M)}/${y}` },
  { told: 'MM/dd/yyyy', step: 'day', write: ({ y, M, d }) => `${two(M)}/${two(d)}/${y}` },
  { told: 'M/d/yyyy', step: 'day', write: ({ y, M, d }) => `${M}/${d}/${y}` },
  { told: 'yyyyMMdd', step: 'day', write: ({ y, M, d }) => `${y}${two(M)}${two(d)}` },
  { told: 'MMM d, yyyy', step: 'day', write: ({ y, M, d }) => `${months[M - 1]} ${d}, ${y}` },
  { told: 'd MMM yyyy', step: 'day', write: ({ y, M, d }) => `${d} ${months[M - 1]} ${y}` },
  { told: 'yyyy-MM-dd HH:mm', step: 'hour', write: ({ y, M, d, H, m }) => `${y}-${two(M)}-${two(d)} ${H}:${m}` },
  { told: 'yyyy-MM-ddTHH:mm:ss', step: 'hour', write: ({ y, M, d, H, m }) => `${y}-${two(M)}-${two(d)}T${H}:${m}:00` },
  {
    told: 'dd.MM.yyyy HH:mm',
    step: 'quarter hour',
    write: ({ y, M, d, H, m }) => `${two(d)}.${two(M)}.${y} ${H}:${m}`,
  },
  { told: 'MM/dd/yyyy HH:mm', step: 'hour', write: ({ y, M, d, H, m }) => `${two(M)}/${two(d)}/${y} ${H}:${m}` },
  { told: 'yyyy-MM', step: 'month', write: ({ y, M }) => `${y}-${two(M)}` },
  { told: 'MM/yyyy', step: 'month', write: ({ y, M }) => `${two(M)}/${y}` },
  { told: 'MMM yyyy', step: 'month', write: ({ y, M }) => `${months[M - 1]} ${y}` },
  { told: 'yyyy-QQ', step: 'quarter', write: ({ y, M }) => `${y}-Q${(M + 2) / 3}` },
];
const lengths = { 'quarter hour': hour / 4, hour, day, week: 7 * day } as const;
const steps: Record<Clock['step'], { told: string; season: number }> = {
  'quarter hour': { told: '15 minutes', season: 96 },
  hour: { told: '1 hour', season: 24 },
  day: { told: '1 day', season: 7 },
  week: { told: '1 week', season: 52 },
  month: { told: '1 month', season: 12 },
  quarter: { told: '1 quarter', season: 4 },
};

const timeOf = (step: Clock['step'], start: number, i: number): number => {
  const first = new Date(start);
  if (step !== 'month' && step !== 'quarter') return start + i * lengths[step];
  const size = step === 'month' ? 1 : 3;
  return Date.UTC(first.getUTCFullYear(), 3 * Math.floor(first.getUTCMonth() / 3) + i * size, 1);
};
const written = ({ write }: Clock, at: number): string => {
  const date = new Date(at);
  const [y, M, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  return write({ y, M, d, H: two(date.getUTCHours()), m: two(date.getUTCMinutes()) });
};

/** A way to write numbers. */
interface Notation {
  told: string;
  write(value: number): string;
}

const grouped = (value: number, decimals: number, decimal: string, mark: string): string => {
  const [whole, rest] = Math.abs(value).toFixed(decimals).split('.');
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, mark);
  return `${value < 0 ? '-' : ''}${digits}${rest === undefined ? '' : `${decimal}${rest}`}`;
};
const notations: Notation[] = [
  { told: 'number', write: (value) => value.toFixed(2) },
  { told: 'number, decimal comma', write: (value) => value.toFixed(2).replace('.', ',') },
  { told: 'number, thousands 1,000', write: (value) => grouped(value, 2, '.', ',') },
  { told: 'number, decimal comma, thousands 1.000', write: (value) => grouped(value, 2, ',', '.') },
  { told: 'number, decimal comma, thousands 1 000', write: (value) => grouped(value, 2, ',', ' ') },
  { told: "number, thousands 1'000", write: (value) => grouped(value, 2, '.', "'") },
  { told: 'number, in kWh', write: (value) => `${value.toFixed(2)} kWh` },
  {
    told: 'number, thousands 1,000, in $',
    write: (value) => `${value < 0 ? '-' : ''}$${grouped(Math.abs(value), 2, '.', ',')}`,
  },
  { told: 'number, decimal comma, in €', write: (value) => `${value.toFixed(2).replace('.', ',')} €` },
  { told: 'number', write: (value) => (value < 0 ? `(${Math.abs(value).toFixed(2)})` : value.toFixed(2)) },
  { told: 'number', write: (value) => value.toExponential(8) },
  { told: 'number, in %', write: (value) => `${value.toFixed(2)}%` },
];
const missing = ['', 'NA', 'NaN', 'null', '-', '#N/A', 'n/a', '?'];
const kinds = ['plain', 'windy', 'grim'];

interface Drawn {
  text: string;
  /** What is told, with the heading before it. */
  lines: [string, string][];
  /** Values by column, in the frame's order, missing ones filled in. */
  values: Record<string, number[]>;
  /** When no row is in between: what comes after the last. */
  after: string;
}

/** On a line between the two around, the nearest at the ends. */
function filled(values: readonly number[]): number[] {
  const known = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
  return values.map((value, i) => {
    if (!Number.isNaN(value)) return value;
    const before = known.filter((at) => at < i).at(-1);
    const behind = known.find((at) => at > i);
    if (before === undefined || behind === undefined) return values[(before ?? behind)!];
    return values[before] + ((values[behind] - values[before]) * (i - before)) / (behind - before);
  });
}

function drawTable(seed: number): Drawn {
  const draw = draws(seed);
  const whole = (low: number, high: number) => Math.floor(draw(low, high));
  const pick = <Item>(items: readonly Item[]): Item => items[whole(0, items.length)];
  const clock = pick(clocks);
  const start = Date.UTC(whole(1995, 2020), whole(0, 12), clock.step === 'week' ? 3 : whole(1, 28));
  const stores = whole(0, 3) === 0 ? ['north', 'east', 'south'].slice(0, whole(2, 4)) : undefined;
  const [y, wind] = [pick(notations), pick(notations)];
  const delimiter = pick([',', ';', '\t', '|']);
  const quotes = draw(0, 1) < 0.3;
  const extras = draw(0, 1) < 0.6;

  // Rows by series and time; some cells are missing, some times left out.
  const mark = pick(missing);
  const word = pick(['yes/no', 'TRUE/FALSE', 'Y/N']).split('/');
  const shares = { cells: pick([0, 0.1]), rows: pick([0, 0, 0.06]) };
  const series = (stores ?? ['']).map((store) => {
    const n = whole(26, 50);
    // Bent lines: straight ones fill them in worse than by chance, and no season does better.
    const bent = () => {
      const [low, slope, bend] = [pick([-2000, 2000]) + draw(-500, 500), draw(-5, 20), draw(0.5, 3)];
      return (i: number) => Number((low + slope * i + bend * i * i).toFixed(2));
    };
    const [yAt, windAt] = [bent(), bent()];
    return Array.from({ length: n }, (_, i) => {
      const inside = i > 1 && i < n - 2;
      return {
        store,
        at: timeOf(clock.step, start, i),
        y: yAt(i),
        wind: windAt(i),
        noY: draw(0, 1) < shares.cells,
        noWind: draw(0, 1) < shares.cells,
        kind: i < 3 ? kinds[i] : pick(kinds),
        open: i < 2 ? word[i] : pick(word),
        gone: inside && draw(0, 1) < shares.rows,
      };
    });
  });
  const names = ['date', 'y', 'wind', ...(stores ? ['store'] : []), ...(extras ? ['kind', 'open', 'same'] : [])];
  const there = series.flat().filter(({ gone }) => !gone);
  const order = pick(['rising', 'falling', 'mixed']);
  if (order === 'falling') there.reverse();
  if (order === 'mixed')
    for (let i = there.length - 1; i > 0; i--) {
      const j = whole(0, i + 1);
      [there[i], there[j]] = [there[j], there[i]];
    }
  const quoted = (cell: string) =>
    quotes || cell.includes(delimiter) || cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : cell;
  const rows = there.map((row) => [
    written(clock, row.at),
    row.noY ? mark : y.write(row.y),
    row.noWind ? mark : wind.write(row.wind),
    ...(stores ? [row.store] : []),
    ...(extras ? [row.kind, row.open, 'x'] : []),
  ]);
  const text = [names, ...rows].map((cells) => cells.map(quoted).join(delimiter)).join(pick(['\n', '\r\n']));

  // What should be told of it.
  const ordered = stores ? [...series].sort((a, b) => (a[0].store < b[0].store ? -1 : 1)) : series;
  const all = ordered.flat();
  const gaps = all.length - there.length;
  const how = 'filled in between, next or last value at the ends';
  const told = (name: string, how: string, absent: number, by: string) =>
    `${name}: ${how}${absent === 0 ? '' : `, ${absent} missing (${by})`}`;
  const lacking = (key: 'noY' | 'noWind') => all.filter((row) => row[key] || row.gone).length;
  const sizes = ordered.map(({ length }) => length).sort((a, b) => a - b);
  const spread = sizes[0] === sizes.at(-1) ? ` of ${sizes[0]} rows` : ` of ${sizes[0]} to ${sizes.at(-1)} rows`;
  const times = all.map(({ at }) => at);
  const latest = new Map<string, number>();
  let sorted = false;
  for (const { store, at } of there) {
    sorted ||= at < (latest.get(store) ?? at);
    latest.set(store, at);
  }
  const { told: step, season } = steps[clock.step];
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  const lines: [string, string][] = [
    ['data', `t.csv: ${all.length} rows${stores ? `, ${stores.length} series by store${spread}` : ''}`],
    [
      'time',
      `date (${clock.told}), ${written(clock, first)} to ${written(clock, last)}, step ${step}, season ${season}${gaps === 0 ? '' : `, ${gaps} missing time${gaps === 1 ? '' : 's'}`}${sorted ? ', sorted' : ''}`,
    ],
    ['target', told('y', y.told, lacking('noY'), how)],
    ['feature', told('wind', wind.told, lacking('noWind'), how)],
  ];
  if (extras) {
    lines.push(
      ['', told('kind', 'one-hot of 3', gaps, 'last value')],
      ['', told('open', `0/1 (${[...word].reverse().join(', ')})`, gaps, 'last value')],
      ['left out', 'same: every cell is x'],
    );
  }
  const notes: string[] = [];
  if (delimiter === '|') notes.push('separator |');
  if (clock.told === 'yyyyMMdd') notes.push('date: its numbers are read as times');
  if (gaps > 0) {
    const before = ordered.flatMap((rows) => rows.filter((row, i) => !row.gone && rows[i + 1]?.gone))[0];
    const place = `line ${there.indexOf(before) + 2} (${written(clock, before.at)})`;
    notes.push(`${gaps === 1 ? '1 time is' : `${gaps} times are`} missing and filled in, the first after ${place}`);
  }
  for (const [i, note] of notes.entries()) lines.push([i === 0 ? 'note' : '', note]);
  const of = (value: (row: (typeof all)[number]) => number, fill: (values: number[]) => number[]) =>
    ordered.flatMap((rows) => fill(rows.map((row) => (row.gone ? Number.NaN : value(row)))));
  const lasting = (values: number[]) =>
    values.map((_, i) => values.slice(0, i + 1).findLast((value) => !Number.isNaN(value))!);
  return {
    text,
    lines,
    values: {
      y: of((row) => (row.noY ? Number.NaN : row.y), filled),
      wind: of((row) => (row.noWind ? Number.NaN : row.wind), filled),
      ...(extras && {
        kind: of((row) => [...kinds].sort().indexOf(row.kind), lasting),
        open: of((row) => Number(row.open === word[0]), lasting),
      }),
    },
    after: written(clock, timeOf(clock.step, start, ordered.at(-1)!.length)),
  };
}

test('tables in drawn notations, orders, separators and gaps are understood, and told so', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 30 }), (seed) => {
      const { text, lines, values, after } = drawTable(seed);
      const frame = understand(parseTable(text, 't.csv'), {
        targets: ['y'],
        ...(text.includes('store') && { group: ['store'] }),
      });
      const width = Math.max(...lines.map(([heading]) => heading.length));
      expect(accountText(frame.account)).toEqual(lines.map(([heading, line]) => `${heading.padEnd(width)}  ${line}`));
      for (const [name, expected] of Object.entries(values)) {
        expect(Array.from(frame.column(name).values)).toEqual(expected.map((value) => expect.closeTo(value, 6)));
      }
      expect(next(frame, 1)).toEqual([after]);
    }),
    { numRuns: 50 },
  );
});
