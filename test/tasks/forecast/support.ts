import { readFile } from 'node:fs/promises';
import { parseTable } from '../../../src/data/read.js';
import type { Source } from '../../../src/data/source.js';
import { MemcellError } from '../../../src/errors.js';
import { Fields } from '../../../src/fields.js';
import type { Loaded, Run } from '../../../src/tasks/definition.js';
import type { ForecastArtefact } from '../../../src/tasks/forecast/artefact.js';
import type { ForecastOptions } from '../../../src/tasks/forecast/options.js';
import type { ForecastResult } from '../../../src/tasks/forecast/predict.js';
import { forecastTask } from '../../../src/tasks/forecast/task.js';

/** Data in memory, as a source. */
export function source(text: string, name = 'data.csv'): Source {
  return { name, table: async () => parseTable(text, name), text: async () => text };
}

export async function fixture(path: string): Promise<Source> {
  const name = path.split('/').at(-1) ?? path;
  return source(await readFile(`test/fixtures/${path}`, 'utf8'), name);
}

export const runOf = (given: Partial<Run> = {}): Run => ({
  seed: 1,
  plain: false,
  settings: {},
  callbacks: [],
  stage: () => {},
  trained: async () => {},
  ...given,
});

export async function train(data: Source, options: ForecastOptions, given: Partial<Run> = {}) {
  const prepared = await forecastTask.prepare(data, options, runOf(given));
  const trained = await prepared.train();
  const { model, artefact } = trained;
  const loaded: Loaded<ForecastArtefact> = { model, artefact, name: 'model' };
  return { ...trained, prepared, loaded };
}

/** An artefact as it comes back from a file. */
export function saved(artefact: ForecastArtefact): ForecastArtefact {
  return forecastTask.parse(new Fields(JSON.parse(JSON.stringify(artefact)), 'model.json'));
}

/** The rows of a prediction. */
export async function rowsOf(...given: Parameters<typeof forecastTask.predict>): Promise<ForecastResult['rows']> {
  const { result } = await forecastTask.predict(...given);
  if (!('rows' in result) || !Array.isArray(result.rows)) throw new Error('no rows');
  return result.rows;
}

export async function failure(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MemcellError)) throw error ?? new Error('nothing was thrown');
  if (error.message.includes('\n')) throw new Error(`more than one line: ${error.message}`);
  return error.message;
}

/** n days from 2020-01-01 with columns of numbers. */
export function days(n: number, columns: Record<string, (i: number) => number | string>, from = 0): string {
  const names = Object.keys(columns);
  const rows = Array.from({ length: n }, (_, i) => {
    const date = new Date(Date.UTC(2020, 0, 1 + from + i)).toISOString().slice(0, 10);
    return [date, ...names.map((name) => columns[name](from + i))].join(',');
  });
  return `${[['date', ...names].join(','), ...rows].join('\n')}\n`;
}

/** Noise in [−0.5, 0.5) that is a function of its index. */
export const noise = (i: number, of = 1): number => {
  const x = Math.sin(12.9898 * i + 78.233 * of) * 43758.5453;
  return x - Math.floor(x) - 0.5;
};
/** A week with a trend and some noise. */
export const weekly = (i: number): number => 50 + 0.2 * i + 8 * Math.sin((2 * Math.PI * i) / 7) + 4 * noise(i);
