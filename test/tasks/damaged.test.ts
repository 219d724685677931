/** Saved documents that are damaged: the place and what must stand there, in whole lines. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseReading } from '../../src/data/understanding/parseReading.js';
import { MemcellError } from '../../src/errors.js';
import { Fields } from '../../src/fields.js';
import { parseClassifyArtefact } from '../../src/tasks/classify/artefact.js';
import { parseForecast } from '../../src/tasks/forecast/artefact.js';
import { parseState } from '../../src/tasks/forecast/state.js';
import { parseTraining } from '../../src/tasks/record.js';
import { parseSymbolsArtefact } from '../../src/tasks/symbols/artefact.js';
import { parseTextArtefact } from '../../src/tasks/text/artefact.js';
import { expectDocument } from '../documents.js';
import { fitted, noise, setOf } from './forecast/series.js';

/** A copy with another value at a path; undefined takes it out. */
function changed(value: unknown, path: string, other: unknown): object {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  const keys = path.split('.');
  let at = copy;
  for (const key of keys.slice(0, -1)) at = Object(at)[key];
  Object(at)[keys[keys.length - 1]] = other;
  return JSON.parse(JSON.stringify(copy));
}

/** The places of numbers, as paths. */
function numbersIn(value: unknown, path: string[] = []): string[] {
  if (typeof value === 'number') return [path.join('.')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => numbersIn(item, [...path, key]));
}

const at = (value: unknown, path: string): unknown => path.split('.').reduce((one, key) => Object(one)[key], value);

/**
 * That another number in any one place comes back in that place, and no other, or is refused.
 * @returns the places where it comes back
 */
function expectInPlace(whole: object, parse: (value: object) => unknown): string[] {
  return numbersIn(whole).filter((path) => {
    const found = [-0.0078125, 0.0078125, 1].filter((more) => {
      const other = changed(whole, path, Number(at(whole, path)) + more);
      let read: unknown;
      try {
        read = parse(other);
      } catch (error) {
        expect(error).toBeInstanceOf(MemcellError);
        return false;
      }
      expect(JSON.parse(JSON.stringify(read))).toEqual(other);
      return true;
    });
    return found.length > 0;
  });
}

const says = (place: string, must: string) =>
  expect.objectContaining({ code: 'model', message: `m: ${place} is damaged: must be ${must}; train the model again` });

describe('how a table is read', () => {
  const month = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const whole = {
    columns: [
      { name: 'a', use: 'target', reading: { kind: 'number', decimal: ',', thousands: '.', unit: '€', middle: 2.5 } },
      { name: 'b', use: 'known', reading: { kind: 'flag', zero: '', one: 'x', middle: 1 } },
      { name: 'c', use: 'feature', reading: { kind: 'category', values: ['u', 'v'] } },
      { name: 'd', use: 'time', reading: { kind: 'time' } },
      { name: 'e', use: 'out', reading: { kind: 'text' } },
    ],
    fill: 'linear',
    time: {
      columns: ['d'],
      notation: 'dd.MM.yyyy',
      locale: 'de',
      months: month,
      weekdays: month.slice(5),
      offset: 60,
      zone: 'Europe/Berlin',
      wall: true,
      step: { unit: 'month', count: 1 },
      season: 12,
    },
    group: ['g'],
    missing: [],
    every: '1d',
  };
  const parse = (value: object) => parseReading(new Fields(value, 'm: reading'));

  test('every number comes back in its place', () => {
    const read = expectInPlace(whole, parse);
    expect(read).toEqual(['columns.0.reading.middle', 'time.offset', 'time.step.count', 'time.season']);
  });

  test('comes back whole, or with what has to be there', () => {
    expect(parse(whole)).toEqual(whole);
    const least = { columns: [], fill: 'none', time: { columns: ['d'], notation: 'number' } };
    expect(parse(least)).toEqual(least);
    expect(parse({ ...least, time: { ...least.time, step: { unit: 'number', count: 0.5 } } }).time?.step).toEqual({
      unit: 'number',
      count: 0.5,
    });
  });

  test.each<[string, unknown, string, string?]>([
    ['fill', 'mean', 'one of linear, none'],
    ['group', [], '1 or more different texts'],
    ['missing', ['a', 'a'], '0 or more different texts'],
    ['every', 3, 'text'],
    ['columns', 3, 'a list of 0 or more'],
    ['columns.0.use', 'some', 'one of time, group, target, label, feature, known, out', 'columns[0].use'],
    ['columns.0.reading.kind', 'x', 'one of number, flag, category, time, text', 'columns[0].reading.kind'],
    ['columns.0.reading.decimal', ';', 'one of ., ,', 'columns[0].reading.decimal'],
    ['columns.0.reading.middle', 'x', 'a finite number', 'columns[0].reading.middle'],
    ['columns.1.reading.middle', 0.5, '0 or 1', 'columns[1].reading.middle'],
    ['columns.1.reading.one', 1, 'text', 'columns[1].reading.one'],
    ['columns.2.reading.values', [], '1 or more different texts', 'columns[2].reading.values'],
    ['time.columns', [], '1 or more different texts'],
    ['time.notation', '...', 'a notation of times'],
    ['time.months', month.slice(1), '12 names'],
    ['time.weekdays', month, '7 names'],
    ['time.wall', 1, 'true or false'],
    ['time.season', 0, 'a whole number of at least 1'],
    ['time.step.unit', 'week', 'one of month, millisecond, business day, working day, number'],
    ['time.step.count', 1.5, 'a whole number of at least 1'],
    ['time.step', { unit: 'number', count: 0 }, 'above 0', 'time.step.count'],
  ])('%s: %j', (path, value, must, place = path) => {
    expect(() => parse(changed(whole, path, value))).toThrow(says(`reading.${place}`, must));
  });
});

