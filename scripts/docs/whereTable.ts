import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemcellError } from '../../src/errors.js';
import { Input, Model } from '../../src/functional.js';
import { layerClasses } from '../../src/layers/byName.js';
import { definitionOf, type LayerDefinition } from '../../src/layers/define.js';
import { Dense, LSTM, LSTMCell } from '../../src/layers/index.js';
import { makeLayer } from '../../src/layers/make.js';

const FILE = 'scripts/docs/whereTable.ts';
const YES = '✓';
const NO = '–';

/** A value for each option that has to be given. */
const examples: Record<string, (className: string) => unknown> = {
  activation: () => 'relu',
  axes: () => 1,
  cell: () => LSTMCell(2),
  dims: () => [2, 1],
  filters: () => 2,
  item: () => -1,
  inputDim: () => 5,
  keyDim: () => 2,
  kernelSize: () => 2,
  layer: (className) => (className === 'Bidirectional' ? LSTM(2) : Dense(2)),
  n: () => 2,
  numHeads: () => 2,
  outputDim: () => 2,
  rate: () => 0.5,
  scale: () => 0.5,
  sequenceLength: () => 4,
  stddev: () => 0.1,
  targetShape: () => [2, 64],
  units: () => 2,
};

/** Where each layer runs and what holds it, found by making, running and saving a model of it: markdown. */
export async function whereTable(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'memcell-docs-'));
  try {
    const rows: string[] = [];
    for (const name of layerClasses().sort()) {
      const definition = definitionOf(name);
      if (!definition) throw new Error(`no layer ${name}`);
      rows.push(await rowOf(definition, folder));
    }
    return ['| layer | engine | step by step | `.keras` | ONNX |', '| --- | --- | --- | --- | --- |', ...rows, ''].join(
      '\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function rowOf(definition: LayerDefinition, folder: string): Promise<string> {
  const model = modelOf(definition);
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const { engine } = model;
  if (definition.engine !== null && engine.kind === 'tfjs')
    throw new Error(`${definition.class} has a half for the engine, but its example runs on tfjs: ${engine.why}`);
  const cells = [
    engine.kind === 'memcell' ? YES : NO,
    await can(() => model.stream()),
    await can(() => model.save(join(folder, 'model.keras'))),
    await can(() => model.save(join(folder, 'model.onnx'))),
  ];
  model.dispose();
  return `| \`${definition.class}\` | ${cells.join(' | ')} |`;
}

async function can(act: () => unknown): Promise<string> {
  try {
    await act();
    return YES;
  } catch (error) {
    if (error instanceof MemcellError) return NO;
    throw error;
  }
}

/** The layer alone, of defaults; one that joins inputs takes the same twice. */
function modelOf(definition: LayerDefinition): Model {
  const { class: className, joins, rank, schema } = definition;
  const options = Object.entries(schema).flatMap(([name, { need }]) => {
    if (need !== 'required') return [];
    if (!Object.hasOwn(examples, name)) throw new Error(`${className}: an example of ${name} is missing in ${FILE}`);
    return [[name, examples[name](className)]];
  });
  const shape = className === 'Embedding' ? [4] : 'exactly' in rank && rank.exactly === 2 ? [32] : [4, 32];
  const input = Input({ shape });
  const layer = makeLayer(definition, [], Object.fromEntries(options));
  return new Model({ inputs: input, outputs: layer.apply(joins ? [input, input] : input) });
}
