import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { kerasCompile } from '../../src/formats/keras/writtenTraining.js';
import type { Json } from '../../src/formats/modelJson.js';
import { getLoss } from '../../src/training/losses.js';
import { getMetric } from '../../src/training/metrics.js';

/** What Keras takes: it refuses a whole file for one name of another loss or metric. */
const keras: { losses: string[]; metrics: string[] } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/kerasNames/names.json', import.meta.url)), 'utf8'),
);

/** All names that memcell takes, short ones too, as its error lists them. */
function namesOf(get: (name: string) => unknown): string[] {
  try {
    get('zzzzzzzz');
  } catch (error) {
    return String(error)
      .replace(/^.* are /, '')
      .split(', ');
  }
  throw new Error('taken');
}

const classOf = (written: Json) => (written as { class_name: string }).class_name;

test('every loss is written as one of Keras, or left out and said', () => {
  const names = namesOf(getLoss);
  expect(names.length).toBeGreaterThan(20);
  const left: string[] = [];
  for (const given of names) {
    const { name, config } = getLoss(given);
    const lost: string[] = [];
    const { loss } = kerasCompile({ loss: { name, config: config as { [key: string]: Json } } }, lost);
    if (loss === null) left.push(given);
    else expect(keras.losses).toContain(classOf(loss));
    expect(lost.length).toBe(loss === null ? 1 : 0);
  }
  expect(left.sort()).toEqual(['gaussianLikelihood', 'quantile']);
});

test('every metric is written as one of Keras, by name and with options, or left out and said', () => {
  const names = namesOf(getMetric);
  expect(names.length).toBeGreaterThan(30);
  const left: string[] = [];
  for (const given of names) {
    const { made } = getMetric(given);
    const kind = made && { name: made.name, config: made.config as { [key: string]: Json } };
    const lost: string[] = [];
    const { metrics } = kerasCompile({ metrics: [given, ...(kind ? [kind] : [])] }, lost);
    if (metrics === null) left.push(given);
    else {
      const [text, described] = metrics as Json[];
      // Keras's compile() takes acc by itself, and its class Accuracy is another metric.
      if (text !== 'acc') expect(keras.metrics).toContain(text);
      if (made?.name === 'accuracy') expect(described).toBe('accuracy');
      else if (described !== undefined) expect(keras.metrics).toContain(classOf(described));
    }
    expect(lost.length).toBe(metrics === null ? (kind ? 2 : 1) : 0);
  }
  expect(left.sort()).toEqual(['huber', 'perplexity']);
});
