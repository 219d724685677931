import type { Frame, FrameReading, FrameColumn } from '../frame.js';
import type { Table } from '../table.js';
import { isMissing, parseNumber } from '../cells.js';
export interface UnderstandOptions { label?: string; time?: string[]; group?: string[]; features?: string[]; drop?: string[]; missing?: string[]; decimal?: '.' | ','; dates?: 'dmy' | 'mdy' | 'ymd'; fill?: 'linear' | 'none'; timeless?: boolean; like?: FrameReading }
export function understand(table: Table, o: UnderstandOptions): Frame {
  const label = o.label;
  const group = o.group ?? o.like?.group ?? [];
  const timeName = table.columns.find(({ name, kind }) => name === 'when' || name === 't' || kind === 'date')?.name;
  let rows = Array.from({ length: table.rows }, (_, r) => r).filter((r) => !label || !isMissing(table.column(label).cells[r]));
  if (group.length) {
    const g = table.column(group[0]).cells;
    const t = timeName ? table.column(timeName).cells : [];
    rows = rows.sort((a, b) => (g[a] < g[b] ? -1 : g[a] > g[b] ? 1 : timeName ? (Number.isNaN(Number(t[a])) ? (t[a] < t[b] ? -1 : 1) : Number(t[a]) - Number(t[b])) : 0));
  }
  const columns: FrameColumn[] = table.columns.map((c) => {
    const cells = rows.map((r) => c.cells[r]);
    const nums = cells.map((x) => (isMissing(x) ? NaN : parseNumber(x, false)));
    const isNum = cells.every((x, i) => isMissing(x) || !Number.isNaN(nums[i]));
    const values = [...new Set(cells)].sort();
    const use = c.name === label ? 'label' : group.includes(c.name) ? 'group' : c.name === timeName ? 'time' : o.features && !o.features.includes(c.name) ? 'out' : o.drop?.includes(c.name) ? 'out' : 'feature';
    const known = o.like?.columns.find(({ name }) => name === c.name)?.reading;
    const reading = known ?? (isNum ? { kind: 'number' as const, decimal: '.' as const } : { kind: 'category' as const, values });
    return { name: c.name, use, reading, cells, values: reading.kind === 'number' ? Float64Array.from(nums) : Float64Array.from(cells, (x) => (reading.kind === 'category' ? reading.values : values).indexOf(x)) };
  });
  const series: { name: string; from: number; to: number }[] = [];
  if (group.length) {
    const g = columns.find(({ name }) => name === group[0])!.cells;
    g.forEach((name, i) => { if (i === 0 || g[i - 1] !== name) series.push({ name, from: i, to: i + 1 }); else series[series.length - 1].to = i + 1; });
  } else series.push({ name: '', from: 0, to: rows.length });
  return {
    name: table.name, rows: rows.length, columns, series, account: { source: table.name, read: table.rows, rows: rows.length, columns: columns.map(({ name, use }) => ({ name, use, how: '' })), notes: [] },
    reading: { columns: columns.map(({ name, use, reading }) => ({ name, use, reading })), group, fill: 'linear' },
    where: (r, c) => table.where(rows[r], c), column: (n) => { table.column(n); return columns.find(({ name }) => name === n)!; },
    ...(timeName && !o.timeless && { time: { columns: [timeName], times: Float64Array.from(rows, (r) => Date.parse(table.column(timeName).cells[r])) } }),
  };
}
export function encode(frame: Frame, columns: readonly string[]): { names: string[]; data: Float64Array } {
  const parts = columns.flatMap((n) => { const c = frame.column(n); return c.reading.kind === 'category' ? c.reading.values.map((v, i) => ({ name: `${n}=${v}`, at: (r: number) => (c.values[r] === i ? 1 : 0) })) : [{ name: n, at: (r: number) => c.values[r] }]; });
  const data = new Float64Array(frame.rows * parts.length);
  for (let r = 0; r < frame.rows; r++) parts.forEach((p, i) => { data[r * parts.length + i] = p.at(r); });
  return { names: parts.map(({ name }) => name), data };
}
export function parseReading(_fields: unknown): FrameReading { throw new Error('stand-in'); }
