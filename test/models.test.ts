import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Random } from '../src/random.js';
import { loadTask } from '../src/tasks/functions.js';
import type { AnyTaskModel } from '../src/tasks/models.js';
import { largestDifference, stock } from './formats/models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = readdirSync(join(root, 'models'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The model of a kind, or an error that says which it is. */
async function loadKind<Kind extends AnyTaskModel['kind']>(
  name: string,
  kind: Kind,
): Promise<Extract<AnyTaskModel, { kind: Kind }>> {
  const model = await loadTask(join(root, 'models', name));
  if (model.kind !== kind) throw new Error(`expected a ${kind} model, not ${model.kind}`);
  return model as Extract<AnyTaskModel, { kind: Kind }>;
}

test('the three models are there', () => {
  expect(folders).toEqual(expect.arrayContaining(['digits', 'psalms', 'weather']));
});

describe.each(folders)('models/%s', (name) => {
  const folder = join(root, 'models', name);
  let task: AnyTaskModel;

  beforeAll(async () => {
    task = await loadTask(folder);
  });
  afterAll(() => task?.dispose());

  test("runs on memcell's engine, and is named in models/README.md", () => {
    expect(task.network.engine).toEqual({ kind: 'memcell' });
    expect(readFileSync(join(root, 'models/README.md'), 'utf8')).toContain(`--out models/${name}\``);
  });

  test('stock tfjs, in a process without memcell, predicts the same (≤ 1e-5)', async () => {
    const shape = [5, ...task.network.inputShape.slice(1).map(Number)];
    const random = new Random(7);
    const { artefact } = task.loaded;
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
      artefact.kind === 'text' ? random.integer(artefact.tokens.size) : random.normal(),
    );
    const own = await task.network.predict({ data, shape });
    const { output } = stock('load', folder, { input: [...data], shape });
    expect(output.length).toBe(own.data.length);
    expect(largestDifference([...own.data], output)).toBeLessThanOrEqual(1e-5);
  });
});

test('digits counts on', async () => {
  const model = await loadKind('digits', 'symbols');
  expect(await model.predict([3], { steps: 12 })).toEqual([4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5]);
  model.dispose();
});

test('weather forecasts the temperature of the day after its data, as it did when it was made', async () => {
  const model = await loadKind('weather', 'forecast');
  const [{ time, values }, ...rest] = await model.predict();
  expect(rest).toEqual([]);
  expect(time).toBe('2016-01-01');
  expect(Object.keys(values)).toEqual(['temp_max']);
  expect(Math.abs(values.temp_max - 5.185)).toBeLessThan(0.01);
  model.dispose();
});

describe('psalms', () => {
  let model: Awaited<ReturnType<typeof loadKind<'text'>>>;
  const text = readFileSync(join(root, 'examples/data/psalms.txt'), 'utf8');

  beforeAll(async () => {
    model = await loadKind('psalms', 'text');
  });
  afterAll(() => model?.dispose());

  test('the same seed writes the same text, another one another', async () => {
    const write = async (seed: number) => {
      let made = '';
      for await (const piece of model.generate({ seed, length: 80 })) made += piece;
      return made;
    };
    const first = await write(1);
    expect(first).toHaveLength(80);
    expect(await write(1)).toBe(first);
    expect(await write(2)).not.toBe(first);
  });

  test('cross-entropy of the first 5000 held-out characters is below 1.7 nats', async () => {
    const heldOut = text.slice(text.length - Math.floor(text.length * 0.2)).slice(0, 5000);
    const { samples, crossEntropy, unigramCrossEntropy } = await model.evaluate({ name: 'psalms', text: heldOut });
    expect(samples).toBeGreaterThan(4900);
    expect(crossEntropy).toBeLessThan(1.7);
    expect(crossEntropy).toBeGreaterThan(1);
    expect(crossEntropy).toBeLessThan(unigramCrossEntropy);
  });
});
