/** What commands print on small models, all of it, on both streams: for people and with --json. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expectDocument } from '../documents.js';
import { file, memcell, seriesCsv, temporaryFolder } from './streams.js';

const folder = temporaryFolder('in memory');
const place = (name: string) => join(folder, name);
const rows = (length: number, of: (i: number) => string) => Array.from({ length }, (_, i) => `${of(i)}\n`).join('');

/** Off the wave by what no model knows. */
const off = (row: string, i: number) =>
  row.replace(/,([\d.]+),/, (_, value) => `,${+value + ((i * 7919) % 101) / 25},`);
file(folder, 'series.csv', seriesCsv(72, off));
file(folder, 'longer.csv', seriesCsv(76, off));
file(folder, 'kinds.csv', `a,b,kind\n${rows(60, (i) => `${i % 7},${(i * i) % 5},${i % 7 > 3 ? 'up' : 'down'}`)}`);
file(folder, 'few.csv', 'a,b\n1,2\n6,0\n3,3\n');
file(folder, 'prose.txt', 'a bad cab, a dab, '.repeat(20));
file(folder, 'count.txt', `${Array.from({ length: 80 }, (_, i) => (i * 3) % 8).join(' ')}\n`);

const plain = ['--plain', '--epochs', '2', '--seed', '3', '--threads', '1'];
const short = ['--epochs', '2', '--seed', '3', '--threads', '1'];
/** Commands in turn; '@' stands before a place. */
const commands: Record<string, string[][]> = {
  forecast: [
    ['train', '@series.csv', '--forecast', 'value', '--horizon', '2', ...short, '--out', '@f'],
    ['evaluate', '@f', '@longer.csv'],
    ['evaluate', '@f', '@longer.csv', '--from', '2020-02-20', '--json'],
    ['predict', '@f', '--interval', '50,95'],
    ['predict', '@f', '@longer.csv', '--steps', '3', '--json'],
    ['summary', '@f'],
    ['plot', '@series.csv', 'value', 'other', '--out', '@plot.html'],
    ['backtest', '@series.csv', '--forecast', 'value', '--window', '6', '--folds', '2', ...plain],
    ['backtest', '@series.csv', '--forecast', 'value', '--window', '6', '--folds', '2', ...plain, '--json'],
    ['predict', '@f', '@longer.csv', '--steps', '2', '--out', '@steps.csv'],
    ['gates', '@f', '@longer.csv'],
    ['report', '@f', '@longer.csv', '--out', '@f.html'],
    ['report', '@f', '@longer.csv', '--out', '@f.html', '--json'],
    ['plot', '@series.csv', 'value', '--out', '@plot.svg', '--json'],
    ['tune', '@series.csv', '--forecast', 'value', '--trials', '2', ...short, '--json'],
  ],
  classify: [
    ['train', '@kinds.csv', '--classify', 'kind', ...plain, '--out', '@c', '--json'],
    ['evaluate', '@c', '@kinds.csv'],
    ['predict', '@c', '@few.csv'],
    ['predict', '@c', '@few.csv', '--json'],
    ['summary', '@c', '--json'],
    ['tune', '@kinds.csv', '--classify', 'kind', '--trials', '2', ...short],
    ['evaluate', '@c', '@kinds.csv', '--json'],
    ['predict', '@c', '@few.csv', '--out', '-'],
    ['report', '@c', '--out', '@c.html', '--json'],
    ['report', '@c', '@kinds.csv', '--out', '@c.html', '--json'],
  ],
  text: [
    [
      'train',
      '@prose.txt',
      '--text',
      '--window',
      '8',
      '--layers',
      'Embedding(6, 4), LSTM(6, return_sequences=true), Dense(6, softmax)',
      ...plain,
      '--out',
      '@t',
    ],
    ['evaluate', '@t', '@prose.txt'],
    ['generate', '@t', '--prompt', 'a ', '--length', '20', '--top-k', '3'],
    ['generate', '@t', '--length', '8', '--temperature', '0', '--json'],
    ['summary', 'Embedding(6, 4), LSTM(6), Dense(6, softmax)'],
    ['summary', 'LSTM(6), Dense(2)', '--input-shape', '4,3', '--json'],
    ['evaluate', '@t', '@prose.txt', '--json'],
    ['gates', '@t', 'a bad cab', '--out', '@t.gates.html', '--json'],
    ['report', '@t', '@prose.txt', '--out', '@t.html', '--json'],
  ],
  symbols: [
    ['train', '@count.txt', '--symbols', '--window', '2', ...plain, '--out', '@s'],
    ['evaluate', '@s', '@count.txt', '--json'],
    ['predict', '@s', '--start', '0 3 6', '--steps', '4'],
    ['gates', '@s', '--html', '@gates.html'],
    ['report', '@s', '--out', '@s.html'],
    ['convert', '@s', '@s.keras', '--json'],
    ['convert', '@s', '@s.onnx'],
    ['train', '@count.txt', '--symbols', '--window', '2', ...plain, '--out', '@again', '--json'],
    ['predict', '@s', '--start', '0 3 6', '--steps', '4', '--json'],
    ['report', '@s', '@count.txt', '--out', '@s.html', '--json'],
  ],
};

/** Without what differs from machine to machine: places and the time that something took. */
function told(stream: string): string[] {
  const text = stream.replaceAll(folder, 'F').replace(/\b\d+(\.\d+)? ?(ms|µs|s|min)\b/g, 'TIME');
  return text
    .replace(/"(seconds|version|createdWith)":("[^"]*"|[\d.e-]+)/g, '"$1":0')
    .trimEnd()
    .split('\n');
}

test.each(Object.entries(commands))('%s', async (name, all) => {
  const printed = [];
  for (const words of all) {
    const { code, out, err } = await memcell(...words.map((word) => (word[0] === '@' ? place(word.slice(1)) : word)));
    const json = words.includes('--json') ? JSON.parse(told(out).join('')) : undefined;
    printed.push({ command: words.join(' '), code, out: json ?? told(out), err: told(err) });
  }
  expect(printed.length).toBe(all.length);
  expectDocument(`cli/${name}`, printed);
});
