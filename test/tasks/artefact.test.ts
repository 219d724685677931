import { describe, expect, test } from '@jest/globals';
import { parseTable } from '../../src/data/read.js';
import { type Artefact, parseArtefact } from '../../src/tasks/artefact.js';
import { prepareClassify } from '../../src/tasks/classify.js';
import { prepareForecast } from '../../src/tasks/forecast.js';
import type { TrainingRecord } from '../../src/tasks/settings.js';
import { prepareSymbols } from '../../src/tasks/symbols.js';
import { prepareText } from '../../src/tasks/text.js';

const training: TrainingRecord = {
  createdWith: 'memcell 0.1.0',
  source: 'w.csv',
  layers: 'LSTM(4), Dense(1)',
  settings: {
    epochs: 2,
    batchSize: 8,
    optimizer: 'adam',
    learningRate: 0.001,
    validationSplit: 0.2,
    patience: 3,
    seed: 1,
  },
  history: { loss: [1, 0.5], val_loss: [1.5, 1] },
};
const dated = parseTable('date,a,b\n2020-01,1,2\n2020-02,2,2\n2020-03,3,5\n2020-04,5,1\n', 'w.csv');
const grouped = parseTable('who,v,kind\na,1,u\na,3,u\nb,5,w\nb,7,w\n', 'c.csv');
const artefacts: Artefact[] = [
  prepareForecast(dated, { targets: ['a'], window: 2 }, 0).artefact,
  prepareForecast(parseTable('a\n1\n2\n4\n', 'w.csv'), { targets: ['a'], window: 1 }, 0).artefact,
  prepareClassify(grouped, { label: 'kind', group: 'who' }, 0).artefact,
  prepareClassify(grouped, { label: 'kind', steps: 1 }, 0).artefact,
  prepareText('abcabc', 't.txt', { window: 2 }, 0).artefact,
  prepareSymbols(Int32Array.of(1, 2, 3), 's.txt', {}, 0).artefact,
].map((artefact) => ({ ...artefact, training }));

/** Every value in a JSON tree, with the path to it. */
function* paths(value: unknown, path: string[] = []): Generator<string[]> {
  if (path.length > 0) yield path;
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* paths(inner, [...path, key]);
  }
}
const withChange = (artefact: Artefact, path: string[], value: unknown): unknown => {
  const copy: unknown = JSON.parse(JSON.stringify(artefact));
  let at = copy;
  for (const key of path.slice(0, -1)) at = Object(at)[key];
  Object(at)[path.at(-1)!] = value;
  return copy;
};

describe('parseArtefact', () => {
  test.each(artefacts.map((artefact) => [artefact.kind, artefact] as const))(
    '%s comes back through JSON',
    (_, artefact) => {
      expect(parseArtefact(JSON.parse(JSON.stringify(artefact)), 'm/model.json')).toEqual(artefact);
    },
  );

  test.each(artefacts.map((artefact) => [artefact.kind, artefact] as const))(
    '%s: every field replaced by another type is an error that names it',
    (_, artefact) => {
      for (const path of paths(artefact)) {
        const found = withChange(artefact, path, { not: 'this' });
        let message = '';
        try {
          parseArtefact(found, 'm/model.json');
        } catch (error) {
          message = error instanceof Error && error.name === 'MemcellError' ? error.message : `unexpected: ${error}`;
        }
        const list = path.findIndex((key) => /^\d+$/.test(key));
        const named = (list < 0 ? path : path.slice(0, list)).join('.');
        expect(message).toMatch(
          /^m\/model\.json: task\..* is damaged: must be .*; train the model again$|^m\/model\.json: task\.[\w.]+ is damaged: not an object/,
        );
        expect(message).toContain(`task.${named}`);
      }
    },
  );

  test.each<[string, number, string[], unknown, string]>([
    ['no such task', 0, ['kind'], 'guess', 'task.kind is damaged: must be one of forecast, classify, text, symbols'],
    ['no window', 0, ['window'], 0, 'task.window is damaged: must be a whole number of at least 1'],
    [
      'fewer means than features',
      0,
      ['featureScaling', 'mean'],
      [1],
      'task.featureScaling.mean is damaged: must be 2 finite numbers',
    ],
    ['a deviation of 0', 0, ['targetScaling', 'std'], [0], 'task.targetScaling.std is damaged: must be above 0'],
    ['half a window', 0, ['end', 'rows'], [1, 2], 'task.end.rows is damaged: must be 4 finite numbers'],
    ['no date', 0, ['end', 'time', 'value'], 1e17, 'task.end.time.value is damaged: must be a date'],
    ['steps back', 0, ['time', 'step', 'count'], -1, 'task.time.step.count is damaged: must be above 0'],
    ['a class twice', 2, ['classes'], ['u', 'u'], 'task.classes is damaged: must be 2 or more different texts'],
    ['a class too many', 2, ['majority'], 2, 'task.majority is damaged: must be below 2'],
    [
      'two characters in one',
      4,
      ['characters'],
      ['ab', 'c', 'd'],
      'task.characters is damaged: must be single characters',
    ],
    ['a symbol twice', 5, ['symbols'], [1, 1], 'task.symbols is damaged: must be two or more different whole numbers'],
    ['no scale', 5, ['scale'], 0, 'task.scale is damaged: must be above 0'],
  ])('%s', (_, which, path, value, message) => {
    expect(() => parseArtefact(withChange(artefacts[which], path, value), 'm/model.json')).toThrow(
      `m/model.json: ${message}`,
    );
  });

  test('not an object', () => {
    expect(() => parseArtefact([], 'm/model.json')).toThrow('m/model.json: task is damaged: not an object');
  });
});
