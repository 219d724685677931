/**
 * The tasks in code: forecast, classify, textModel and symbols take data as a program has it and resolve to a trained model
 * that answers in the data's own units and names; loadTask gives the same back from what was saved.
 */
import { type Columns, type DataInput, openSource } from '../data/source.js';
import type { Sequential } from '../sequential.js';
import { type EitherSpelling, namedOptions } from '../spelling.js';
import { getCallbacks } from '../training/callbacks.js';
import { version } from '../version.js';
import { openBackup } from './backup.js';
import type { ClassifyOptions } from './classify/options.js';
import { classifyTask } from './classify/task.js';
import { spelledInCode } from './codeSpelling.js';
import type { Loaded, SavedTask, Task } from './definition.js';
import type { ForecastOptions } from './forecast/options.js';
import { forecastTask } from './forecast/task.js';
import { classifyGiven, forecastGiven, type TaskTraining, textGiven, trainingGiven } from './functionOptions.js';
import { scoredOn } from './index.js';
import {
  type AnyTaskModel,
  ClassifyModel,
  ForecastModel,
  type Made,
  modelOf,
  type Sequence,
  SymbolsModel,
  sequenceInput,
  TextModel,
} from './models.js';
import { checkOptions } from './options.js';
import { openSaved } from './saved.js';
import type { TaskKind } from './settings.js';
import { Pictures } from './shown.js';
import { openStart } from './start.js';
import type { SymbolsOptions } from './symbols/options.js';
import { symbolsTask } from './symbols/task.js';
import type { TextOptions } from './text/options.js';
import { textTask } from './text/task.js';
import { runOf, trainingFault } from './train.js';

/** The options of a forecast of a table whose columns are known to the compiler. */
export type ForecastOf<Column extends string, Target extends Column> = {
  /** The columns to forecast. */
  target: Target | readonly Target[];
} & { [Name in 'features' | 'drop' | 'known' | 'group' | 'time']?: Column[] } & Omit<
    ForecastOptions,
    'targets' | 'features' | 'drop' | 'known' | 'group' | 'time'
  > &
  TaskTraining;

/**
 * Trains a forecast: exponential smoothing carries level, trend and season of each series, a ridge regression and an LSTM
 * learn what it misses. What comes back predicts in the data's own units, with intervals.
 *
 *     const model = await forecast([112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, …], { horizon: 12 });
 *     for (const { values, intervals } of await model.predict()) console.log(values.value, intervals[0]);
 *
 * @param data numbers, rows, columns, or a file
 * @throws MemcellError for data and options that cannot be
 */
export async function forecast(
  data: readonly number[] | Float64Array | Float32Array,
  options?: EitherSpelling<Omit<ForecastOptions, 'targets'> & TaskTraining>,
): Promise<ForecastModel<'value'>>;
export async function forecast<Row extends object, Target extends keyof Row & string>(
  data: readonly Row[],
  options: EitherSpelling<ForecastOf<keyof Row & string, Target>>,
): Promise<ForecastModel<Target>>;
export async function forecast<Table extends Columns, Target extends keyof Table & string>(
  data: Table,
  options: EitherSpelling<ForecastOf<keyof Table & string, Target>>,
): Promise<ForecastModel<Target>>;
export async function forecast<Target extends string>(
  data: string | { readonly files: readonly string[] } | { readonly name: string; readonly text: string },
  options: EitherSpelling<ForecastOf<string, Target>>,
): Promise<ForecastModel<Target>>;
export async function forecast(
  data: DataInput | readonly object[],
  given: EitherSpelling<{ target?: string | readonly string[] } & Omit<ForecastOptions, 'targets'> & TaskTraining> = {},
): Promise<ForecastModel> {
  const { input, options } = forecastGiven(data, namedOptions('forecast', given));
  const { loaded, made } = await train(forecastTask, input, options);
  return new ForecastModel(loaded, made);
}

/**
 * Trains a classifier of rows, of rows as steps, of groups of rows, or of texts.
 *
 *     const model = await classify(rows, { label: 'species' });
 *     const [{ label, probabilities }] = await model.predict([{ petal_length: 1.4, petal_width: 0.2 }]);
 *
 * @throws MemcellError for data and options that cannot be
 */
