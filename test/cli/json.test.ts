/** docs/json.md has every key that the commands print with --json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const manual = readFileSync('docs/json.md', 'utf8');

/** The keys that a part of the manual names. */
function documented(...titles: string[]): Set<string> {
  const parts = manual.split(/^## /m).filter((part) => titles.some((title) => part.startsWith(title)));
  expect(parts).toHaveLength(titles.length);
  return new Set([...parts.join('\n').matchAll(/`([a-zA-Z0-9]+)(?:\[[^`]*)?`/g)].map(([, key]) => key));
}

/** Keys whose own keys are the data's or the settings' names. */
const free = new Set(['history', 'settings', 'options', 'gates', 'values']);

/** Every key of a document, at any depth. */
function keysOf(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) keysOf(one, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      found.add(key);
      if (!free.has(key)) keysOf(inner, found);
    }
  }
  return found;
}

async function printed(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await memcell(...args, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out);
}

function expectDocumented(document: object, ...titles: string[]): void {
  const known = documented(...titles);
  expect([...keysOf(document)].filter((key) => !known.has(key))).toEqual([]);
}

const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
const panel = file(
  folder,
  'panel.csv',
  `day,shop,sold\n${Array.from({ length: 120 }, (_, i) => `${day(Math.floor(i / 2))},${i % 2 ? 'a' : 'b'},${i === 40 ? '' : (50 + 9 * Math.sin(i / 4)).toFixed(1)}`).join('\n')}\n`,
);
const rows = file(
  folder,
  'rows.csv',
  `a,b,kind\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 7 > 3 ? 'up' : 'down'}`).join('\n')}\n`,
);
const text = file(folder, 'text.txt', 'tick tock goes the clock, and the mouse ran up the clock.\n'.repeat(12));
const counting = file(folder, 'count.txt', Array.from({ length: 90 }, (_, i) => i % 5).join(' '));

const tasks = {
  forecast: [panel, '--forecast', 'sold', '--group', 'shop', '--horizon', '2'],
  classify: [rows, '--classify', 'kind'],
  text: [text, '--text'],
  symbols: [counting, '--symbols', '--window', '2'],
};
const models: Record<string, string> = {};
const trained: Record<string, Record<string, unknown>> = {};

beforeAll(async () => {
  for (const [kind, args] of Object.entries(tasks)) {
    models[kind] = join(folder, kind);
    trained[kind] = await printed('train', ...args, '--epochs', '1', '--out', models[kind]);
  }
}, 300_000);

test.each(Object.keys(tasks))('train, %s', (kind) => {
  expectDocumented(trained[kind], 'train', 'understood', 'evaluation');
  // What the table has without brackets is there always.
  const [table] = /^\| key.*?\n\n/ms.exec(manual) ?? [''];
  const always = table
    .split('\n')
    .slice(2)
    .flatMap((row) => {
      const [, cell = ''] = row.split('|');
      return cell.includes('[') || cell.includes('understood')
        ? []
        : [...cell.matchAll(/`(\w+)`/g)].map(([, key]) => key);
    });
  expect(always.length).toBeGreaterThan(12);
  expect(always.filter((key) => !(key in trained[kind]))).toEqual([]);
});

test('predict, evaluate, backtest, gates, report, generate, plot, tune, convert', async () => {
  const { forecast, classify, symbols, text: writer } = models;
  for (const args of [
    [forecast, '--interval', '80'],
    [classify, rows],
    [symbols, '--start', '1 2', '--steps', '2'],
  ]) {
    expectDocumented(await printed('predict', ...args), 'predict');
  }
  expectDocumented(await printed('evaluate', classify, rows), 'evaluation', 'train');
  expectDocumented(
    await printed('backtest', ...tasks.classify, '--epochs', '1', '--folds', '2'),
    'evaluation',
    'train',
    'understood',
  );
  expectDocumented(await printed('gates', symbols), 'report, gates');
  expectDocumented(await printed('report', symbols, '--out', join(folder, 'page.html')), 'report, gates');
  expectDocumented(await printed('generate', writer, '--prompt', 'tick', '--length', '4'), 'generate');
  expectDocumented(
    await printed('plot', panel, '--group', 'shop', '--out', join(folder, 'plot.html')),
    'plot',
    'understood',
  );
  expectDocumented(
    await printed('tune', ...tasks.symbols, '--epochs', '1', '--trials', '2'),
    'tune',
    'train',
    'evaluation',
  );
  expectDocumented(await printed('convert', symbols, join(folder, 'symbols.keras')), 'convert');
}, 300_000);
