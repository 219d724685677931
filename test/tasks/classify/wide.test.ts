import { expect, test } from '@jest/globals';
import { MemcellError } from '../../../src/errors.js';
import { Random } from '../../../src/random.js';
import type { Recipe } from '../../../src/tasks/classify/network.js';
import { type HiddenLayer, joinedModel, joinNetworks, type LinearLayer } from '../../../src/tasks/classify/wide.js';

const [inputs, classes] = [3, 4];
const random = new Random(5);
const draw = (n: number) => Float32Array.from({ length: n }, () => random.normal());
const network = (units: number): HiddenLayer => ({
  inputs,
  units,
  classes,
  kernel: draw(inputs * units),
  bias: draw(units),
  out: draw(units * classes),
  outBias: draw(classes),
});
const linear = (): LinearLayer => ({ inputs, classes, kernel: draw(inputs * classes), bias: draw(classes) });

/** Logits by the definition. */
function logitsOf(x: Float32Array, { units, kernel, bias, out, outBias }: HiddenLayer): number[] {
  const hidden = Array.from({ length: units }, (_, u) =>
    Math.max(0, bias[u] + x.reduce((sum, value, i) => sum + value * kernel[i * units + u], 0)),
  );
  return Array.from(outBias, (b, c) => b + hidden.reduce((sum, h, u) => sum + h * out[u * classes + c], 0));
}
const linearLogits = (x: Float32Array, { kernel, bias }: LinearLayer) =>
  Array.from(bias, (b, c) => b + x.reduce((sum, value, i) => sum + value * kernel[i * classes + c], 0));

const networks = [network(5), network(2), network(7)];
const lines = [linear(), linear()];
const mean = (rows: number[][], c: number) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length;

test.each([0, 0.4, 1])('share %s: logits are the blend of the mean logits, to 1e-5', (w) => {
  const joined = joinNetworks(networks, lines, w);
  expect(joined.units).toBe((w > 0 ? 14 : 0) + (w < 1 ? 2 * classes : 0));
  for (let n = 0; n < 20; n++) {
    const x = draw(inputs);
    const own = networks.map((one) => logitsOf(x, one));
    const straight = lines.map((one) => linearLogits(x, one));
    const logits = logitsOf(x, joined);
    for (let c = 0; c < classes; c++) expect(logits[c]).toBeCloseTo(w * mean(own, c) + (1 - w) * mean(straight, c), 5);
  }
});

test('the model answers with the softmax of these logits, on the engine, to 1e-6', async () => {
  const recipe: Recipe = {
    layers: '',
    inputShape: [inputs],
    classes,
    optimizer: 'adam',
    learningRate: 0.01,
    batchSize: 8,
    epochs: 1,
  };
  const { model, layers } = joinedModel(networks, lines, 0.6, recipe);
  expect(layers).toBe('Dense(22, relu), Dense(4, softmax)');
  expect(model.engine.kind).toBe('memcell');
  const x = draw(inputs);
  const logits = logitsOf(x, joinNetworks(networks, lines, 0.6));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const { data } = await model.predict({ data: x, shape: [1, inputs] });
  for (const [c, logit] of logits.entries()) expect(data[c]).toBeCloseTo(Math.exp(logit) / total, 6);
  model.dispose();
});

test('networks of other inputs or classes are not joined', () => {
  const error = new MemcellError('networks of different shapes cannot be joined', { code: 'model' });
  expect(() => joinNetworks([network(2), { ...network(2), inputs: 4 }], lines, 0.5)).toThrow(error);
  expect(() => joinNetworks([network(2), { ...network(2), classes: 2 }], lines, 0.5)).toThrow(error);
});
