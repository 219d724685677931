import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSource } from '../../../src/data/source.js';
import { deriveKey, uniformAt } from '../../../src/random.js';
import { readSequence } from '../../../src/tasks/symbols/sequence.js';
import { cutBefore, drawText } from '../../../src/tasks/text/drawnText.js';

const folder = mkdtempSync(join(tmpdir(), 'memcell-pieces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return openSource(join(folder, name));
};

test('of a long text pieces from all of it, in their order, words whole', async () => {
  const words = Array.from({ length: 40_000 }, (_, i) => `word${i}`);
  const source = file('long.txt', words.join(' '));
  const { text, notes } = await drawText(source, 1, 50_000);
  expect(text.length).toBeLessThanOrEqual(50_000);
  expect(text.length).toBeGreaterThan(40_000);
  const drawn = text
    .trim()
    .split(' ')
    .map((word) => Number(word.slice(4)));
  expect(drawn.every((n, i) => Number.isInteger(n) && (i === 0 || n > drawn[i - 1]))).toBe(true);
  for (const from of [0, 13_333, 26_666]) expect(drawn.some((n) => n >= from && n < from + 13_334)).toBe(true);
  expect(notes[0]).toMatch(/of 388,889 characters 4\d,\d{3} are used, in \d+ pieces drawn from all of it$/);
  expect(await drawText(source, 1, 1e6)).toEqual({ text: words.join(' '), notes: [] });
});

test('composing the pieces one by one is composing the whole', () => {
  const part = fc.constantFrom(
    'e',
    '\u0301',
    '\u0323',
    '가',
    '\u1100',
    '\u1161',
    '\u11a8',
    '😀',
    ' ',
    'ß',
    '\u0915\u093c',
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 4, maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (parts, length) => {
      const text = `x${parts.join('')}`;
      let rest = text;
      let composed = '';
      while (rest.length > length) {
        const end = cutBefore(rest, length);
        expect(end).toBeGreaterThan(0);
        composed += rest.slice(0, end).normalize('NFC');
        rest = rest.slice(end);
      }
      expect(composed + rest.normalize('NFC')).toBe(text.normalize('NFC'));
    }),
  );
});

test.each([
  [1000, 100],
  [1009, 91],
  [995, 99],
])('of a text of more than %d characters the pieces of the smallest numbers, in their order', async (most, kept) => {
  const length = Math.ceil(most / 100);
  const pieces = Array.from({ length: 400 }, (_, i) => String(i).padStart(length, '0'));
  const whole = pieces.join('');
  for (const seed of [1, 2, 3]) {
    const key = deriveKey(seed, 'pieces');
    const numbers = pieces.map((_, i) => uniformAt(key, i));
    const limit = numbers.toSorted((a, b) => a - b)[kept - 1];
    // However the text comes: in one block, or in blocks that end anywhere.
    for (const block of [whole.length, 7, 1013]) {
      const source = {
        name: 'digits.txt',
        text: async () => whole,
        table: () => Promise.reject(new Error('no table')),
        textSize: async () => whole.length,
        textBlocks: async function* () {
          for (let at = 0; at < whole.length; at += block) yield whole.slice(at, at + block);
        },
      };
      expect(await drawText(source, seed, most)).toEqual({
        text: pieces.filter((_, i) => numbers[i] <= limit).join(''),
        beginning: pieces[0],
        notes: [
          `digits.txt: read as a stream: of ${whole.length.toLocaleString('en')} characters ${(kept * length).toLocaleString('en')} are used, in ${kept} pieces drawn from all of it`,
        ],
      });
      expect(await drawText(source, seed, whole.length)).toEqual({ text: whole, notes: [] });
      // More bytes than are held, but no more characters.
      const bytes = { ...source, textSize: async () => 3 * whole.length };
      expect(await drawText(bytes, seed, whole.length)).toEqual({ text: whole, notes: [] });
    }
  }
});

test('the last piece is shorter than two', async () => {
  const source = file('unbroken.txt', 'x'.repeat(5015));
  const lasts = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const { text, notes } = await drawText(source, seed, 1000);
    const pieces = Number(/in (\d+) pieces/.exec(notes[0])?.[1]);
    lasts.add(text.length - 10 * (pieces - 1));
  }
  expect([...lasts].sort()).toEqual([10, 15]);
});

test('a piece ends behind the last blank among the thousand characters before its length', () => {
  const text = (blank: number) => `${'x'.repeat(blank)} ${'y'.repeat(3000)}`;
  expect(cutBefore(text(1000), 2000)).toBe(1001);
  expect(cutBefore(text(999), 2000)).toBe(2000);
});

test('symbols of a long file, with and without a name above them', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, i) => (i * i) % 11);
  const plain = await readSequence(file('plain.txt', numbers.join(',')), 1, 9000);
  expect(plain.values.length).toBeGreaterThan(3000);
  expect(plain.values.length).toBeLessThan(4600);
  expect(plain.values.every((value) => typeof value === 'number')).toBe(true);
  expect(plain.notes.join()).toContain('read as a stream');
  const named = await readSequence(file('named.txt', `digit\n${numbers.join('\n')}\n`), 1, 9000);
  expect(named.values.every((value) => typeof value === 'number')).toBe(true);
  expect(named.notes[0]).toContain("'digit' is taken for the column's name");
});

test('of a long table of symbols the column is all of it, not pieces', async () => {
  const rows = Array.from({ length: 600 }, (_, i) => `day${i},${i % 4}`);
  const source = file('long-table.csv', `day,n\n${rows.join('\n')}\n`);
  expect(await readSequence(source, 1, 2000)).toMatchObject({
    values: rows.map((_, i) => i % 4),
    notes: [`${source.name}: the symbols are those of column n`],
  });
});
