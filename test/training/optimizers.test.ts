import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  adam,
  adamw,
  getOptimizer,
  type Optimizer,
  type OptimizerOptions,
  optimizerNames,
  rmsprop,
  sgd,
} from '../../src/training/optimizers.js';
import { cosineDecay, exponentialDecay, getSchedule, piecewiseConstantDecay } from '../../src/training/schedules.js';
import { difference, reference } from './reference.js';

const makers: Record<string, (options?: OptimizerOptions) => Optimizer> = { sgd, rmsprop, adam, adamw };

/** Finite float32 values of ordinary size. */
const value = fc.float({ min: -8, max: 8, noNaN: true });
const values = (size: number) => fc.array(value, { minLength: size, maxLength: size }).map((a) => Float32Array.from(a));
const norm = (arrays: readonly Float32Array[]) => Math.hypot(...arrays.flatMap((array) => [...array]));

/** The class and those of its options that are set. */
function titled({ class_name, config }: { class_name: string; config: Record<string, unknown> }): string {
  const off = [null, false, 0];
  const set = Object.entries(config).filter(([key, value]) => !(off.includes(value as null) || /name|ema/.test(key)));
  return `${class_name} ${JSON.stringify(Object.fromEntries(set))}`;
}

describe('against Keras 3', () => {
  test.each(reference.optimizers.map((entry) => [titled(entry.optimizer), entry] as const))(
    'steps of %s to 5e-6',
    (_, { optimizer: serialized, start, gradients, after }) => {
      const optimizer = getOptimizer(serialized);
      const weights = start.map((w) => Float32Array.from(w));
      gradients.forEach((step, i) => {
        optimizer.apply(
          weights,
          step.map((g) => Float32Array.from(g)),
        );
        weights.forEach((weight, j) => {
          expect(difference(weight, after[i][j])).toBeLessThan(5e-6);
        });
      });
      expect(optimizer.iterations).toBe(gradients.length);
    },
  );

  test.each(reference.schedules.map((entry) => [titled(entry.schedule), entry] as const))(
    'schedule %s to 1e-6',
    (_, { schedule: { class_name, config }, steps, rates }) => {
      const schedule = getSchedule({ name: class_name, config });
      expect(difference(steps.map(schedule.at), rates)).toBeLessThan(1e-6);
      const again = getSchedule(JSON.parse(JSON.stringify({ name: schedule.name, config: schedule.config })));
      expect(steps.map(again.at)).toEqual(steps.map(schedule.at));
    },
  );
});

describe('closed forms', () => {
  test('sgd with momentum and a constant gradient: w = -lr·g·Σ (n - i)·momentumⁱ', () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 });
    const weights = [Float32Array.of(0)];
    for (let n = 0; n < 6; n++) optimizer.apply(weights, [Float32Array.of(2)]);
    let expected = 0;
    for (let i = 0; i < 6; i++) expected -= 0.1 * 2 * (6 - i) * 0.5 ** i;
    expect(weights[0][0]).toBeCloseTo(expected, 6);
  });

  test('the first step of adam is lr in the direction of -g, whatever the size of g', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.boolean(), (size, negative) => {
        const weights = [Float32Array.of(1)];
        adam({ learningRate: 0.01, epsilon: 0 }).apply(weights, [Float32Array.of(negative ? -size : size)]);
        expect(weights[0][0]).toBeCloseTo(negative ? 1.01 : 0.99, 6);
      }),
    );
  });

  test('the first step of rmsprop is lr / √(1 - rho)', () => {
    const weights = [Float32Array.of(0)];
    rmsprop({ learningRate: 0.01, rho: 0.9, epsilon: 0 }).apply(weights, [Float32Array.of(3)]);
    expect(weights[0][0]).toBeCloseTo(-0.01 / Math.sqrt(0.1), 6);
  });

  test('weight decay multiplies by 1 - lr·decay and spares excluded variables', () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: ['bias'] });
    optimizer.build([
      { name: 'lstm/kernel', size: 1 },
      { name: 'lstm/bias', size: 1 },
    ]);
    const weights = [Float32Array.of(4), Float32Array.of(4)];
    optimizer.apply(weights, [Float32Array.of(0), Float32Array.of(0)]);
    expect(weights.map(([w]) => w)).toEqual([Float32Array.of(4 * 0.95)[0], 4]);
  });

  test('squares stand for the squared gradient in adam, rmsprop and the norm of clipping', () => {
    const squares = [Float32Array.of(4)];
    const first = [Float32Array.of(0)];
    adam({ learningRate: 0.01, epsilon: 0 }).apply(first, [Float32Array.of(6)], squares);
    expect(first[0][0]).toBeCloseTo((-0.01 * 6) / 2, 6);
    const second = [Float32Array.of(0)];
    rmsprop({ learningRate: 0.01, epsilon: 0 }).apply(second, [Float32Array.of(6)], squares);
    expect(second[0][0]).toBeCloseTo((-0.01 * 6) / Math.sqrt(0.1 * 4), 6);
    const third = [Float32Array.of(0)];
    sgd({ learningRate: 1, clipnorm: 1 }).apply(third, [Float32Array.of(6)], [Float32Array.of(4)]);
    expect(third[0][0]).toBeCloseTo(-3, 6);
    // In the mean over batches the uses are no longer apart.
    const summed = (given: Float32Array[] | undefined) => {
      const optimizer = rmsprop({ learningRate: 0.01, gradientAccumulationSteps: 2, clipnorm: 3 });
      const weights = [Float32Array.of(0)];
      for (const gradient of [2, 6]) optimizer.apply(weights, [Float32Array.of(gradient)], given);
      return weights;
    };
    expect(summed([Float32Array.of(40)])).toEqual(summed(undefined));
    expect(summed(undefined)).not.toEqual([Float32Array.of(0)]);
  });
});

