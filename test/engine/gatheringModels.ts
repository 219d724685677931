/** Random models whose layers take sums over the whole batch, and models with frozen layers. */
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { ending, named, optimizer, type Sample, size } from './models.js';

const normalization: fc.Arbitrary<() => l.Layer> = fc
  .record({ scale: fc.boolean(), center: fc.boolean(), trainable: fc.constantFrom(true, true, false) })
  .map((options) => () => l.BatchNormalization({ ...options, axis: -1, momentum: 0.7, epsilon: 0.1 }));

const between: fc.Arbitrary<() => l.Layer> = fc.oneof(
  { arbitrary: normalization, weight: 3 },
  fc.tuple(size, fc.constantFrom('tanh', 'relu', 'linear'), fc.constantFrom(true, true, false)).map(
    ([units, activation, trainable]) =>
      () =>
        l.Dense(units, activation, ...(trainable ? [] : [{ trainable }])),
  ),
  fc.constant(() => l.Activation('tanh')),
  fc.constantFrom(0, 0.3).map((rate) => () => l.Dropout(rate)),
);

const sequential: fc.Arbitrary<() => l.Layer> = fc.oneof(
  { arbitrary: normalization, weight: 2 },
  fc.constantFrom(true, false).map((trainable) => () => l.LSTM(5, { returnSequences: true, trainable })),
  size.map((units) => () => l.Dense(units, 'tanh')),
);

/** At least one BatchNormalization, some of them frozen, over rows, sequences, masked sequences and what convolutions give. */
export const gatheringSample: fc.Arbitrary<Sample> = fc
  .record({
    steps: fc.constantFrom(0, 2, 5),
    features: size,
    start: fc.constantFrom('plain', 'masking', 'convolution'),
    first: normalization,
    middle: fc.array(between, { maxLength: 3 }),
    overSteps: fc.array(sequential, { maxLength: 2 }),
    close: fc.constantFrom('last', 'max', 'sequence'),
    ending,
    optimizer,
    batch: fc.constantFrom(2, 3, 5, 8),
    weighted: fc.constantFrom<Sample['weighted'][]>('no', 'samples', 'alternately'),
    seed: fc.nat(1e6),
  })
  .map(({ steps, features, start, first, middle, overSteps, close, ending: end, ...rest }) => {
    const layers = () => {
      const out: l.Layer[] = [];
      if (steps > 0) {
        if (start === 'masking') out.push(l.Masking());
        if (start === 'convolution') out.push(l.Conv1D(6, 2, { padding: 'same' }));
        out.push(first(), ...overSteps.map((make) => make()));
        if (close === 'max') out.push(l.GlobalMaxPooling1D());
        if (close === 'last') out.push(l.LSTM(4));
      } else out.push(first(), ...middle.map((make) => make()));
      const last = l.Dense(end.units, end.final ?? 'linear');
      out.push(steps > 0 && close === 'sequence' ? l.TimeDistributed(last) : last);
      return out;
    };
    const inputShape = steps > 0 ? [steps, features] : [features];
    return named({ ...rest, layers, inputShape, loss: end.loss, vocabulary: 0, zeroSteps: true });
  });
