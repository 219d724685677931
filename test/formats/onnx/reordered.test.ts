/** The order of nodes in a file, and of the two sides of a sum or product, says nothing: any that could be computed reads the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from '@jest/globals';
import { loadModel } from '../../../src/sequential.js';
import { expectInAnyOrder } from './reordered.js';
import type { Numbers } from './runtime.js';

const files = ['tf2onnx', 'onnx'].flatMap((name) => {
  const folder = fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.onnx'))
    .map((file) => join(folder, file));
});

test.each(files.map((file) => [file.split('/').slice(-2).join('/'), file]))('%s', async (_, file) => {
  const bytes = readFileSync(file);
  const model = await loadModel(bytes);
  const inputs = model.inputs.map(({ shape }) => {
    const sizes = shape.map((size, axis) => size ?? (axis === 0 ? 2 : 5));
    // Whole numbers, for those that are looked up in a table.
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b) }, (__, i) =>
      Math.floor(3 * Math.abs(Math.sin(i))),
    );
    return { shape: sizes, data };
  });
  const x = inputs.length === 1 ? inputs[0] : inputs;
  const expected = await model.predict<Numbers | Numbers[]>(x);
  model.dispose();
  await expectInAnyOrder(bytes, x, expected);
});
