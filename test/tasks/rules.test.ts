/** Small rules that all tasks share: what settings may be, what is drawn of them, and the words of a search. */
import { describe, expect, test } from '@jest/globals';
import { Random } from '../../src/random.js';
import { flags, kinds } from '../../src/tasks/flags.js';
import { checkOptions, columns, count, names, numbers } from '../../src/tasks/options.js';
import { anyOf, between, wholeBetween } from '../../src/tasks/ranges.js';
import { checkSampling } from '../../src/tasks/sampling.js';
import type { Search, Trial } from '../../src/tasks/search.js';
import { checkCount, checkSettings, trainingCount } from '../../src/tasks/settings.js';
import { compareErrors, endText, tuneText } from '../../src/tasks/tune.js';

const usage = (message: string) => expect.objectContaining({ name: 'MemcellError', code: 'usage', message });

describe('settings', () => {
  test.each<[object, string]>([
    [{ epochs: 0 }, 'epochs: 0 is not a whole number of at least 1'],
    [{ batchSize: 1.5 }, 'batch size: 1.5 is not a whole number of at least 1'],
    [{ patience: -1 }, 'patience: -1 is not a whole number of at least 1'],
    [{ learningRate: 0 }, 'learning rate: 0 is not a number above 0'],
    [{ learningRate: Infinity }, 'learning rate: Infinity is not a number above 0'],
    [{ learningRate: Number.NaN }, 'learning rate: NaN is not a number above 0'],
    [{ validationSplit: 1 }, 'validation split: 1 is not in [0, 1)'],
    [{ validationSplit: -0.1 }, 'validation split: -0.1 is not in [0, 1)'],
    [{ seed: 0.5 }, 'seed: 0.5 is not a whole number'],
    [{ seed: 2 ** 53 }, 'seed: 9007199254740992 is not a whole number'],
  ])('%j: %s', (settings, message) => {
    expect(() => checkSettings(settings)).toThrow(usage(message));
  });

  test('that may be', () => {
    const least = { epochs: 1, batchSize: 1, patience: 1, learningRate: 1e-9, validationSplit: 0, seed: -3 };
    expect(() => checkSettings(least)).not.toThrow();
    expect(() => checkSettings({ validationSplit: 0.999 })).not.toThrow();
    expect(() => checkSettings({})).not.toThrow();
    expect(checkCount(7, 'x')).toBe(7);
  });

  test('the part trained on, whatever binary fractions make of the share', () => {
    expect([trainingCount(10, 0.2), trainingCount(10, 0), trainingCount(9, 0.5), trainingCount(100, 0.29)]).toEqual([
      8, 10, 4, 71,
    ]);
  });

  test.each<[object, string]>([
    [{ temperature: -0.1 }, 'temperature: -0.1 is not a number of at least 0'],
    [{ temperature: Infinity }, 'temperature: Infinity is not a number of at least 0'],
    [{ topK: 0 }, 'top-k: 0 is not a whole number of at least 1'],
    [{ topK: 2.5 }, 'top-k: 2.5 is not a whole number of at least 1'],
    [{ topP: 0 }, 'top-p: 0 is not in (0, 1]'],
    [{ topP: 1.01 }, 'top-p: 1.01 is not in (0, 1]'],
  ])('of sampling, %j: %s', (options, message) => {
    expect(() => checkSampling(options)).toThrow(usage(message));
    expect(() => checkSampling({ temperature: 0, topK: 1, topP: 1 })).not.toThrow();
  });
});

describe('an option that takes a number takes it up to its limits, in a program and on the command line', () => {
  type Limits = { what: string; least: number[]; beyond: number[] };
  const counted = { what: 'a whole number of at least 1', least: [1, 2, 1e6], beyond: [0, -1, -5, 1.5] };
  const limits: Record<string, Limits> = {
    window: counted,
    horizon: counted,
    mostRows: counted,
    steps: counted,
    vocabulary: counted,
    length: counted,
    topK: counted,
    seed: { what: 'a whole number', least: [-3, 0, 7], beyond: [0.5, -1.5] },
    temperature: { what: 'a number of at least 0', least: [0, 0.5, 20], beyond: [-0.1, -1] },
    topP: { what: 'a number above 0, and at most 1', least: [0.001, 1], beyond: [0, 1.01, -1] },
    interval: {
      what: 'numbers with commas between them, each a percentage above 0 and below 100',
      least: [0.1, 80, 99.9],
      beyond: [0, 100, -5],
    },
  };
  const taken = kinds.flatMap((kind) =>
    Object.entries({ train: flags[kind].options, predict: flags[kind].predictOptions }).flatMap(([call, options]) =>
      Object.entries(options).flatMap(([name, { kind: own }]) =>
        [own.parse('1')].flat().every((value) => typeof value === 'number') ? [{ kind, call, name, own }] : [],
      ),
    ),
  );

  test('each such option has limits here', () => {
    expect(taken.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'forecast window',
      'forecast horizon',
      'forecast mostRows',
      'forecast steps',
      'forecast interval',
      'classify steps',
      'classify mostRows',
      'text window',
      'text vocabulary',
      'text length',
      'text temperature',
      'text topK',
      'text topP',
      'text seed',
      'symbols window',
      'symbols steps',
    ]);
  });

  test.each(taken)('$kind, $call: $name', ({ name, own }) => {
    const { what, least, beyond } = limits[name];
    const given = (value: number) => (name === 'interval' ? [value] : value);
    expect(own.what).toBe(what);
    for (const value of least) {
      expect(checkOptions({ [name]: { flags: '', help: '', kind: own } }, { [name]: given(value) }, 'f')).toEqual({
        [name]: given(value),
      });
      expect(own.parse(String(value))).toEqual(given(value));
    }
    for (const value of beyond) {
      expect(() => checkOptions({ [name]: { flags: '', help: '', kind: own } }, { [name]: given(value) }, 'f')).toThrow(
        usage(`f: ${name} must be ${what}, not ${JSON.stringify(given(value))}`),
      );
      expect([value, own.parse(String(value))]).toEqual([value, undefined]);
    }
    for (const none of ['', 'many', '1x', 'NaN', 'Infinity'])
      expect([none, own.parse(none)]).toEqual([none, undefined]);
  });
});

