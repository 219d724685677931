/** Random models with recurrent layers. */
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { activations, ending, named, optimizer, type Sample, size } from './models.js';

type Make = (returnSequences: boolean) => l.Layer;

/** What a state may go through again and again without growing. */
const bounded = ['tanh', 'sigmoid', 'hardSigmoid', 'softsign', 'softmax'];

/** A recurrent layer with Keras's defaults, or with everything about it changed. */
const cell = (stateful: boolean): fc.Arbitrary<Make> =>
  fc
    .record({
      kind: fc.constantFrom(
        'LSTM',
        'LSTM',
        'GRU',
        'GRU before',
        'SimpleRNN',
        'MinGRU',
        'MinLSTM',
        'SLSTM',
        'SLSTM heads',
      ),
      units: size,
      plain: fc.boolean(),
      useBias: fc.boolean(),
      goBackwards: fc.boolean(),
      dropout: fc.constantFrom(0, 0, 0.3),
      recurrentDropout: fc.constantFrom(0, 0, 0.2),
      activation: stateful
        ? fc.constantFrom(...bounded)
        : fc.constantFrom('tanh', 'tanh', 'softmax', 'logSoftmax', ...activations),
      recurrentActivation: stateful
        ? fc.constantFrom('sigmoid', 'hardSigmoid')
        : fc.constantFrom('sigmoid', 'sigmoid', 'hardSigmoid', 'softsign', 'silu', 'elu', 'softmax'),
      penalty: fc.constantFrom(undefined, { l2: 0.02 }),
    })
    .map(({ kind, units, plain, recurrentActivation, penalty, ...given }) => (returnSequences) => {
      const penalties = penalty ? { kernelRegularizer: penalty, recurrentRegularizer: { l1: 0.01 } } : {};
      const own = { returnSequences, ...(stateful && { stateful }) };
      const options = plain ? own : { ...given, ...penalties, ...own };
      if (kind === 'SimpleRNN') return l.SimpleRNN(units, options);
      if (kind.startsWith('Min') || kind.startsWith('SLSTM')) return scanned(kind, units, options);
      const gated = plain ? options : { ...options, recurrentActivation };
      if (kind === 'GRU') return l.GRU(units, gated);
      if (kind === 'GRU before') return l.GRU(units, { ...gated, resetAfter: false });
      return l.LSTM(units, gated);
    });

/** Of the cells whose products with x run over all steps at once, the options that they have. */
function scanned(kind: string, units: number, options: object): l.Layer {
  const { recurrentDropout: _, recurrentActivation: __, ...given } = options as l.GRUOptions;
  const { recurrentRegularizer: ___, ...minimal } = given;
  if (kind === 'MinGRU') return l.MinGRU(units, minimal);
  if (kind === 'MinLSTM') return l.MinLSTM(units, minimal);
  const { activation: ____, ...rest } = given;
  const forgetGate = units % 2 === 0 ? 'sigmoid' : 'exponential';
  return kind === 'SLSTM'
    ? l.SLSTM(units, { ...rest, forgetGate })
    : l.SLSTM(3 * units, { ...rest, forgetGate, heads: 3 });
}

const recurrent = (stateful: boolean): fc.Arbitrary<Make> =>
  fc.oneof(
    { weight: 3, arbitrary: cell(stateful) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(cell(stateful), fc.constantFrom('concat' as const, 'sum' as const, 'ave' as const, 'mul' as const))
        .map(
          ([make, mergeMode]): Make =>
            (returnSequences) =>
              l.Bidirectional(make(returnSequences), { mergeMode }),
        ),
    },
  );

const between: fc.Arbitrary<() => l.Layer> = fc.constantFrom(
  () => l.Dropout(0.3),
  () => l.LayerNormalization({ epsilon: 0.1 }),
  () => l.Dense(5, 'tanh'),
  () => l.Activation('softsign'),
);

type Start = 'plain' | 'masking' | 'embedding' | 'masked embedding' | 'repeat';

const samples = (starts: readonly Start[], stateful: boolean): fc.Arbitrary<Sample> =>
  fc
    .record({
      steps: fc.constantFrom(1, 2, 3, 6),
      features: size,
      start: fc.constantFrom(...starts),
      stack: fc.array(fc.tuple(recurrent(stateful), fc.option(between)), { minLength: 1, maxLength: 2 }),
      close: fc.constantFrom('last', 'last', 'sequence', 'average'),
      ending,
      optimizer,
      batch: fc.constantFrom(1, 2, 3, 5, 8, 16),
      weighted: fc.constantFrom<Sample['weighted']>('no', 'no', 'samples', 'steps'),
      seed: fc.nat(1e6),
    })
    .map(({ steps, features, start, stack, close, ending: end, ...rest }) => {
      const embeds = start.endsWith('embedding');
      const layers = () => {
        const out: l.Layer[] = [];
        if (embeds) out.push(l.Embedding(7, features, { maskZero: start === 'masked embedding' }));
        if (start === 'masking') out.push(l.Masking());
        if (start === 'repeat') out.push(l.RepeatVector(steps));
        stack.forEach(([make, next], i) => {
          out.push(make(i < stack.length - 1 || close !== 'last'));
          if (next) out.push(next());
        });
        if (close === 'average') out.push(l.GlobalAveragePooling1D());
        const last = l.Dense(end.units, end.final ?? 'linear');
        out.push(close === 'sequence' ? l.TimeDistributed(last) : last);
        return out;
      };
      const inputShape = embeds ? [steps] : start === 'repeat' ? [features] : [steps, features];
      return named({
        ...rest,
        layers,
        inputShape,
        loss: end.loss,
        vocabulary: embeds ? 7 : 0,
        zeroSteps: start === 'masking',
      });
    });

export const recurrentSample = samples(['plain', 'plain', 'masking', 'embedding', 'masked embedding', 'repeat'], false);

/** All recurrent layers stateful, for batches of the sample's size. */
export const statefulSample = (starts: readonly Start[]): fc.Arbitrary<Sample> =>
  samples(starts, true).map((sample) =>
    named({
      ...sample,
      layers: () => {
        const layers = sample.layers();
        layers[0].batchInputShape = [sample.batch, ...sample.inputShape];
        return layers;
      },
    }),
  );
