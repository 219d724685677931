/** Pages that commands write, all that is in them: words, figures, data. That the numbers are right is for the tests of the tasks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { file, memcell, seriesCsv, temporaryFolder } from '../cli/streams.js';
import { expectDocument } from '../documents.js';
import { pageData, pageDocument } from './pageDocument.js';

const folder = temporaryFolder('in memory');
const place = (name: string) => join(folder, name);
const noise = (i: number) => ((i * 7919) % 101) / 101 - 0.5;
const day = (i: number) => new Date(Date.UTC(2023, 0, 1 + i)).toISOString().slice(0, 10);
const table = (name: string, head: string, length: number, row: (i: number) => (string | number)[]) =>
  file(folder, name, `${head}\n${Array.from({ length }, (_, i) => row(i).join(',')).join('\n')}\n`);

const off = (row: string, i: number) =>
  row.replace(/,([\d.]+),/, (_, value) => `,${(+value + 4 * noise(i)).toFixed(3)},`);
file(folder, 'series.csv', seriesCsv(72, off));
file(folder, 'longer.csv', seriesCsv(80, off));
table('shops.csv', 'day,shop,sold,people,note', 210, (i) => {
  const [shop, d] = [i % 3, Math.floor(i / 3)];
  const sold = i % 41 === 40 ? '' : (50 + 10 * shop + 5 * (d % 7) + 8 * noise(i)).toFixed(1);
  return [day(d), ['north', 'south', 'west'][shop], sold, 20 + ((d * 3 + shop) % 9), ['a', 'b'][d % 2]];
});
table('kinds.csv', 'a,b,kind', 90, (i) => [i % 7, (i * i) % 5, i % 7 > 3 ? 'up' : i % 11 === 0 ? 'odd' : 'down']);
table('runs.csv', 'run,x,y,speed', 200, (i) => {
  const [run, t] = [Math.floor(i / 5), i % 5];
  return [`r${run}`, Math.sin(t * (run % 4 === 0 ? 2 : 0.4)).toFixed(3), t % 3, run % 4 === 0 ? 'fast' : 'slow'];
});
table('said.csv', 'said,mood', 60, (i) => {
  const words = ['the room', 'our food', 'a view'][i % 3];
  return [`${words} was ${i % 4 < 2 ? 'good' : 'so bad'}`, i % 4 < 2 ? 'glad' : 'sad'];
});
const prose = Array.from(
  { length: 60 },
  (_, i) => `a ${['bad', 'cab', 'dab'][(i * i) % 3]}${i % 5 ? ', ' : '. '}`,
).join('');
const letters = new Set(prose).size;
file(folder, 'prose.txt', prose);
table('towns.csv', 'month,town,sold', 24 * 20, (i) => {
  const [town, m] = [i % 24, Math.floor(i / 24)];
  const month = `${2020 + Math.floor(m / 12)}-${String((m % 12) + 1).padStart(2, '0')}`;
  return [month, `t${town}`, (town + (m % 4) + noise(i)).toFixed(2)];
});
file(folder, 'count.txt', `${Array.from({ length: 80 }, (_, i) => (i * 3) % 8).join(' ')}\n`);
const many = Array.from({ length: 13 }, (_, c) => `c${c}`);
table('many.csv', `when,${many.join(',')},colour`, 60, (i) => [
  `${day(Math.floor(i / 24))}T${String(i % 24).padStart(2, '0')}:00`,
  ...many.map((_, c) => (c === 3 && i % 9 < 2 ? '' : ((i * (c + 3)) % 17) + c)),
  ['red', 'blue', 'green'][(i * i) % 3],
]);

const short = ['--epochs', '2', '--seed', '3', '--threads', '1'];
const plain = ['--plain', ...short];
/** Commands in turn; of those with a page the page's name. '@' stands before a place. */
const commands: Record<string, string[][]> = {
  forecast: [
    [
      'train',
      '@series.csv',
      '--forecast',
      'value',
      '--horizon',
      '2',
      ...short,
      '--out',
      '@f',
      '--report',
      '@trained.html',
    ],
    ['report', '@f', '--out', '@alone.html'],
    ['report', '@f', '@longer.csv', '--from', '2020-03-10', '--out', '@scored.html'],
    ['predict', '@f', '@longer.csv', '--report', '@predicted.html'],
    ['evaluate', '@f', '@longer.csv', '--report', '@evaluated.html'],
  ],
  shops: [
    [
      ...[
        'train',
        '@shops.csv',
        '--forecast',
        'sold,people',
        '--group',
        'shop',
        '--horizon',
        '2',
        '--window',
        '9',
        ...plain,
      ],
      ...['--out', '@shops', '--report', '@trained.html'],
    ],
    ['report', '@shops', '@shops.csv', '--out', '@scored.html'],
    [
      'train',
      '@towns.csv',
      '--forecast',
      'sold',
      '--group',
      'town',
      '--window',
      '4',
      ...plain,
      '--out',
      '@towns',
      '--report',
      '@towns.html',
    ],
  ],
  tested: [
    [
      'backtest',
      '@series.csv',
      '--forecast',
      'value',
      '--folds',
      '2',
      '--window',
      '6',
      ...plain,
      '--report',
      '@tested.html',
    ],
    ['tune', '@kinds.csv', '--classify', 'kind', '--trials', '3', ...short, '--report', '@tuned.html'],
  ],
  classes: [
    ['train', '@kinds.csv', '--classify', 'kind', ...plain, '--out', '@c', '--report', '@trained.html'],
    ['report', '@c', '@kinds.csv', '--out', '@scored.html'],
    ['predict', '@c', '@kinds.csv', '--report', '@predicted.html'],
    [
      'train',
      '@runs.csv',
      '--classify',
      'speed',
      '--group',
      'run',
      ...short,
      '--out',
      '@g',
      '--report',
      '@groups.html',
    ],
    ['train', '@said.csv', '--classify', 'mood', ...short, '--out', '@w', '--report', '@words.html'],
  ],
  texts: [
    [
      ...[
        'train',
        '@prose.txt',
        '--text',
        '--window',
        '8',
        '--pure',
        ...short,
        '--out',
        '@t',
        '--report',
        '@text.html',
      ],
      ...['--layers', `Embedding(${letters}, 4), LSTM(6, return_sequences=true), Dense(${letters}, softmax)`],
    ],
    ['evaluate', '@t', '@prose.txt', '--report', '@scored.html'],
    ['train', '@count.txt', '--symbols', '--window', '2', ...plain, '--out', '@s', '--report', '@symbols.html'],
    ['report', '@s', '--out', '@alone.html'],
    ['gates', '@s', '--html', '@gates.html'],
  ],
  plots: [
    ['plot', '@many.csv', '--out', '@many.html'],
    ['plot', '@shops.csv', 'sold', 'people', '--group', 'shop', '--out', '@shops.html'],
    ['plot', '@kinds.csv', '--out', '@kinds.html'],
  ],
};

