/** What the optimizer's numbers are called in an .h5: as Keras calls them, in its order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readPlain } from '../../src/formats/hdf5/plain.js';
import { Dense, LSTM, Sequential } from '../../src/index.js';
import { temporaryFolder } from './models.js';

const root = temporaryFolder('in memory');
const weights = ['lstm_kernel', 'lstm_recurrent_kernel', 'lstm_bias', 'dense_kernel', 'dense_bias'];

test.each<[object, string, string[]]>([
  [{ name: 'adam', config: {} }, 'adam', ['momentum', 'velocity']],
  [{ name: 'adamw', config: {} }, 'adamw', ['momentum', 'velocity']],
  [{ name: 'nadam', config: {} }, 'nadam', ['momentum', 'velocity']],
  [{ name: 'sgd', config: { momentum: 0.9 } }, 'sgd', ['momentum']],
])('%j', async (optimizer, scope, slots) => {
  const model = new Sequential([LSTM(3, { name: 'lstm' }), Dense(1, { name: 'dense' })], {
    inputShape: [4, 2],
    seed: 1,
  });
  model.compile({ loss: 'mse', optimizer: optimizer as { name: 'adam'; config: Record<string, unknown> } });
  const x = { data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)), shape: [2, 4, 2] };
  await model.fit(x, [[0], [1]], { epochs: 1, verbose: 0 });
  const path = join(root, `${scope}.h5`);
  await model.save(path);
  model.dispose();
  const names = readPlain(readFileSync(path))?.attributes.get('memcell_optimizer_weights')?.get('weight_names');
  expect(names).toEqual([
    `${scope}/iteration`,
    `${scope}/learning_rate`,
    ...weights.flatMap((weight) => slots.map((slot) => `${scope}/${weight}_${slot}`)),
    ...(scope === 'nadam' ? [`${scope}/variable`] : []),
  ]);
});