describe('properties', () => {
  test.each(Object.keys(makers))('%s: no gradient and no decay, no change', (name) => {
    fc.assert(
      fc.property(values(5), (start) => {
        const weights = [start.slice()];
        makers[name]({ weightDecay: null }).apply(weights, [new Float32Array(5)]);
        expect(weights[0]).toEqual(start);
      }),
    );
  });

  test('clipnorm limits each variable, keeps the direction, and leaves small gradients alone', () => {
    fc.assert(
      fc.property(values(4), values(3), fc.double({ min: 0.01, max: 5, noNaN: true }), (a, b, limit) => {
        const moved = [new Float32Array(4), new Float32Array(3)];
        sgd({ learningRate: 1, clipnorm: limit }).apply(moved, [a.slice(), b.slice()]);
        [a, b].forEach((gradient, i) => {
          const size = norm([gradient]);
          expect(norm([moved[i]])).toBeLessThanOrEqual(limit * (1 + 1e-5));
          const factor = size > limit ? limit / size : 1;
          expect(
            difference(
              moved[i],
              gradient.map((g) => -g * factor),
            ),
          ).toBeLessThan(1e-5);
        });
      }),
    );
  });

  test('globalClipnorm scales all variables by one factor', () => {
    fc.assert(
      fc.property(values(4), values(3), fc.double({ min: 0.01, max: 5, noNaN: true }), (a, b, limit) => {
        const moved = [new Float32Array(4), new Float32Array(3)];
        sgd({ learningRate: 1, globalClipnorm: limit }).apply(moved, [a.slice(), b.slice()]);
        const factor = Math.min(1, limit / norm([a, b]));
        const expected = [...a, ...b].map((g) => (g === 0 ? 0 : -g * factor));
        expect(difference([...moved[0], ...moved[1]], expected)).toBeLessThan(1e-5);
      }),
    );
  });

  test('clipvalue limits every element', () => {
    const moved = [new Float32Array(3)];
    sgd({ learningRate: 1, clipvalue: 0.5 }).apply(moved, [Float32Array.of(-2, 0.25, 7)]);
    expect([...moved[0]]).toEqual([0.5, -0.25, -0.5]);
  });

  test('average gives the moving average where there is one, and else leaves the weights', () => {
    const moved = (options: object, steps: number) => {
      const optimizer = sgd({ learningRate: 1, ...options });
      const weights = [Float32Array.of(8), Float32Array.of(16)];
      for (let i = 0; i < steps; i++) optimizer.apply(weights, [Float32Array.of(2), Float32Array.of(4)]);
      optimizer.average(weights);
      return weights.map(([weight]) => weight);
    };
    expect(moved({}, 2)).toEqual([4, 8]);
    expect(moved({ useEma: true, emaMomentum: 0.5 }, 0)).toEqual([8, 16]);
    // Of 6, 4 and 2, the first whole.
    expect(moved({ useEma: true, emaMomentum: 0.5 }, 3)).toEqual([3.5, 7]);
  });

  test('clipvalue has limited each use of a row before, and their sum no more', () => {
    const moved = [new Float32Array(1), new Float32Array(1)];
    const gradients = [Float32Array.of(1.5), Float32Array.of(1.5)];
    sgd({ learningRate: 1, clipvalue: 0.5 }).apply(moved, gradients, [Float32Array.of(0.75), undefined]);
    expect(moved.map(([weight]) => weight)).toEqual([-1.5, -0.5]);
  });

  test('an optimizer that was restored learns the names of its variables from the model', () => {
    const variables = ['lstm/kernel', 'lstm/bias'].map((name) => ({ name, size: 1 }));
    const make = () => adamw({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: ['bias'] });
    const first = make();
    first.build(variables);
    const restored = make();
    restored.restore(first.state(), 3);
    restored.build(variables);
    expect(variables.map((variable) => restored.decays(variable))).toEqual([true, false]);
    const weights = [Float32Array.of(4), Float32Array.of(4)];
    restored.apply(weights, [Float32Array.of(0), Float32Array.of(0)]);
    expect(weights.map(([weight]) => weight)).toEqual([Math.fround(4 * 0.95), 4]);
    expect(restored.iterations).toBe(4);
  });

  test.each(optimizerNames)('%s: one that goes back goes on as it did before; reset, it is as new', (name) => {
    const gradient = (step: number) => [Float32Array.of(1 / (step + 1), -step, 0.25)];
    const optimizer = getOptimizer({ name, config: { useEma: true } });
    const run = (from: number, to: number, weights: Float32Array[]) => {
      for (let step = from; step < to; step++) optimizer.apply(weights, gradient(step));
      return weights.map((values) => values.slice());
    };
    const weights = run(0, 3, [Float32Array.of(1, 2, 3)]);
    const state = optimizer.state().map((slot) => slot.slice());
    const [first, again] = [0, 1].map(() => {
      optimizer.restore(state, 3);
      return run(
        3,
        7,
        weights.map((values) => values.slice()),
      );
    });
    expect(again).toEqual(first);
    optimizer.reset();
    expect([optimizer.iterations, optimizer.state()]).toEqual([0, []]);
    // Of another model.
    optimizer.build([{ name: 'a', size: 5 }]);
    optimizer.reset();
    expect(run(0, 3, [Float32Array.of(1, 2, 3)])).toEqual(weights);
  });

  test.each(Object.keys(makers))('%s: a restored optimizer goes on with the same bits', (name) => {
    const options = { learningRate: exponentialDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.5 }) };
    fc.assert(
      fc.property(fc.array(values(3), { minLength: 4, maxLength: 4 }), (gradients) => {
        const run = (from: Optimizer, weights: Float32Array[], steps: Float32Array[]) => {
          for (const gradient of steps) from.apply(weights, [gradient.slice()]);
          return weights;
        };
        const whole = run(makers[name](options), [Float32Array.of(1, 2, 3)], gradients);
        const first = makers[name](options);
        const half = run(first, [Float32Array.of(1, 2, 3)], gradients.slice(0, 2));
        const second = getOptimizer(JSON.parse(JSON.stringify({ name: first.name, config: first.config })));
        second.restore(
          first.state().map((slot) => slot.slice()),
          first.iterations,
        );
        expect(run(second, half, gradients.slice(2))).toEqual(whole);
      }),
    );
  });
});

