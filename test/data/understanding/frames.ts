import { readFileSync } from 'node:fs';
import type { Frame } from '../../../src/data/frame.js';
import { parseTable } from '../../../src/data/read.js';
import { labelsAfter, type UnderstandOptions, understand } from '../../../src/data/understanding/understand.js';
import { MemcellError } from '../../../src/errors.js';

/** Small tables that are easily misread. */
export const folder = 'test/fixtures/tables';
export const read = (file: string, options: UnderstandOptions): Frame =>
  understand(parseTable(readFileSync(`${folder}/${file}`, 'utf8'), file), options);
export const csv = (text: string, options: UnderstandOptions): Frame => understand(parseTable(text, 't.csv'), options);
export const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof MemcellError && !error.message.includes('\n')) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
};
export const told = (frame: Frame, name: string) => frame.account.columns.find((column) => column.name === name);
export const values = (frame: Frame, name: string) => Array.from(frame.column(name).values);
export const next = (frame: Frame, n: number) => labelsAfter(frame.reading.time!, frame.time!.times[frame.rows - 1], n);
/** Daily dates from 2020-01-01. */
export const days = (n: number) =>
  Array.from({ length: n }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10));
