/** Whole documents: what a program gives, all of it, beside what is kept in a file of the fixtures. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from '@jest/globals';

/** Lists of numbers longer than this are kept as `Digest`. */
const longest = 16;

/** Numbers of a long list, few enough for a file that people read: every value has its part in them. */
interface Digest {
  numbers: number;
  first: number[];
  last: number[];
  mean: number;
  /** The mean of the magnitudes, and of each value by its place from 0 to 1: tells an order that has changed. */
  magnitude: number;
  placed: number;
}

function digest(values: number[]): Digest {
  const mean = (of: (value: number, i: number) => number) =>
    values.reduce((a, v, i) => a + of(v, i), 0) / values.length;
  return {
    numbers: values.length,
    first: values.slice(0, 3),
    last: values.slice(-2),
    mean: mean((v) => v),
    magnitude: mean(Math.abs),
    placed: mean((v, i) => (v * i) / values.length),
  };
}

/** Times in milliseconds, of which every digit counts. */
const isTime = (value: number) => Number.isSafeInteger(value) && Math.abs(value) >= 1e9;

/** What JSON holds of a value: typed arrays as lists, long lists of numbers as digests, numbers but for times with five digits. */
function plain(value: unknown): unknown {
  if (typeof value === 'number' && isTime(value)) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? Number(value.toPrecision(5)) : String(value);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (ArrayBuffer.isView(value)) return plain(Array.from(value as Float64Array));
  if (Array.isArray(value)) {
    const long = value.length > longest && value.every((one) => Number.isFinite(one));
    return long ? plain(digest(value)) : value.map(plain);
  }
  if (value instanceof Map) return plain([...value]);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, plain(one)]])),
  );
}

const number = /-?\d+\.\d+(?:e[+-]\d+)?/g;

/** JSON in which what fits into a line stands in one. */
function written(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value);
  if (indent.length + flat.length <= 120 || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent} `;
  const parts = Array.isArray(value)
    ? value.map((one) => written(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${written(one, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

/** Whether two numbers differ by what another order of sums may bring: counts and times do not. */
function near(a: number, b: number, share: number): boolean {
  const counts = [a, b].every((one) => isTime(one) || (Number.isInteger(one) && Math.abs(one) < 1e4));
  if (counts) return a === b;
  return a === b || Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b)) + 1e-6;
}

/** The value with each number that is near the one in its place replaced by that: what is left differs. */
function settled(value: unknown, kept: unknown, share: number): unknown {
  if (typeof value === 'number' && typeof kept === 'number') return near(value, kept, share) ? kept : value;
  if (typeof value === 'string' && typeof kept === 'string') {
    const numbers = kept.match(number) ?? [];
    let i = 0;
    return value.replace(number, (found) => {
      const other = numbers[i++];
      const step = 1.01 * 10 ** -found.split('.')[1].length;
      return other !== undefined && (near(+found, +other, share) || Math.abs(+found - +other) <= step) ? other : found;
    });
  }
  if (Array.isArray(value) && Array.isArray(kept)) return value.map((one, i) => settled(one, kept[i], share));
  if (typeof value !== 'object' || value === null || typeof kept !== 'object' || kept === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, settled(one, (kept as Record<string, unknown>)[name], share)]),
  );
}

/**
 * Compares a value with the file of that name in test/fixtures/documents, numbers to two parts in a thousand, or the share that is given.
 * WRITE_DOCUMENTS=1 writes the file instead: read what has changed in it before it is kept.
 */
export function expectDocument(name: string, value: unknown, share = 2e-3): void {
  const path = `test/fixtures/documents/${name}.json`;
  const found = plain(value);
  if (process.env.WRITE_DOCUMENTS) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${written(found)}\n`);
  }
  const kept: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expect(settled(found, kept, share)).toEqual(kept);
}