describe('a plain forecast', () => {
  const whole = {
    kind: 'forecast',
    method: 'plain',
    targets: ['y', 'z'],
    window: 2,
    horizon: 1,
    season: 1,
    reading: { columns: [], fill: 'linear' },
    features: ['y'],
    channels: ['y'],
    featureScaling: { mean: [0], std: [1] },
    targetScaling: { mean: [0, 1], std: [1, 2] },
    series: [
      { name: '', rows: 5, trained: 4, scales: [1, 2], targets: [1, 2, 3, 4], past: [1, 2], known: [], times: [8, 9] },
    ],
  };
  const parse = (value: object) => parseForecast(new Fields(value, 'm: task'));

  test('every number comes back in its place', () => {
    expect(expectInPlace(whole, parse).length).toBeGreaterThan(10);
  });

  test('comes back', () => {
    expect(parse(whole)).toEqual(whole);
  });

  test.each<[string, unknown, string, string?]>([
    ['method', 'x', 'one of recipe, plain'],
    ['window', 0, 'a whole number of at least 1'],
    ['horizon', 0, 'a whole number of at least 1'],
    ['season', 0, 'a whole number of at least 1'],
    ['features', [], '1 or more different texts'],
    ['featureScaling.mean', [1, 2], '1 finite numbers'],
    ['targetScaling.std', [1, 0], 'above 0'],
    ['series', [], 'a list of 1 or more'],
    ['series.0.targets', [1, 2, 3], 'a multiple of 2 numbers', 'series[0].targets'],
    ['series.0.rows', 1, 'a whole number of at least 2', 'series[0].rows'],
    ['series.0.trained', -1, 'a whole number of at least 0', 'series[0].trained'],
    ['series.0.scales', [1], '2 finite numbers', 'series[0].scales'],
    ['series.0.past', [1], '2 finite numbers', 'series[0].past'],
    ['series.0.known', [1], '0 finite numbers', 'series[0].known'],
    ['series.0.times', [1], '2 finite numbers', 'series[0].times'],
  ])('%s: %j', (path, value, must, place = path) => {
    expect(() => parse(changed(whole, path, value))).toThrow(says(`task.${place}`, must));
  });
});