export async function classify(
  data: DataInput,
  options: EitherSpelling<ClassifyOptions & TaskTraining>,
): Promise<ClassifyModel> {
  const { loaded, made } = await train(classifyTask, data, classifyGiven(namedOptions('classify', options)));
  return new ClassifyModel(loaded, made);
}

/**
 * Trains a model of a text: the next character, word or byte pair. The text itself, or { files } for a file.
 *
 *     const model = await textModel(psalms, { budget: 60 });
 *     console.log(await model.predict('The LORD is', { length: 200, temperature: 0.7 }));
 */
export async function textModel(
  text: string | { readonly files: readonly string[] },
  options: EitherSpelling<TextOptions & TaskTraining> = {},
): Promise<TextModel> {
  const { loaded, made } = await train(textTask, textGiven(text), namedOptions('text', options));
  return new TextModel(loaded, made);
}

/**
 * Trains a model of a sequence of symbols: the next one, as the document's program learns to count.
 *
 *     const model = await symbols([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, …]);
 *     await model.predict([7], { steps: 5 }); // [8, 9, 0, 1, 2]
 */
export async function symbols(
  sequence: Sequence,
  options: EitherSpelling<SymbolsOptions & TaskTraining> = {},
): Promise<SymbolsModel> {
  const { loaded, made } = await train(symbolsTask, sequenceInput(sequence), namedOptions('symbols', options));
  return new SymbolsModel(loaded, made);
}

/**
 * Loads what memcell train, or a model's save, left in a folder: the task with its network. (loadModel gives the network
 * alone.)
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one
 */
export async function loadTask(folder: string): Promise<AnyTaskModel> {
  return modelOf(await openSaved(folder));
}

const train: typeof trainTask = (task, data, given) => spelledInCode(() => trainTask(task, data, given));

async function trainTask<
  O extends object,
  A extends SavedTask,
  E extends { kind: TaskKind },
  P extends object,
  R extends object,
>(
  task: Task<O, A, E, P, R>,
  data: DataInput,
  given: Record<string, unknown>,
): Promise<{ loaded: Loaded<A, Sequential>; made: Made<E> }> {
  const { training: about, settings, options, onStage, signal, callbacks, backup } = trainingGiven(task.kind, given);
  const { layers, from: path, plain, budget, threads, seed } = about;
  const source = openSource(data);
  const pictures = new Pictures();
  const from = path === undefined ? undefined : await openStart(path, task.kind, layers);
  const { threads: _, ...told } = { ...about, ...settings };
  const asked = { task: task.kind, options, training: told, ...(from && { from: from.identity }) };
  const said: string[] = [];
  const journal =
    backup === undefined ? undefined : await openBackup(backup, asked, source, data, (line) => void said.push(line));
  const run = runOf(
    {
      settings,
      shown: pictures.add,
      ...(seed !== undefined && { seed }),
      ...(layers !== undefined && { layers }),
      ...(from && { from }),
      ...(plain !== undefined && { plain }),
      ...(budget !== undefined && { budget }),
      ...(threads !== undefined && { threads }),
      ...(signal && { signal }),
      ...(callbacks !== undefined && { callbacks: getCallbacks(callbacks) }),
      ...(onStage && { stage: onStage }),
      ...(journal && { fits: journal }),
    },
    source.name,
  );
  const fault = (error: unknown): never => {
    throw trainingFault(error, { from, layers });
  };
  const checked = checkOptions(task.options, options, task.kind) as O;
  const prepared = await task.prepare(source, checked, run).catch(fault);
  const {
    model,
    artefact,
    evaluation,
    warnings,
    history,
    layers: made,
    settings: used,
    stopped,
  } = await prepared.train().catch(fault);
  if (stopped?.reason !== 'interrupted') await journal?.clear();
  else if (journal?.isKept) said.push(`stopped; the same call goes on from ${journal.folder}`);
  const training = { createdWith: `memcell ${version}`, source: source.name, layers: made, settings: used, history };
  return {
    loaded: { model, artefact: { ...artefact, training }, name: 'the model' },
    made: {
      evaluation,
      on: scoredOn(prepared.heldOut),
      history,
      pictures,
      warnings: [...(from?.notes ?? []), ...prepared.warnings, ...warnings, ...said],
      ...(prepared.account && { understood: prepared.account }),
    },
  };
}
