/** What is saved of a model of classes: each way to be damaged, in whole lines. */
import { expect, test } from '@jest/globals';
import { Fields } from '../../../src/fields.js';
import { classifyArrays, classifyShapes, parseClassifyArtefact } from '../../../src/tasks/classify/artefact.js';

/** As it was saved before tables were understood: rows of two features. */
const rows = {
  kind: 'classify',
  label: 'k',
  features: ['a', 'b'],
  classes: ['x', 'y'],
  majority: 1,
  steps: 1,
  scaling: { mean: [3, 4], std: [1, 2] },
};
const { steps: _, ...stepless } = rows;
const reading = { columns: [], fill: 'linear' };
const text = { kind: 'words', known: ['so', 'it'] };

const parse = (value: object) => parseClassifyArtefact(new Fields(value, 'model.json: task'));

test.each<[object, string]>([
  [{ ...rows, majority: 2 }, 'majority is damaged: must be below 2'],
  [{ ...rows, classes: ['x'] }, 'classes is damaged: must be 2 or more different texts'],
  [{ ...rows, steps: 0 }, 'steps is damaged: must be a whole number of at least 1'],
  [{ ...rows, scaling: { mean: [3, 4], std: [1, 0] } }, 'scaling.std is damaged: must be above 0'],
  [{ ...rows, scaling: { mean: [3], std: [1, 2] } }, 'scaling.mean is damaged: must be 2 finite numbers'],
  [{ ...rows, scaling: { mean: [3], std: [1] } }, 'scaling.std is damaged: must be 2 finite numbers'],
  [{ ...rows, features: ['a', 'b', 'c'], steps: 2 }, 'steps is damaged: must be a divisor of 3'],
  [{ ...rows, padded: 'start' }, 'padded is damaged: must be one of end'],
  [{ ...rows, classWeights: 'even' }, 'classWeights is damaged: must be one of balanced'],
  [stepless, 'steps is damaged: must be a whole number of at least 1'],
  [{ ...stepless, group: 'g' }, 'steps is damaged: must be there'],
  [{ ...stepless, groups: ['g'], reading }, 'steps is damaged: must be there'],
  [{ ...stepless, text, reading }, 'steps is damaged: must be there'],
])('%j: %s', (value, message) => {
  expect(() => parse(value)).toThrow(
    expect.objectContaining({ code: 'model', message: `model.json: task.${message}; train the model again` }),
  );
});

test('what is read is all that was saved', () => {
  const two = { ...rows, features: ['a1', 'b1', 'a2', 'b2'], steps: 2 };
  const groups = {
    ...rows,
    group: 'g',
    steps: 5,
    padded: 'end',
    classWeights: 'balanced',
    checksum: 'c',
    drawnFrom: 'd',
  };
  for (const value of [rows, two, groups]) expect(parse(value)).toEqual(value);
  expect([rows, two, groups].map((value) => classifyShapes(parse(value)))).toEqual([
    { input: [1, 2], outputs: [[2]] },
    { input: [2, 2], outputs: [[2]] },
    { input: [5, 2], outputs: [[2]] },
  ]);
  expect(classifyArrays(parse(groups))).toEqual({
    x: 'float32 [batch, 5, 2]: 5 steps of x_columns, each number of a step (value - x_mean) / x_std, a missing one 0, filled up at the end with -1000; texts are one number for each value',
    y: 'float32 [batch, 2]: the probability of each of y_classes, the values of k',
    x_columns: ['a', 'b'],
    x_mean: [3, 4],
    x_std: [1, 2],
    y_classes: ['x', 'y'],
  });
});