describe('lists on the command line', () => {
  test.each<[string, number[] | undefined]>([
    ['80', [80]],
    ['80,95', [80, 95]],
    ['95, 80 ,80', [95, 80, 80]],
    ['80,many', undefined],
    ['many,80', undefined],
    ['80,0', undefined],
    ['80,', undefined],
    [',80', undefined],
  ])('of numbers, all of them or none: %j', (text, values) => {
    expect(numbers(count).parse(text)).toEqual(values);
  });

  test.each<[string, string[] | undefined]>([
    ['a', ['a']],
    ['a, b ,c d', ['a', 'b', 'c d']],
    ['"a, b",c', ['a, b', 'c']],
    ['c,"a, b"', ['c', 'a, b']],
    ['c,"a,b","d,e"', ['c', 'a,b', 'd,e']],
    ['a,,b', undefined],
    ['a,', undefined],
    ['a,""', undefined],
    [' ', undefined],
  ])('of names: %j', (text, values) => {
    expect(names.parse(text)).toEqual(values);
    expect(columns.parse(text.replaceAll(' ', '\t '))).toEqual(values);
  });
});

describe('ranges', () => {
  /** Draws at even steps through [0, 1). */
  const draws = <T>(range: { draw(random: Random): T }) =>
    Array.from({ length: 1000 }, (_, i) => {
      const at = (i + 0.5) / 1000;
      return range.draw({ uniform: () => at, integer: (n: number) => Math.floor(at * n) } as Random);
    });

  test('are even in the logarithm, to two digits', () => {
    const range = between(0.001, 0.1);
    expect(range.what).toBe('from 0.001 to 0.1');
    const all = draws(range);
    expect([all[0], all[500], all[999]]).toEqual([0.001, 0.01, 0.1]);
    expect(all.every((value) => value === Number(value.toPrecision(2)))).toBe(true);
  });

  test('of whole numbers, both ends as likely as their logarithm is wide', () => {
    const range = wholeBetween(2, 7);
    expect(range.what).toBe('from 2 to 7');
    const counts = new Map<number, number>();
    for (const value of draws(range)) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (let n = 2; n <= 7; n++) {
      expect(Math.abs((counts.get(n) ?? 0) - (1000 * Math.log((n + 1) / n)) / Math.log(4))).toBeLessThan(2);
    }
  });

  test('of some values, each alike', () => {
    const range = anyOf(16, 32, 64);
    expect(range.what).toBe('16, 32 or 64');
    const all = draws(range);
    expect([16, 32, 64].map((value) => all.filter((one) => one === value).length)).toEqual([333, 334, 333]);
    expect([...new Set(Array.from({ length: 60 }, (_, i) => anyOf('LSTM', 'GRU').draw(new Random(i))))].sort()).toEqual(
      ['GRU', 'LSTM'],
    );
  });
});

describe('what came of a search', () => {
  const trial = (number: number, error: number) => ({ trial: number, error }) as unknown as Trial;
  const [defaults, best] = [trial(1, 0.123456), trial(3, 0.1)];
  const search = (of: Partial<Search>) =>
    ({
      best,
      defaults,
      metric: 'nats',
      trials: [defaults, trial(2, 1), best],
      ended: 'finished',
      ...of,
    }) as unknown as Search;
  const line = 'the best is trial 3: nats 0.1, with the defaults 0.1235, on what settings are chosen by';

  test.each<[Parameters<typeof tuneText>[0], string[]]>([
    [
      { search: search({ best: defaults, trials: [defaults, best] }), interrupted: false },
      ['no better than the defaults (nats 0.1235): 1 other trial, none with a smaller error'],
    ],
    [{ search: search({}), interrupted: false }, [line]],
    [
      { search: search({}), interrupted: true },
      [line, 'interrupted: not compared with the defaults on the part held out from all trials'],
    ],
    [
      { search: search({}), interrupted: false, compared: compareErrors(0.75, 1) },
      [line, 'on the part held out from all trials: 0.75, with the defaults 1: 25 % better than the defaults'],
    ],
    [
      { search: search({}), interrupted: false, compared: compareErrors(0.9949, 1) },
      [line, 'on the part held out from all trials: 0.9949, with the defaults 1: 1 % better than the defaults'],
    ],
    [
      { search: search({}), interrupted: true, compared: compareErrors(0.995, 1) },
      [line, 'on the part held out from all trials: 0.995, with the defaults 1: no better than the defaults'],
    ],
  ])('%#', (tuned, lines) => {
    expect(tuneText(tuned)).toEqual(lines);
  });

  test.each<[Search['ended'], number, string | undefined]>([
    ['finished', 3, undefined],
    ['exhausted', 9, 'after 3 of 9 trials there are no other settings to try'],
    ['budget', 4, 'after 3 of 4 trials the time of the budget was over'],
    ['interrupted', 1, 'interrupted after 3 of 1 trial'],
  ])('%s', (ended, wanted, text) => {
    expect(endText(search({ ended }), wanted)).toBe(text);
  });
});
