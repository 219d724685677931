import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { version } from '../src/version.js';

const source = join(dirname(fileURLToPath(import.meta.url)), '../src');

/** Each folder or root file with its level: it may import from lower levels and from itself, nothing else. */
const levels: Record<string, number> = {
  errors: 0,
  eventLoop: 0,
  tf: 0.3,
  version: 0,
  format: 0,
  random: 0,
  tfjsTypes: 0,
  tensorflow: 0.2,
  fields: 0.5,
  spelling: 0.5,
  tfjs: 0.5,
  data: 1,
  kernels: 1,
  plan: 1.1,
  valueKinds: 1.1,
  activations: 1.2,
  layers: 1.5,
  model: 2,
  training: 3,
  engine: 4,
  explain: 4,
  formats: 4,
  predicting: 4.5,
  sequential: 5,
  functional: 5.5,
  predictor: 5,
  arrays: 5,
  tasks: 6,
  report: 7,
  speed: 8,
  cli: 9,
  index: 10,
  predict: 10,
};

function part(file: string): string {
  return relative(source, file)
    .split('/')[0]
    .replace(/\.[jt]s$/, '');
}

test('imports go one way through the folders of src', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.includes('assembly/')) continue;
    const file = join(source, name);
    const from = part(file);
    expect(Object.keys(levels)).toContain(from);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
      const to = part(resolve(dirname(file), path));
      seen++;
      if (to !== from && !(levels[to] < levels[from])) wrong.push(`${relative(source, file)} imports ${path}`);
    }
  }
  expect(seen).toBeGreaterThan(10);
  expect(wrong).toEqual([]);
});

test('only src/tf.ts imports TensorFlow.js, except for the backends that are loaded when they are asked for', () => {
  const importing = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.ts') && /(?:from|import) '@tensorflow\//.test(readFileSync(join(source, name), 'utf8')),
    )
    .sort();
  expect(importing).toEqual(['tf.ts']);
});

test("the version that memcell says is the package's", () => {
  const { version: published } = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8'));
  expect(version).toBe(published);
});

test('the build for browsers takes no name from a module of its own that has it not', () => {
  // Parcel refuses such a build, though nothing of the kind ever runs.
  const folder = join(source, '../dist/browser');
  const missing: string[] = [];
  let seen = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, names, from] of text.matchAll(/\{([\w\s,:]*)\} = await import\("(\.\/[^"]+)"\)/g)) {
      const exported = readFileSync(join(folder, from), 'utf8').match(/export \{([^}]*)\}/)?.[1] ?? '';
      const given = new Set(exported.split(',').map((one) => one.trim().split(' as ').pop()));
      for (const taken of names.split(',').map((one) => one.split(':')[0].trim())) {
        seen++;
        if (!given.has(taken)) missing.push(`${name}: ${taken} of ${from}`);
      }
    }
  }
  expect(seen).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});
