import { beforeAll, describe, expect, test } from '@jest/globals';
import { Fields } from '../../src/fields.js';
import type { SavedTask } from '../../src/tasks/definition.js';
import { classify, forecast, symbols, textModel } from '../../src/tasks/functions.js';
import { tasks } from '../../src/tasks/index.js';
import type { AnyTaskModel } from '../../src/tasks/models.js';
import { version } from '../../src/version.js';

const short = { epochs: 1, seed: 1 };
const months = Array.from({ length: 40 }, (_, i) => ({
  month: `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}`,
  level: 20 + (i % 12) + i / 10,
  promo: i % 3 === 0 ? 'yes' : 'no',
}));
const slopes = Array.from({ length: 90 }, (_, i) => ({
  who: `g${Math.floor(i / 3)}`,
  v: (i % 3) * (Math.floor(i / 3) % 2 ? 1 : -1),
  kind: Math.floor(i / 3) % 2 ? 'up' : 'down',
}));
const flowers = slopes.map(({ v, kind }, i) => ({ v, w: i % 5, kind }));

const made: Record<string, () => Promise<AnyTaskModel>> = {
  forecast: () => forecast(months, { target: 'level', horizon: 2, ...short }),
  'forecast, plain': () => forecast(months, { target: 'level', features: ['level'], window: 6, plain: true, ...short }),
  'classify groups': () => classify(slopes, { label: 'kind', group: ['who'], ...short }),
  'classify rows': () => classify(flowers, { label: 'kind', ...short }),
  'classify, plain': () => classify(flowers, { label: 'kind', plain: true, ...short }),
  text: () => textModel('the cat sat on the mat and the rat sat on the hat. '.repeat(12), { window: 16, ...short }),
  symbols: () => symbols('a b c a b d '.repeat(20), short),
};

/** Every value in a JSON tree, with the path to it; of long lists the first few. */
function* paths(value: unknown, path: string[] = []): Generator<string[]> {
  if (path.length > 0) yield path;
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value).slice(0, Array.isArray(value) ? 3 : 100)) {
      yield* paths(inner, [...path, key]);
    }
  }
}

function withChange(artefact: unknown, path: string[], value: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(artefact));
  let at = copy;
  for (const key of path.slice(0, -1)) at = Object(at)[key];
  Object(at)[path.at(-1)!] = value;
  return copy;
}

const parse = (value: unknown, kind: SavedTask['kind']) => tasks[kind].parse(new Fields(value, 'm/model.json: task'));

describe.each(Object.keys(made))('what is saved of %s', (name) => {
  let saved: unknown;
  let kind: SavedTask['kind'];

  beforeAll(async () => {
    const model = await made[name]();
    saved = JSON.parse(JSON.stringify(model.network.metadata.task));
    kind = model.kind;
    model.dispose();
  });

  test('comes back through JSON, and says how it was trained', () => {
    const { training, ...rest } = JSON.parse(JSON.stringify(saved));
    expect(training).toMatchObject({ createdWith: `memcell ${version}`, settings: { epochs: 1, seed: 1 } });
    expect(JSON.parse(JSON.stringify(parse(saved, kind)))).toEqual(rest);
  });

  test('every field replaced by a value of another type is an error that names its place', () => {
    const { training: _, kind: __, ...rest } = JSON.parse(JSON.stringify(saved));
    let tried = 0;
    const wrong: string[] = [];
    for (const path of paths(rest)) {
      tried++;
      const changed = withChange(rest, path, { not: 'this' });
      let message = '';
      try {
        parse(changed, kind);
      } catch (error) {
        message = error instanceof Error && error.name === 'MemcellError' ? error.message : `unexpected: ${error}`;
      }
      if (/^m\/model\.json: task.* is damaged: .*; train the model again$/.test(message)) continue;
      wrong.push(`${path.join('.')}: ${message}`);
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(5);
  });
});
