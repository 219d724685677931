/**
 * The tasks in code: forecast, classify, textModel and symbols take data as a program has it and resolve to a trained model
 * that answers in the data's own units and names; loadTask gives the same back from what was saved.
 */
import { valuesNamed } from '../data/inCode.js';
import { type Columns, type DataInput, openSource } from '../data/source.js';
import { didYouMean } from '../data/suggest.js';
import { MemcellError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import { type EitherSpelling, namedOptions, type Spelling, shown } from '../spelling.js';
import { type Callbacks, getCallbacks } from '../training/callbacks.js';
import type { OptimizerName } from '../training/optimizers.js';
import { version } from '../version.js';
import type { ClassifyOptions } from './classify/options.js';
import { classifyTask } from './classify/task.js';
import type { Loaded, SavedTask, Task } from './definition.js';
import type { ForecastOptions } from './forecast/options.js';
import { forecastTask } from './forecast/task.js';
import {
  type AnyTaskModel,
  ClassifyModel,
  ForecastModel,
  type Made,
  type Sequence,
  SymbolsModel,
  sequenceInput,
  TextModel,
} from './models.js';
import {
  checkKinds,
  checkOptions,
  count,
  flag,
  integer,
  names,
  type OptionKind,
  positive,
  share,
  text,
} from './options.js';
import { type OpenedTask, openSaved, readSaved } from './saved.js';
import type { TaskKind, TrainingSettings } from './settings.js';
import { Pictures } from './shown.js';
import { openStart } from './start.js';
import type { SymbolsOptions } from './symbols/options.js';
import { symbolsTask } from './symbols/task.js';
import type { TextOptions } from './text/options.js';
import { textTask } from './text/task.js';
import { runOf, trainingFault } from './train.js';

/** How a model is trained, whatever the task. What is left out suits the data. */
export interface TaskTraining extends Partial<Omit<TrainingSettings, 'optimizer'>> {
  optimizer?: Spelling<OptimizerName>;
  /** In the notation, such as 'LSTM(64), Dense(10, softmax)'. */
  layers?: string;
  /**
   * A folder, file or address of a trained model that training starts from: its layers, those frozen stay frozen, and their
   * weights. What its task says of columns, tokens and classes is kept.
   */
  from?: string;
  /** As Keras would do it: scaled samples, one network, one fit. */
  plain?: boolean;
  /** Seconds that training may take, about. */
  budget?: number;
  threads?: number;
  /** Aborting it stops after the batch; what was trained so far is kept. */
  signal?: AbortSignal;
  /**
   * One or a list, for every fit of a network whose epochs one wants to see. Of a forecast they see the last network only, that
   * on all rows: not those of the folds, nor a network that adds nothing.
   */
  callbacks?: Callbacks;
  /** Called with each part of the work as it begins. */
  onStage?: (text: string) => void;
}

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
  const named = namedOptions('forecast', given);
  if ('targets' in named) {
    throw new MemcellError(
      "forecast: the columns to forecast are given as target: 'sales' or target: ['sales', 'visits']",
      {
        code: 'usage',
      },
    );
  }
  const { target, ...options } = named;
  const input = valuesNamed(data as DataInput);
  openSource(input);
  const targets = target ?? (input === data ? undefined : 'value');
  if (!(typeof targets === 'string' || names.check(targets))) {
    const wrong = targets === undefined ? 'is missing' : `must be a column or a list of columns, not ${shown(targets)}`;
    throw new MemcellError(`forecast: target ${wrong}; give the column to forecast, such as { target: 'sales' }`, {
      code: 'usage',
    });
  }
  const { loaded, made } = await train(forecastTask, input, {
    ...options,
    targets: typeof targets === 'string' ? [targets] : [...targets],
  });
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
  const named = namedOptions('classify', options);
  if (named.label === undefined) {
    throw new MemcellError("classify: label is missing; give the column of the classes, such as { label: 'species' }", {
      code: 'usage',
    });
  }
  const { loaded, made } = await train(classifyTask, data, named);
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
  const { loaded, made } = await train(textTask, typeof text === 'string' ? { name: 'text', text } : text, options);
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
  const { loaded, made } = await train(symbolsTask, sequenceInput(sequence), options);
  return new SymbolsModel(loaded, made);
}

