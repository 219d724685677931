/** predict and evaluate of models without a task: arrays in, arrays or scores out. */
import { existsSync } from 'node:fs';
import type { ArrayFile } from '../arrays/arrayFile.js';
import { elements, type NdArray } from '../data/array.js';
import { usageError } from '../errors.js';
import { counted, formatNumber, formatTable } from '../format.js';
import type { ModelEnd, ModelInputs } from '../model/ends.js';
import type { Predictor } from '../predictor.js';
import type { Sequential } from '../sequential.js';
import type { Session } from './command.js';

/** More samples, and more numbers of one, are not shown to people one by one. */
const most = { samples: 40, columns: 12 };

/** What predicting takes of a model. */
type Answering = Pick<Predictor, 'predict' | 'inputs' | 'outputs' | 'lost' | 'dispose'>;

interface Opened<Model = Sequential> {
  model: Model;
  name: string;
}

/**
 * The outputs of a model for the samples in a file.
 * @throws MemcellError
 */
export async function predictArrays(
  { model, name }: Opened<Answering>,
  data: string | undefined,
  {
    out,
    features,
    json: _json,
    debug: _debug,
    ...others
  }: { out?: string; features?: string; [name: string]: unknown },
  session: Session,
): Promise<void> {
  try {
    refuseOthers(name, others);
    if (data === undefined) {
      throw usageError(`${name}: is a model without a task; give the samples: memcell predict ${name} DATA`);
    }
    sayLost(model, session);
    const [
      { encodeArrays, arrayForm, nested, readArrayFile },
      { inputsFrom },
      { encodeTable },
      { writeContent, writeTable },
    ] = await Promise.all([
      import('../arrays/arrayFile.js'),
      import('../arrays/forModel.js'),
      import('../data/encodeTable.js'),
      import('../data/write.js'),
    ]);
    const { arrays, notes } = inputsFrom(await readArrayFile(data), model.inputs, namesOf(features));
    for (const note of notes) session.note(note);
    const outputs = byName(model.outputs, await outputsOf(model, arrays));
    const form = out === undefined ? undefined : arrayForm(out);
    const samples = [...outputs.values()][0].shape[0];
    if (out === '-') session.stream(String(await encodeTable(headOf(outputs), rowsOf(outputs), 'csv')));
    else if (out !== undefined) {
      if (form) await writeContent(await encodeArrays(outputs, form), out);
      else await writeTable(headOf(outputs), rowsOf(outputs), out);
      const shapes = [...outputs].map(([each, { shape }]) => `${each} (${shape.join(', ')})`);
      session.note(`${shapes.join(', ')} written to ${out}`);
    } else session.print(shown(outputs));
    session.result({
      model: name,
      data,
      samples,
      outputs: [...outputs].map(([each, array]) => ({ name: each, shape: array.shape, values: nested(array) })),
      ...(notes.length > 0 && { notes }),
    });
  } finally {
    model.dispose();
  }
}

export interface EvaluateArrays {
  from?: string;
  targets?: string;
  features?: string;
  loss?: string;
  metrics?: string;
  report?: string | true;
  plot?: true;
}

/**
 * Loss and metrics of a model on the samples in a file.
 * @throws MemcellError
 */
export async function evaluateArrays(
  { model, name }: Opened,
  data: string,
  { targets, features, loss, metrics, from, report, plot }: EvaluateArrays,
  session: Session,
): Promise<void> {
  try {
    refuseOthers(name, {
      ...(from !== undefined && { from }),
      ...(report !== undefined && { report }),
      ...(plot && { plot }),
    });
    sayLost(model, session);
    await compile(model, name, loss, metrics);
    const [{ readArrayFile }, { inputsFrom }] = await Promise.all([
      import('../arrays/arrayFile.js'),
      import('../arrays/forModel.js'),
    ]);
    const file = await readArrayFile(data);
    const columns = targetColumns(file, targets);
    const { arrays, notes } = inputsFrom(file, model.inputs, namesOf(features) ?? columns?.others);
    for (const note of notes) session.note(note);
    const wanted = await targetsOf(file, targets, columns?.targets, model.outputs);
    const scores = await model.evaluate(given(model.inputs, arrays), given(model.outputs, wanted));
    const samples = arrays[0].shape[0];
    const lines = Object.entries(scores).map(([key, value]) => [key, formatNumber(value)]);
    session.print(formatTable([counted(samples, 'sample'), ''], lines));
    session.result({ model: name, data, samples, evaluation: scores, ...(notes.length > 0 && { notes }) });
  } finally {
    model.dispose();
  }
}

/** @throws MemcellError (usage) for an option that only models with a task have */
function refuseOthers(name: string, others: object): void {
  const [other] = Object.keys(others);
  if (other === undefined) return;
  const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw usageError(`${name}: --${flag} is for models of memcell train; this one has no task`);
}

function sayLost(model: Answering, session: Session): void {
  for (const line of model.lost) session.note(line);
}

