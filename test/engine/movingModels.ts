/** Random models of layers that move steps and features about. */
import fc from 'fast-check';
import * as l from '../../src/layers/index.js';
import { ending, named, optimizer, type Sample, size } from './models.js';

type Shape = readonly [steps: number, features: number];

interface Move {
  kind:
    | 'reshape'
    | 'open reshape'
    | 'flat'
    | 'permute'
    | 'same order'
    | 'pad'
    | 'crop'
    | 'repeat'
    | 'steps'
    | 'features'
    | 'lstm';
  by: number;
  also: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom<Move['kind'][]>(
    'reshape',
    'open reshape',
    'flat',
    'permute',
    'same order',
    'pad',
    'crop',
    'repeat',
    'steps',
    'features',
    'lstm',
  ),
  by: fc.constantFrom(0, 1, 2, 3),
  also: fc.constantFrom(0, 1, 2),
});

/** The divisor of n that a number picks. */
function divisor(n: number, by: number): number {
  const all = Array.from({ length: n }, (_, i) => i + 1).filter((one) => n % one === 0);
  return all[by % all.length];
}

function moved([steps, features]: Shape, { kind, by, also }: Move): [layers: l.Layer[], shape: Shape] {
  const values = steps * features;
  const width = divisor(values, by + 2 * also);
  switch (kind) {
    case 'reshape':
      return [[l.Reshape([values / width, width])], [values / width, width]];
    case 'open reshape':
      return also === 1
        ? [[l.Reshape([values / width, -1])], [values / width, width]]
        : [[l.Reshape([-1, width])], [values / width, width]];
    case 'flat':
      return [
        [l.Reshape([also === 1 ? -1 : values]), l.Dense(6, 'tanh'), l.Reshape([2, 3])],
        [2, 3],
      ];
    case 'permute':
      return [[l.Permute([2, 1])], [features, steps]];
    case 'same order':
      return [[l.Permute([1, 2])], [steps, features]];
    case 'pad':
      return [[l.ZeroPadding1D({ padding: by === also ? by : [by, also] })], [steps + by + also, features]];
    case 'crop':
      return steps > by + also
        ? [[l.Cropping1D({ cropping: [by, also] })], [steps - by - also, features]]
        : [[l.UpSampling1D()], [2 * steps, features]];
    case 'repeat':
      return [[l.UpSampling1D({ size: by + 1 })], [(by + 1) * steps, features]];
    case 'steps':
      return also === 1
        ? [
            [l.GetItem([-1 - (by % steps), null]), l.UpSampling1D({ size: 2 })],
            [2 * (1 + (by % steps)), features],
          ]
        : [[l.GetItem([null, null, also - 1])], [steps, features]];
    case 'features':
      return also === 1
        ? [[l.GetItem([by % features, null], { axis: 2 })], [steps, features - (by % features)]]
        : [
            [l.GetItem(by % features, { axis: -1 }), l.RepeatVector(3)],
            [3, steps],
          ];
    case 'lstm':
      return [[l.LSTM(5, { returnSequences: true })], [steps, 5]];
  }
}

/** One to four of them behind a Dense, which wants a gradient, masked or not. */
export const movingSample: fc.Arbitrary<Sample> = fc
  .record({
    steps: fc.constantFrom(1, 2, 4, 7),
    features: size,
    masked: fc.boolean(),
    moves: fc.array(move, { minLength: 1, maxLength: 4 }),
    close: fc.constantFrom('flatten', 'lstm', 'sequence'),
    ending,
    optimizer,
    batch: fc.constantFrom(1, 2, 3, 5),
    weighted: fc.constantFrom<Sample['weighted'][]>('no', 'samples', 'alternately'),
    seed: fc.nat(1e6),
  })
  .map(({ steps, features, masked, moves, close, ending: end, ...rest }) => {
    const layers = () => {
      const out: l.Layer[] = [...(masked ? [l.Masking()] : []), l.Dense(4, 'tanh')];
      let shape: Shape = [steps, 4];
      for (const one of moves) {
        const [made, next] = moved(shape, one);
        out.push(...made);
        shape = next;
      }
      if (close === 'flatten') out.push(l.Flatten());
      if (close === 'lstm') out.push(l.LSTM(4));
      const last = l.Dense(end.units, end.final ?? 'linear');
      out.push(close === 'sequence' ? l.TimeDistributed(last) : last);
      return out;
    };
    return named({ ...rest, layers, inputShape: [steps, features], loss: end.loss, vocabulary: 0, zeroSteps: true });
  });