/** How a saved model of each task comes back. */
const readers: { readonly [Kind in TaskKind]: (opened: OpenedTask<Sequential>) => AnyTaskModel } = {
  forecast: (opened) => new ForecastModel(readSaved(opened, forecastTask)),
  classify: (opened) => new ClassifyModel(readSaved(opened, classifyTask)),
  text: (opened) => new TextModel(readSaved(opened, textTask)),
  symbols: (opened) => new SymbolsModel(readSaved(opened, symbolsTask)),
};

/**
 * Loads what memcell train, or a model's save, left in a folder: the task with its network. (loadModel gives the network
 * alone.)
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one
 */
export async function loadTask(folder: string): Promise<AnyTaskModel> {
  const opened = await openSaved(folder);
  return readers[opened.kind](opened);
}

type TrainingValues = Omit<TaskTraining, 'signal' | 'callbacks' | 'onStage' | 'optimizer'> & { optimizer?: string };

/** What the options of training take, whatever the task. */
const trainingKinds: {
  readonly [Name in keyof TrainingValues]-?: OptionKind<Exclude<TrainingValues[Name], undefined>>;
} = {
  layers: text,
  from: text,
  plain: flag,
  budget: positive,
  threads: count,
  epochs: count,
  batchSize: count,
  optimizer: text,
  learningRate: positive,
  validationSplit: share,
  patience: count,
  seed: integer,
};

async function train<
  O extends object,
  A extends SavedTask,
  E extends { kind: TaskKind },
  P extends object,
  R extends object,
>(
  task: Task<O, A, E, P, R>,
  data: DataInput,
  given: object,
): Promise<{ loaded: Loaded<A, Sequential>; made: Made<E> }> {
  const named = namedOptions(task.kind, given);
  const { onStage, signal, callbacks, ...others }: Pick<TaskTraining, 'onStage' | 'signal' | 'callbacks'> = named;
  if (onStage !== undefined && typeof onStage !== 'function') {
    throw new MemcellError(`${task.kind}: onStage must be a function, not ${shown(onStage)}`, { code: 'usage' });
  }
  if (signal !== undefined && !(typeof signal === 'object' && signal !== null && 'aborted' in signal)) {
    throw new MemcellError(`${task.kind}: signal must be an AbortSignal, not ${shown(signal)}`, { code: 'usage' });
  }
  const isTraining = ([name]: [string, unknown]) => Object.hasOwn(trainingKinds, name);
  const entries = Object.entries(others);
  const taken = [...Object.keys(task.options), ...Object.keys(trainingKinds)];
  const unknown = entries.find(([name]) => !taken.includes(name))?.[0];
  if (unknown !== undefined) {
    const names = [...taken, 'callbacks', 'signal', 'onStage'].map((name) => (name === 'targets' ? 'target' : name));
    const remedy = didYouMean(unknown, names) || `; it takes ${names.join(', ')}`;
    throw new MemcellError(`${task.kind}: unknown option '${unknown}'${remedy}`, { code: 'usage' });
  }
  const about = Object.fromEntries(entries.filter(isTraining));
  const { layers, from: path, plain, budget, threads, seed, ...settings } = checkKinds(trainingKinds, about, task.kind);
  const options = Object.fromEntries(entries.filter((entry) => !isTraining(entry)));
  const source = openSource(data);
  const pictures = new Pictures();
  const from = path === undefined ? undefined : await openStart(path, task.kind);
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
  } = await prepared.train().catch(fault);
  const training = { createdWith: `memcell ${version}`, source: source.name, layers: made, settings: used, history };
  return {
    loaded: { model, artefact: { ...artefact, training }, name: 'the model' },
    made: {
      evaluation,
      history,
      pictures,
      warnings: [...(from?.notes ?? []), ...prepared.warnings, ...warnings],
      ...(prepared.account && { understood: prepared.account }),
    },
  };
}