test.each<[string, unknown, string]>([
  ['time.step.count', 0, 'above 0'],
  ['end.time.value', 8.64e15 + 1, 'a date'],
  ['end.rows', [1], '2 finite numbers'],
])('a forecast of version 0.1, %s: %j', (path, value, must) => {
  const whole = {
    kind: 'forecast',
    features: ['v'],
    targets: ['v'],
    window: 2,
    horizon: 1,
    featureScaling: { mean: [0], std: [1] },
    targetScaling: { mean: [0], std: [1] },
    time: { column: 't', step: { unit: 'month', count: 1 } },
    end: {
      rows: [1, 2],
      time: { value: 0, style: { separator: '-', precision: 'month', joint: 'T', zone: '' } },
    },
  };
  const parse = (own: object) => parseForecast(new Fields(own, 'm: task'));
  expect(() => parse(whole)).not.toThrow();
  expect(() => parse(changed(whole, path, value))).toThrow(says(`task.${path}`, must));
});

describe('a forecaster', () => {
  let whole: object;
  beforeAll(async () => {
    const columns = { targets: [noise(60)], past: [noise(60, 2)], known: [noise(66, 3)] };
    const { state } = await fitted(setOf(columns, 4), 2);
    const { series, ...rest } = JSON.parse(JSON.stringify(state));
    // A column beside the target, whether it helps or not.
    const known = [{ column: 'k0', index: 0, mean: 0, std: 1, change: false }];
    whole = { ...rest, layout: { ...rest.layout, past: [], known }, ridge: undefined, channels: 3, series };
    const { layout } = rest;
    if (layout.levels[0]) whole = { ...whole, channels: 4 };
  });

  test('every number comes back in its place', () => {
    const read = expectInPlace(whole, (value) => ({ version: 1, ...parseState(value, 'm: state') }));
    const ofAnchor = ['alpha', 'beta', 'gamma', 'phi', 'least', 'start.level', 'start.slope'];
    expect(read).toEqual(expect.arrayContaining(ofAnchor.map((key) => `series.0.targets.0.anchor.${key}`)));
  });

  test.each<[string, unknown, string, string?]>([
    ['channels', 99, ''],
    ['layout.targets', 2, '1'],
    ['layout.levels', [], '1 times true or false'],
    ['layout.known.0.index', 1, 'that of its column', 'layout.known[0].index'],
    ['layout.known.0.std', 0, 'above 0', 'layout.known[0].std'],
    ['spreads.widening', 0, 'above 0'],
    ['spreads.quantiles', [[1, 0.5], [1]], 'increasing numbers of at least 0'],
    ['spreads.quantiles', [[-1], [1]], 'increasing numbers of at least 0'],
    ['spreads.freedom', 0, 'above 0'],
    ['series', [], 'a list of 1 or more'],
    ['series.0.targets', [], 'a list of 1 or more', 'series[0].targets'],
    ['series.0.targets.0.scale', 0, 'above 0', 'series[0].targets[0].scale'],
    ['series.0.targets.0.std', -1, 'above 0', 'series[0].targets[0].std'],
    ['series.0.targets.0.widening', 0, 'above 0', 'series[0].targets[0].widening'],
    ['series.0.targets.0.effects', [1], '2 finite numbers', 'series[0].targets[0].effects'],
    ['series.0.targets.0.normal', [1], '5 finite numbers', 'series[0].targets[0].normal'],
    ['series.0.tail.rows', 0, 'a whole number of at least 1', 'series[0].tail.rows'],
    ['series.0.tail.known', [], 'at least 7 numbers', 'series[0].tail.known'],
    ['series.0.targets.0.anchor.start.seasons', [1], '0 seasons', 'series[0].targets[0].anchor.start'],
    ['series.0.targets.0.anchor.period', 4, '4 seasons', 'series[0].targets[0].anchor.start'],
  ])('%s: %j', (path, value, must, place = path) => {
    const run = () => parseState(changed(whole, path, value), 'm: state');
    expect(() => parseState(whole, 'm: state')).not.toThrow();
    if (must === '') expect(run).toThrow(/^m: state\.channels is damaged: must be \d or \d; train the model again$/);
    else expect(run).toThrow(says(`state.${place}`, must));
  });
});

test('a series of more targets than there are is told how many there must be', async () => {
  const { state } = await fitted(setOf({ targets: [noise(40)] }, 1), 2);
  const whole = JSON.parse(JSON.stringify(state));
  const [target] = whole.series[0].targets;
  const damaged = changed(whole, 'series.0.targets', [target, target]);
  expect(() => parseState(damaged, 'm: state')).toThrow(says('state.series[0].targets', '1 of them'));
});