/** With the loss and the metrics that were asked for, else those that the model came with. */
async function compile(
  model: Sequential,
  name: string,
  loss: string | undefined,
  metrics: string | undefined,
): Promise<void> {
  if (loss !== undefined) {
    const [{ getLoss }, { getMetrics }] = await Promise.all([
      import('../training/losses.js'),
      import('../training/metrics.js'),
    ]);
    model.compile({ loss: getLoss(loss), metrics: getMetrics('--metrics', namesOf(metrics)) });
  } else if (metrics !== undefined) {
    throw usageError('--metrics goes with --loss: name the loss too');
  } else if (!model.isCompiled) {
    throw usageError(`${name}: comes without a loss; name one, such as --loss mse`);
  }
}

/** Of a table: the columns that --targets names, unless it names a file, and the others. */
function targetColumns(file: ArrayFile, targets: string | undefined) {
  if (file.kind !== 'table' || targets === undefined || targets === '-' || existsSync(targets)) return undefined;
  const known = file.table.columns.map(({ name }) => name);
  const named = namesOf(targets) ?? [];
  if (named.every((name) => !known.includes(name)) && /[./\\]/.test(targets)) return undefined;
  for (const name of named) file.table.column(name);
  return { targets: named, others: known.filter((name) => !named.includes(name)) };
}

async function targetsOf(
  file: ArrayFile,
  targets: string | undefined,
  columns: readonly string[] | undefined,
  outputs: readonly ModelEnd[],
): Promise<NdArray[]> {
  const [{ readArrayFile }, { hasTargets, targetsFrom }] = await Promise.all([
    import('../arrays/arrayFile.js'),
    import('../arrays/forModel.js'),
  ]);
  if (columns) return targetsFrom(file, outputs, columns);
  if (targets !== undefined) return targetsFrom(await readArrayFile(targets), outputs);
  if (hasTargets(file, outputs)) return targetsFrom(file, outputs);
  const names = outputs.length === 1 ? 'y' : outputs.map(({ name }) => name).join(', ');
  throw usageError(
    `${file.name}: has no targets; give them with --targets FILE, as columns of a table (--targets COLS), or beside the inputs (${names})`,
  );
}

function namesOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map((name) => name.trim());
}

function given(ends: readonly ModelEnd[], arrays: readonly NdArray[]): ModelInputs {
  return arrays.length === 1 ? arrays[0] : Object.fromEntries(ends.map(({ name }, i) => [name, arrays[i]]));
}

async function outputsOf(model: Answering, arrays: readonly NdArray[]): Promise<NdArray[]> {
  const x = arrays.length === 1 ? arrays[0] : arrays;
  const output = await model.predict<NdArray | NdArray[]>(x);
  return Array.isArray(output) ? output : [output];
}

function byName(ends: readonly ModelEnd[], arrays: readonly NdArray[]): Map<string, NdArray> {
  return new Map(ends.map(({ name }, i) => [name, arrays[i]]));
}

/** 'y', 'y[0]', 'y[0,1]': a column for each number of a sample. */
function headOf(outputs: ReadonlyMap<string, NdArray>): string[] {
  return [...outputs].flatMap(([name, { shape }]) => {
    const sample = shape.slice(1);
    const size = elements(sample);
    if (size === 1) return [name];
    return Array.from({ length: size }, (_, i) => `${name}[${indices(i, sample).join(',')}]`);
  });
}

function indices(flat: number, shape: readonly number[]): number[] {
  const found: number[] = [];
  let rest = flat;
  for (const size of [...shape].reverse()) {
    found.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return found;
}

function rowsOf(outputs: ReadonlyMap<string, NdArray>, upTo = Number.POSITIVE_INFINITY): number[][] {
  const arrays = [...outputs.values()];
  return Array.from({ length: Math.min(upTo, arrays[0].shape[0]) }, (_, row) =>
    arrays.flatMap(({ data, shape }) => {
      const size = elements(shape.slice(1));
      return [...data.subarray(row * size, (row + 1) * size)];
    }),
  );
}

/** The first samples as a table. */
function shown(outputs: ReadonlyMap<string, NdArray>): string {
  const samples = [...outputs.values()][0].shape[0];
  const head = headOf(outputs);
  const cut = (cells: string[]) => (cells.length > most.columns ? [...cells.slice(0, most.columns), '…'] : cells);
  const rows = rowsOf(outputs, most.samples).map((row, i) => [String(i + 1), ...cut(row.map(formatNumber))]);
  const more = [
    ...(samples > most.samples ? [counted(samples - most.samples, 'more sample')] : []),
    ...(head.length > most.columns ? [`${counted(head.length - most.columns, 'more number')} of each`] : []),
  ];
  const rest = more.length > 0 ? `\n… ${more.join(', ')}; --out FILE or --json gives all` : '';
  return formatTable(['sample', ...cut(head)], rows) + rest;
}