describe('learning rate', () => {
  test('a number can be set, a schedule goes by iterations and cannot be', () => {
    const constant = adam({ learningRate: 0.1 });
    constant.learningRate = 0.05;
    expect([constant.learningRate, constant.config.learningRate]).toEqual([0.05, 0.05]);
    const scheduled = sgd({ learningRate: piecewiseConstantDecay({ boundaries: [1], values: [1, 0.1] }) });
    const weights = [Float32Array.of(0)];
    const rates = [0, 1, 2].map(() => {
      const rate = scheduled.learningRate;
      scheduled.apply(weights, [Float32Array.of(1)]);
      return rate;
    });
    expect(rates).toEqual([1, 1, 0.1]);
    expect(() => {
      scheduled.learningRate = 1;
    }).toThrow('the learning rate follows piecewiseConstantDecay');
  });

  test('undefined options are defaults', () => {
    expect(adam({ learningRate: undefined, clipnorm: undefined }).config).toEqual(adam().config);
    const decay = cosineDecay({ initialLearningRate: 1, decaySteps: 2, alpha: undefined });
    expect([0, 1, 2, 3].map(decay.at)).toEqual([1, 0.5, 0, 0]);
  });
});

test.each<[string, () => unknown, string]>([
  ['name', () => getOptimizer('adma'), "unknown optimizer 'adma'; did you mean adam?"],
  [
    'option',
    () => adam({ learningrate: 1 } as OptimizerOptions),
    "unknown option 'learningrate'; did you mean learningRate?",
  ],
  ['NaN', () => adam({ learningRate: Number.NaN }), 'learningRate must be a number of at least 0 or a schedule'],
  [
    'a schedule without a name',
    () => getOptimizer({ class_name: 'SGD', config: { learning_rate: { config: { a: 1 } } } }),
    'sgd: learningRate must be a number of at least 0 or a schedule, not {"config":{"a":1}}',
  ],
  [
    'a schedule of no options',
    () => getOptimizer({ class_name: 'SGD', config: { learning_rate: { class_name: 'CosineDecay', config: null } } }),
    'sgd: learningRate must be a number of at least 0 or a schedule, not {"class_name":"CosineDecay","config":null}',
  ],
  ['negative rate', () => sgd({ learningRate: -1 }), 'learningRate must be a number of at least 0'],
  ['range', () => adam({ beta1: 1 }), 'adam: beta1 must be a number of at least 0 and below 1, not 1'],
  ['two clips', () => adam({ clipnorm: 1, clipvalue: 1 }), 'clipnorm and clipvalue are both given'],
  ['zero clip', () => adam({ clipnorm: 0 }), 'clipnorm must be a number above 0, or null'],
  [
    'Keras option',
    () => getOptimizer({ class_name: 'Adam', config: { loss_scale_factor: 2 } }),
    'optimizer option lossScaleFactor of Keras is not supported',
  ],
  [
    'another model',
    () => {
      const optimizer = adam();
      optimizer.build([{ name: 'a', size: 2 }]);
      optimizer.build([{ name: 'a', size: 3 }]);
    },
    'this optimizer belongs to another model',
  ],
  [
    'schedule steps',
    () => exponentialDecay({ initialLearningRate: 1, decaySteps: 0, decayRate: 1 }),
    'exponentialDecay: decaySteps must be a number above 0, not 0',
  ],
  ['schedule name', () => getSchedule({ name: 'stepDecay', config: {} }), "unknown learning-rate schedule 'stepDecay'"],
  [
    'schedule values',
    () => piecewiseConstantDecay({ boundaries: [1], values: [1] }),
    '1 boundary needs 2 values, not 1',
  ],
])('refuses: %s', (_, make, message) => {
  expect(make).toThrow(message);
});

