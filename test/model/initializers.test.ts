import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Dense } from '../../src/index.js';
import { canDraw, drawInitial, initializerConfig, initializerNames } from '../../src/layers/initializers.js';
import { orthogonalRows } from '../../src/layers/orthogonal.js';
import { deriveKey, Random } from '../../src/random.js';

const draw = (name: string, shape: number[], key = 1) => drawInitial(initializerConfig(name, 'test'), shape, key);

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

describe('variance scaling of a (300, 500) kernel', () => {
  const shape = [300, 500];
  test.each([
    ['glorotUniform', Math.sqrt(2 / 800), Math.sqrt(6 / 800)],
    ['heUniform', Math.sqrt(2 / 300), Math.sqrt(6 / 300)],
    ['lecunUniform', Math.sqrt(1 / 300), Math.sqrt(3 / 300)],
    ['glorotNormal', Math.sqrt(2 / 800), (2 * Math.sqrt(2 / 800)) / 0.8796],
    ['heNormal', Math.sqrt(2 / 300), (2 * Math.sqrt(2 / 300)) / 0.8796],
    ['lecunNormal', Math.sqrt(1 / 300), (2 * Math.sqrt(1 / 300)) / 0.8796],
  ])('%s: deviation within 1 %%, bound respected and nearly reached', (name, deviation, bound) => {
    const values = draw(name, shape);
    const found = moments(values);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(Math.abs(found.mean)).toBeLessThan(0.01 * deviation);
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.01);
    expect(largest).toBeLessThanOrEqual(bound * 1.0001);
    expect(largest).toBeGreaterThan(bound * 0.99);
  });
});

test('normal, uniform and constant ones have their settings', () => {
  const config = (className: string, settings: Record<string, number>) =>
    drawInitial({ className, config: settings }, [100, 400], 3);
  expect(moments(config('RandomNormal', { mean: 2, stddev: 3 })).deviation).toBeCloseTo(3, 1);
  expect(moments(config('TruncatedNormal', { mean: 2, stddev: 3 })).mean).toBeCloseTo(2, 1);
  const uniform = config('RandomUniform', { minval: 1, maxval: 2 });
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...uniform)).toBeLessThanOrEqual(2);
  expect(draw('ones', [3])).toEqual(Float32Array.of(1, 1, 1));
  expect(draw('zeros', [2])).toEqual(Float32Array.of(0, 0));
  expect(drawInitial({ className: 'Constant', config: { value: 7 } }, [2], 1)).toEqual(Float32Array.of(7, 7));
  expect(draw('identity', [2, 3])).toEqual(Float32Array.of(1, 0, 0, 0, 1, 0));
});

