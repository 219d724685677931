import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Random } from '../src/random.js';
import { predictForecast } from '../src/tasks/forecast.js';
import { predictSymbols } from '../src/tasks/symbols.js';
import { type LoadedTask, loadTask } from '../src/tasks/task.js';
import { evaluateText, generate } from '../src/tasks/text.js';
import { largestDifference, stock } from './formats/models.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = readdirSync(join(root, 'models'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The artefact of a kind, or an error that says which it is. */
function artefactOf<Kind extends LoadedTask['artefact']['kind']>({ artefact }: LoadedTask, kind: Kind) {
  if (artefact.kind !== kind) throw new Error(`expected a ${kind} model, not ${artefact.kind}`);
  return artefact as Extract<LoadedTask['artefact'], { kind: Kind }>;
}

test('the three models are there', () => {
  expect(folders).toEqual(expect.arrayContaining(['digits', 'psalms', 'weather']));
});

describe.each(folders)('models/%s', (name) => {
  const folder = join(root, 'models', name);
  let task: LoadedTask;

  beforeAll(async () => {
    task = await loadTask(folder);
  });
  afterAll(() => task?.model.dispose());

  test("runs on memcell's engine, and is named in models/README.md", () => {
    expect(task.model.engine).toEqual({ kind: 'memcell' });
    expect(readFileSync(join(root, 'models/README.md'), 'utf8')).toContain(`--out models/${name}\``);
  });

  test('stock tfjs, in a process without memcell, predicts the same (≤ 1e-5)', async () => {
    const shape = [5, ...task.model.inputShape.slice(1).map(Number)];
    const random = new Random(7);
    const { artefact } = task;
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
      artefact.kind === 'text' ? random.integer(artefact.characters.length) : random.normal(),
    );
    const own = await task.model.predict({ data, shape });
    const { output } = stock('load', folder, { input: [...data], shape });
    expect(output.length).toBe(own.data.length);
    expect(largestDifference([...own.data], output)).toBeLessThanOrEqual(1e-5);
  });
});

test('digits counts on', async () => {
  const task = await loadTask(join(root, 'models/digits'));
  const made = await predictSymbols(task.model, artefactOf(task, 'symbols'), [3], 12);
  expect(made).toEqual([4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5]);
  task.model.dispose();
});

test('weather forecasts a temperature of the day after its data', async () => {
  const task = await loadTask(join(root, 'models/weather'));
  const { columns, rows } = await predictForecast(task.model, artefactOf(task, 'forecast'));
  expect(columns).toEqual(['temp_max']);
  expect(rows).toHaveLength(1);
  expect(rows[0].time).toBe('2016-01-01');
  const [celsius] = rows[0].values;
  expect(celsius).toBeGreaterThanOrEqual(-20);
  expect(celsius).toBeLessThanOrEqual(45);
  task.model.dispose();
});

describe('psalms', () => {
  let task: LoadedTask;
  const text = readFileSync(join(root, 'examples/data/psalms.txt'), 'utf8');

  beforeAll(async () => {
    task = await loadTask(join(root, 'models/psalms'));
  });
  afterAll(() => task?.model.dispose());

  test('the same seed writes the same text, another one another', async () => {
    const write = async (seed: number) => {
      let made = '';
      for await (const character of generate(task.model, artefactOf(task, 'text'), { seed, length: 80 }))
        made += character;
      return made;
    };
    const first = await write(1);
    expect(first).toHaveLength(80);
    expect(await write(1)).toBe(first);
    expect(await write(2)).not.toBe(first);
  });

  test('cross-entropy of the first 5000 held-out characters is below 1.7 nats', async () => {
    const artefact = artefactOf(task, 'text');
    const heldOut = text.slice(text.length - Math.floor(text.length * 0.2)).slice(0, 5000);
    const { samples, crossEntropy, unigramCrossEntropy } = await evaluateText(task.model, artefact, heldOut, 'psalms');
    expect(samples).toBeGreaterThan(4900);
    expect(crossEntropy).toBeLessThan(1.7);
    expect(crossEntropy).toBeGreaterThan(1);
    expect(crossEntropy).toBeLessThan(unigramCrossEntropy);
  });
});