test('schedules at the very ends of their pieces and periods', () => {
  const at = (name: string, config: object, ...steps: number[]) => {
    const { at } = getSchedule({ name, config: config as Record<string, unknown> } as Parameters<
      typeof getSchedule
    >[0]);
    return steps.map((step) => at(step));
  };
  const pieces = { boundaries: [2, 4], values: [1, 0.5, 0.25] };
  expect(at('piecewiseConstantDecay', pieces, 0, 2, 3, 4, 5)).toEqual([1, 1, 0.5, 0.5, 0.25]);
  const cycle = { initialLearningRate: 1, decaySteps: 4, endLearningRate: 0, cycle: true };
  expect(at('polynomialDecay', cycle, 0, 2, 4, 6, 8)).toEqual([1, 0.5, 0, 0.25, 0]);
  const periods = { initialLearningRate: 1, firstDecaySteps: 2, mMul: 0.5 };
  expect(at('cosineDecayRestarts', periods, 0, 2, 6, 14)).toEqual(
    [1, 0.5, 0.25, 0.125].map((x) => expect.closeTo(x, 6)),
  );
  expect(at('cosineDecayRestarts', { ...periods, tMul: 1 }, 0, 2, 4)).toEqual([1, 0.5, 0.25]);
  // The logarithm of this period's beginning comes out a little short.
  const [last] = at('cosineDecayRestarts', { ...periods, firstDecaySteps: 16, tMul: 1.5 }, 211);
  expect(last).toBeCloseTo(0.03125, 6);
  const warm = { initialLearningRate: 1, decaySteps: 4, warmupTarget: 3 };
  expect(at('cosineDecay', { ...warm, warmupSteps: 0 }, 0, 4)).toEqual([3, 0]);
  expect(at('cosineDecay', { ...warm, warmupSteps: 2 }, 0, 1, 2, 6, 9)).toEqual([1, 2, 3, 0, 0]);
  expect(() => at('piecewiseConstantDecay', { boundaries: [2, 2], values: [1, 2, 3] })).toThrow(
    'piecewiseConstantDecay: boundaries must rise, not be 2, 2',
  );
});