/** Without what differs from machine to machine and run to run. */
function steady(text: string): string {
  return text
    .replaceAll(folder, 'F')
    .replace(/Node [\d.]+, \w+ \w+/g, 'NODE')
    .replace(/\b\d+(\.\d+)? ?(ms|µs|s|min)\b/g, 'TIME')
    .replace(/("(?:seconds|version|createdWith)":)("[^"]*"|[\d.e-]+)/g, '$10');
}

test.each(Object.entries(commands))('pages: %s', async (name, all) => {
  const pages: Record<string, unknown> = {};
  for (const words of all) {
    // With --json gates writes no page.
    const json = words[0] === 'gates' ? [] : ['--json'];
    const argv = words.map((word) => (word[0] === '@' ? place(word.slice(1)) : word));
    const { code, out, err } = await memcell(...argv, ...json);
    expect([code, code === 0 ? '' : err]).toEqual([0, '']);
    const page = words.find((word) => word.endsWith('.html'))?.slice(1) ?? '';
    const text = readFileSync(place(page), 'utf8');
    // What programs read in the page is what the command prints.
    const { evaluation } = json.length > 0 ? JSON.parse(out) : {};
    if (evaluation) expect(pageData(text, 'evaluation')).toEqual(evaluation);
    pages[page] = pageDocument(steady(text), ['evaluation', ...(page === 'many.html' ? ['look'] : [])]);
  }
  expect(Object.keys(pages).length).toBe(all.length);
  expectDocument(`pages/${name}`, pages);
});