describe('symbols', () => {
  const whole = { kind: 'symbols', window: 2, symbols: [0, 1, 5], input: 'index', scale: 5, majority: 2, end: [5, 0] };
  const parse = (value: object) => parseSymbolsArtefact(new Fields(value, 'm: task'));

  test('come back; those of before are scaled', () => {
    expect(parse(whole)).toEqual(whole);
    expect(parse({ ...whole, input: undefined })).toEqual({ ...whole, input: 'scaled' });
  });

  test.each<[string, unknown, string]>([
    ['window', 0, 'a whole number of at least 1'],
    ['symbols', [0], 'two or more different whole numbers or words'],
    ['symbols', [0, 0], 'two or more different whole numbers or words'],
    ['symbols', [0, 'a'], 'whole numbers, or words'],
    ['symbols', ['', 'a'], 'whole numbers, or words'],
    ['symbols', [0.5, 1], 'whole numbers, or words'],
    ['scale', 0, 'above 0'],
    ['majority', 3, 'below 3'],
    ['end', [5], '2 known symbols'],
    ['end', [5, 4], '2 known symbols'],
    ['input', 'text', 'one of index, scaled'],
  ])('%s: %j', (path, value, must) => {
    expect(() => parse(changed(whole, path, value))).toThrow(says(`task.${path}`, must));
  });
});

describe('a text', () => {
  const whole = {
    kind: 'text',
    window: 4,
    tokens: { kind: 'words', characters: ['a', 'b'], words: ['ab'] },
    frequencies: [0.5, 0.25, 0.25],
    context: 'stream',
    counted: { order: 6, weight: 0.5, text: 'x' },
  };
  const parse = (value: object) => parseTextArtefact(new Fields(value, 'm: task'));

  test('comes back; those of before are characters by windows', () => {
    expect(JSON.parse(JSON.stringify(parse(whole)))).toEqual(whole);
    const { counted: _, tokens, context: __, ...older } = { ...whole, characters: ['a', 'b'], frequencies: [0.5, 0.5] };
    expect(JSON.parse(JSON.stringify(parse(older)))).toEqual({
      kind: 'text',
      window: 4,
      tokens: { kind: 'characters', characters: tokens.characters },
      frequencies: [0.5, 0.5],
      context: 'window',
    });
  });

  test.each<[string, unknown, string]>([
    ['window', 0, 'a whole number of at least 1'],
    ['frequencies', [1], '3 finite numbers'],
    ['context', 'all', 'one of stream, window'],
    ['tokens', { kind: 'characters', characters: ['a'] }, 'two or more'],
    ['tokens.kind', 'syllables', 'one of characters, words, bpe'],
    ['tokens.characters', ['ab'], 'single characters'],
    ['counted.order', 0, 'a whole number of at least 1'],
    ['counted.order', 21, 'at most 20'],
    ['counted.weight', -0.1, 'from 0 to 1'],
    ['counted.weight', 1.1, 'from 0 to 1'],
  ])('%s: %j', (path, value, must) => {
    expect(() => parse(changed(whole, path, value))).toThrow(says(`task.${path}`, must));
  });

  test.each([[[0, 2]], [[0, 1, 3, 0]], [[0, -1]], [[0.5, 1]], [[0]]])(
    'byte pairs of ids that are not known: %j',
    (merges) => {
      const pairs = { ...whole, tokens: { kind: 'bpe', characters: ['a', 'b'], merges }, frequencies: [1, 0, 0] };
      expect(() => parse(pairs)).toThrow(says('task.tokens.merges', 'pairs of ids that were known before'));
    },
  );
});

/** Every place of a document with what stands there; of lists of numbers and texts the first alone. */
function placesIn(value: unknown, path: string[] = []): [string, unknown][] {
  const own: [string, unknown][] = path.length > 0 ? [[path.join('.'), value]] : [];
  if (typeof value !== 'object' || value === null) return own;
  const entries = Object.entries(value);
  const inner = Array.isArray(value) && typeof value[0] !== 'object' ? entries.slice(0, 1) : entries;
  return [...own, ...inner.flatMap(([key, one]) => placesIn(one, [...path, key]))];
}