test('orthogonal: rows or columns, whichever are fewer, are orthonormal to 1e-6', () => {
  const sizes = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(sizes, sizes, fc.integer(), (rows, columns, key) => {
      const q = draw('orthogonal', [rows, columns], key);
      const few = Math.min(rows, columns);
      const vector = (i: number, k: number) => (rows <= columns ? q[i * columns + k] : q[k * columns + i]);
      for (let i = 0; i < few; i++) {
        for (let j = 0; j <= i; j++) {
          let product = 0;
          for (let k = 0; k < Math.max(rows, columns); k++) product += vector(i, k) * vector(j, k);
          expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-6);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('orthogonal: signs are as likely either way', () => {
  let positive = 0;
  for (let key = 0; key < 400; key++) if (orthogonalRows(2, 2, new Random(deriveKey(key)))[0] > 0) positive++;
  expect(Math.abs(positive - 200)).toBeLessThan(50);
});

test('every known name is drawn, the same for the same key', () => {
  for (const name of initializerNames) {
    const config = initializerConfig(name, 'test');
    expect([name, canDraw(config)]).toEqual([name, true]);
    expect(drawInitial(config, [4, 4], 9)).toEqual(drawInitial(config, [4, 4], 9));
  }
  expect(canDraw({ className: 'MyOwn', config: {} })).toBe(false);
  expect(draw('glorotUniform', [4, 4], 1)).not.toEqual(draw('glorotUniform', [4, 4], 2));
});

test("an initializer's own seed comes before the model's", () => {
  const seeded = { className: 'GlorotUniform', config: { seed: 5 } };
  expect(drawInitial(seeded, [4, 4], 1)).toEqual(drawInitial(seeded, [4, 4], 2));
});

test('names in both spellings', () => {
  expect(initializerConfig('glorot_uniform', 'x').className).toBe('GlorotUniform');
  expect(initializerConfig('lecun_normal', 'x').className).toBe('LeCunNormal');
  expect(() => initializerConfig('glorot_unifrom', 'x')).toThrow(
    "x: unknown initializer 'glorot_unifrom'; did you mean glorotUniform?",
  );
});

test('orthogonal: the gain is the length of its rows or columns', () => {
  for (const shape of [
    [3, 8],
    [8, 3],
    [2, 4, 3],
  ]) {
    const columns = shape[shape.length - 1];
    const draws = [1, 2.5].map((gain) => drawInitial({ className: 'Orthogonal', config: { gain } }, shape, 5));
    const [unit, long] = draws;
    expect([...long].map((value, i) => Math.abs(value - 2.5 * unit[i]) < 1e-5)).not.toContain(false);
    const rows = long.length / columns;
    const wide = rows <= columns;
    let length = 0;
    for (let k = 0; k < Math.max(rows, columns); k++) length += long[wide ? k : k * columns] ** 2;
    expect(Math.sqrt(length)).toBeCloseTo(2.5, 4);
  }
});

test('normal initializers: mean and deviation, cut or not; Keras defaults to 0.05', () => {
  const config = (className: string, settings: Record<string, number>) =>
    moments(drawInitial({ className, config: settings }, [300, 300], 3));
  const near = ({ mean, deviation }: { mean: number; deviation: number }, expected: [number, number]) => {
    expect(Math.abs(mean - expected[0])).toBeLessThan(0.02 * expected[1]);
    expect(Math.abs(deviation / expected[1] - 1)).toBeLessThan(0.01);
  };
  near(config('RandomNormal', { mean: 2, stddev: 3 }), [2, 3]);
  near(config('RandomNormal', { mean: -4, stddev: 0.5 }), [-4, 0.5]);
  near(config('RandomNormal', {}), [0, 0.05]);
  near(config('TruncatedNormal', { mean: 2, stddev: 3 }), [2, 3 * 0.8796]);
  near(config('TruncatedNormal', { mean: -4, stddev: 0.5 }), [-4, 0.5 * 0.8796]);
  near(config('TruncatedNormal', {}), [0, 0.05 * 0.8796]);
});

test('fans of a weight with more than two axes: the window counts in both', () => {
  // A convolution's (5, 40, 60): fan in 200, fan out 300.
  const shape = [5, 40, 60];
  const expected: [string, number][] = [
    ['glorotUniform', 2 / 500],
    ['heNormal', 2 / 200],
    ['lecunUniform', 1 / 200],
  ];
  for (const [name, variance] of expected)
    expect(Math.abs(moments(draw(name, shape)).deviation / Math.sqrt(variance) - 1)).toBeLessThan(0.02);
  const out = { className: 'VarianceScaling', config: { scale: 1, mode: 'fan_out', distribution: 'uniform' } };
  expect(Math.abs(moments(drawInitial(out, shape, 2)).deviation / Math.sqrt(1 / 300) - 1)).toBeLessThan(0.02);
});

test('an untruncated normal has tails, and a weight of no axis a fan of 1', () => {
  const scaling = (distribution: string, mode = 'fanOut') => ({
    className: 'VarianceScaling',
    config: { scale: 2, mode, distribution, seed: 5 },
  });
  const shape = [100, 200];
  const far = (values: Float32Array, deviation: number) =>
    values.filter((value) => Math.abs(value) > 2.5 * deviation).length;
  const whole = drawInitial(scaling('untruncatedNormal'), shape, 1);
  // The variance is 2 / 200; of a normal's values 1.24 % are beyond 2.5 deviations, and of a cut one's none.
  expect(moments(whole).deviation).toBeCloseTo(0.1, 2);
  expect(far(whole, 0.1) / whole.length).toBeCloseTo(0.0124, 2);
  expect(far(whole, 0.1)).toBeGreaterThan(100);
  for (const cut of ['truncatedNormal', 'truncated_normal'])
    expect(far(drawInitial(scaling(cut), shape, 1), 0.1)).toBe(0);
  expect(drawInitial(scaling('untruncated_normal'), shape, 1)).toEqual(whole);
  expect(drawInitial(scaling('untruncatedNormal', 'fan_out'), shape, 7)).toEqual(whole);
  // Of no axis, and of one: the fans are 1, and the size.
  const [one] = drawInitial(scaling('uniform', 'fanIn'), [], 1);
  const [all] = drawInitial(scaling('uniform', 'fanAvg'), [8], 1);
  const [unit] = drawInitial({ className: 'RandomUniform', config: { minval: -1, maxval: 1, seed: 5 } }, [1], 1);
  expect(one).toBeCloseTo(unit * Math.sqrt(6), 5);
  expect(all).toBeCloseTo(unit * Math.sqrt(6 / 8), 5);
  expect(drawInitial({ className: 'VarianceScaling', config: {} }, [50, 60], 4)).toEqual(
    draw('lecunNormal', [50, 60], 4),
  );
});

describe('settings of initializers', () => {
  const made = (className: string, config: object) =>
    Dense(1, { kernelInitializer: { className, config } as never }).getConfig().kernelInitializer;
  const scaling = (config: object) => made('VarianceScaling', config);

  test('every mode and distribution of a variance scaling is taken, in either spelling', () => {
    for (const [mode, snake] of [
      ['fanIn', 'fan_in'],
      ['fanOut', 'fan_out'],
      ['fanAvg', 'fan_avg'],
    ]) {
      for (const distribution of ['normal', 'uniform', 'truncatedNormal']) {
        const settings = { scale: 2, mode, distribution, seed: 3 };
        expect(scaling(settings)).toMatchObject({ className: 'VarianceScaling', config: { ...settings, seed: 3 } });
      }
      expect(scaling({ mode: snake })).toMatchObject({ config: { mode } });
    }
    expect(() => scaling({ mode: 'fan' })).toThrow('mode must be one of fanIn, fanOut, fanAvg, not "fan"');
    expect(() => scaling({ scale: 0 })).toThrow(/scale/);
  });

  test.each<[className: string, settings: object, refused: [option: string, value: unknown][]]>([
    [
      'Constant',
      { value: -2 },
      [
        ['value', Number.NaN],
        ['seed', 1],
      ],
    ],
    [
      'Identity',
      { gain: -2 },
      [
        ['gain', 'x'],
        ['seed', 1],
      ],
    ],
    [
      'Orthogonal',
      { gain: 2, seed: 2 ** 31 - 1 },
      [
        ['seed', 2 ** 31],
        ['seed', -1],
        ['mean', 1],
      ],
    ],
    [
      'RandomUniform',
      { minval: -2, maxval: 3, seed: 0 },
      [
        ['minval', 'x'],
        ['maxval', 'x'],
        ['stddev', 1],
      ],
    ],
    [
      'RandomNormal',
      { mean: -2, stddev: 0, seed: 1 },
      [
        ['stddev', -1],
        ['minval', 1],
      ],
    ],
    [
      'TruncatedNormal',
      { mean: -2, stddev: 0.5, seed: 1 },
      [
        ['stddev', -1],
        ['maxval', 1],
      ],
    ],
    [
      'GlorotUniform',
      { seed: 5 },
      [
        ['gain', 1],
        ['seed', 0.5],
      ],
    ],
    ['Zeros', {}, [['value', 1]]],
    ['Ones', {}, [['seed', 1]]],
  ])('%s takes %j and no others', (className, settings, refused) => {
    // tfjs keeps no seed of what draws no numbers.
    expect(made(className, settings)).toMatchObject({ className: expect.any(String) });
    for (const [option, value] of refused)
      expect(() => made(className, { ...settings, [option]: value })).toThrow(option);
  });
});

test.each([0, 1, 7])(
  'an initializer’s own seed, %i, counts in place of the model’s, and no two seeds are one',
  (seed) => {
    const draw = (own: number | null | undefined, key: number) => [
      ...drawInitial({ className: 'GlorotUniform', config: own === undefined ? {} : { seed: own } }, [3, 4], key),
    ];
    expect(draw(seed, 11)).toEqual(draw(seed, 12));
    expect(draw(seed, 11)).toEqual(draw(undefined, seed));
    expect(draw(seed, 11)).not.toEqual(draw(seed + 1, 11));
    for (const none of [null, undefined]) expect(draw(none, 11)).not.toEqual(draw(none, 12));
  },
);