/** What may stand there instead, by what it is called. */
function damagesOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'number') return { none: undefined, text: 'x', '-1': -1, '0': 0, half: value + 0.5, large: 1e9 };
  if (typeof value === 'string') return { none: undefined, number: 7, empty: '', other: 'other' };
  if (typeof value === 'boolean') return { none: undefined, number: 1, other: !value };
  if (!Array.isArray(value)) return { none: undefined, number: 3, list: [], empty: {} };
  return { none: undefined, object: {}, empty: [], less: value.slice(0, -1), more: [...value, ...value.slice(-1)] };
}

describe('whatever is damaged in what is saved is refused by its place, or comes back', () => {
  const reading = {
    columns: [
      { name: 'd', use: 'time', reading: { kind: 'time' } },
      { name: 'y', use: 'target', reading: { kind: 'number', decimal: '.', thousands: ',', unit: '€', middle: 2.5 } },
      { name: 'f', use: 'known', reading: { kind: 'flag', zero: 'no', one: 'yes', middle: 1 } },
      { name: 'c', use: 'feature', reading: { kind: 'category', values: ['u', 'v'] } },
    ],
    fill: 'linear',
    time: { columns: ['d'], notation: 'yyyy-MM-dd', offset: 0, step: { unit: 'millisecond', count: 1000 }, season: 7 },
    group: ['g'],
    missing: ['?'],
    every: '1d',
  };
  const start = (seasons: number[]) => ({ level: 1, slope: 0, seasons });
  const smoothing = { kind: 'smoothing', log: true, least: 0.5, trend: 'damped', period: 2 };
  const anchor = { ...smoothing, alpha: 0.3, beta: 0.1, gamma: 0.2, phi: 0.9, start: start([1, -1]) };
  const target = { scale: 1, mean: 2, std: 3, widening: 1, floor: true, effects: [0.5, 0] };
  const state = {
    version: 1,
    targets: ['y'],
    past: ['p'],
    known: ['f'],
    season: 2,
    layout: {
      window: 3,
      horizon: 2,
      targets: 1,
      levels: [true],
      year: true,
      past: [{ column: 'p', index: 0, mean: 1, std: 2, change: true }],
      known: [{ column: 'f', index: 0, mean: 0, std: 1, change: false }],
    },
    ridge: new Array(42).fill(0.25),
    network: true,
    channels: 10,
    spreads: {
      quantiles: [
        [0.5, 1],
        [1, 2],
      ],
      widening: 1.25,
      freedom: 4,
    },
    series: [
      {
        name: 'north',
        targets: [{ ...target, normal: [1, 2, 3, 4, 5], anchor }],
        first: { values: [1], time: 1000 },
        tail: {
          rows: 2,
          starts: [start([1, 2])],
          away: [0.5],
          before: [1],
          targets: [1, 2],
          past: [3, 4],
          known: [5, 6, 7],
          times: [1000, 2000],
        },
      },
    ],
  };
  const kept = {
    name: 'north',
    rows: 5,
    trained: 4,
    scales: [1],
    targets: [1, 2],
    past: [3, 4],
    known: [5, 6],
    times: [1000, 2000],
  };
  const forecast = { kind: 'forecast', targets: ['y'], window: 3, horizon: 2, season: 2, reading };
  const classes = {
    kind: 'classify',
    label: 'k',
    features: ['a', 'b'],
    classes: ['x', 'y', 'z'],
    majority: 1,
    steps: 2,
    groups: ['g'],
    scaling: { mean: [3, 4], std: [1, 2] },
    padded: 'end',
    reading: { columns: [], fill: 'linear' },
    classWeights: 'balanced',
    checksum: 'c',
    drawnFrom: 'e',
  };
  const { reading: _, groups: __, ...plainClasses } = classes;
  const fields = (value: object) => new Fields(value, 'm');
  const documents: Record<string, [object, (value: object) => unknown]> = {
    forecast: [
      {
        ...forecast,
        method: 'recipe',
        past: ['p'],
        known: ['f'],
        channels: { past: ['p'], known: ['f'] },
        state,
        series: [kept],
      },
      (value) => parseForecast(fields(value)),
    ],
    'forecast-plain': [
      {
        ...forecast,
        method: 'plain',
        features: ['y'],
        channels: ['y'],
        featureScaling: { mean: [0], std: [1] },
        targetScaling: { mean: [0], std: [2] },
        series: [{ ...kept, known: [] }],
      },
      (value) => parseForecast(fields(value)),
    ],
    state: [state, (value) => ({ version: 1, ...parseState(value, 'm') })],
    classify: [classes, (value) => parseClassifyArtefact(fields(value))],
    'classify-plain': [{ ...plainClasses, group: 'g' }, (value) => parseClassifyArtefact(fields(value))],
    'classify-texts': [
      {
        ...classes,
        features: ['t'],
        groups: undefined,
        scaling: { mean: [], std: [] },
        text: { kind: 'words', known: ['so', 'it'] },
      },
      (value) => parseClassifyArtefact(fields(value)),
    ],
    text: [
      {
        kind: 'text',
        window: 4,
        tokens: {
          kind: 'bpe',
          characters: ['a', 'b'],
          merges: [0, 1, 2, 1],
        },
        frequencies: [0.5, 0.25, 0.125, 0.125],
        context: 'stream',
        counted: { order: 6, weight: 0.5, text: 'ab' },
      },
      (value) => parseTextArtefact(fields(value)),
    ],
    'forecast-older': [
      {
        kind: 'forecast',
        features: ['v', 'w'],
        targets: ['w', 'z'],
        window: 2,
        horizon: 1,
        featureScaling: { mean: [0, 1], std: [1, 2] },
        targetScaling: { mean: [0, 1], std: [1, 2] },
        time: { column: 't', step: { unit: 'millisecond', count: 60_000 } },
        end: {
          rows: [1, 2, 3, 4],
          time: { value: 0, style: { separator: '-', precision: 'millisecond', joint: 'T', zone: '-01:30' } },
        },
      },
      (value) => parseForecast(fields(value)),
    ],
    training: [
      {
        createdWith: 'memcell 0.1.0',
        source: 'a.csv',
        layers: 'LSTM(4), Dense(2)',
        settings: {
          epochs: 3,
          batchSize: 4,
          optimizer: 'adam',
          learningRate: 0.5,
          validationSplit: 0.25,
          patience: 2,
          seed: 7,
        },
        history: { loss: [3, 2], val_loss: [4, 3] },
      },
      (value) => parseTraining(fields(value)),
    ],
    symbols: [
      { kind: 'symbols', window: 2, symbols: [0, 1, 5], input: 'index', scale: 5, majority: 2, end: [5, 0] },
      (value) => parseSymbolsArtefact(fields(value)),
    ],
  };

  test.each(Object.entries(documents))('%s', (name, [given, parse]) => {
    const whole = changed(given, 'kind', Object(given).kind);
    const json = (value: unknown) => JSON.parse(JSON.stringify(value));
    // Of version 0.1 it is another document that is read.
    if (name !== 'forecast-older') expect(json(parse(whole))).toEqual(whole);
    const places = placesIn(whole).map(([place, value]) => {
      const outcomes: Record<string, string[]> = {};
      for (const [damage, other] of Object.entries(damagesOf(value))) {
        const damaged = changed(whole, place, other);
        let outcome = 'comes back';
        try {
          const read = json(parse(damaged));
          if (JSON.stringify(sorted(read)) !== JSON.stringify(sorted(damaged)))
            outcome =
              name === 'forecast-older' ? 'is read' : `is read as ${JSON.stringify(at(read, place)) ?? 'nothing'}`;
        } catch (error) {
          if (!(error instanceof MemcellError)) throw error;
          outcome = error.message
            .replace(/^m[:.] ?|; train the model again$/g, '')
            .replace(`${named(place)} is damaged: `, '');
        }
        outcomes[outcome] = [...(outcomes[outcome] ?? []), damage];
      }
      return [place, outcomes] as const;
    });
    expectDocument(`tasks/damaged/${name}`, Object.fromEntries(places));
  });

  /** Keys in one order, whatever order they were read in. */
  function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sorted(one)]),
    );
  }

  /** A path as messages have it. */
  function named(place: string): string {
    return place.replace(/\.(\d+)(?=\.|$)/g, '[$1]');
  }
});
