import { type Columns, type DataInput, openSource } from '../data/source.js';
import { usageError } from '../errors.js';
import { type EitherSpelling, namedOptions, shown } from '../spelling.js';
import type { ClassifyOptions } from './classify/options.js';
import { spelledInCode } from './codeSpelling.js';
import { kinds } from './flags.js';
import type { ForecastOptions } from './forecast/options.js';
import {
  checkFunction,
  classifyGiven,
  forecastGiven,
  type TaskTraining,
  textGiven,
  trainingGiven,
} from './functionOptions.js';
import type { ForecastOf } from './functions.js';
import { scoredOn } from './index.js';
import {
  type AnyTaskModel,
  type ClassifyModel,
  type ForecastModel,
  type Made,
  modelOf,
  type Sequence,
  type SymbolsModel,
  sequenceInput,
  type TextModel,
} from './models.js';
import { count } from './options.js';
import { openTask } from './saved.js';
import type { Trial } from './search.js';
import type { TaskKind } from './settings.js';
import { Pictures } from './shown.js';
import type { SymbolsOptions } from './symbols/options.js';
import type { TextOptions } from './text/options.js';
import { type Comparison, tuneTask, tuneText } from './tune.js';

/** How a search goes, and how its models are trained. What is given is not searched. */
export interface TuneSettings extends Omit<TaskTraining, 'from' | 'plain' | 'callbacks' | 'onStage' | 'backup'> {
  /** How many settings are tried, the defaults among them (20). */
  trials?: number;
  /** Seconds that all of it may take, about: the last training and comparison included. */
  budget?: number;
  /** Aborting it ends the search: the best settings so far are trained, and not compared with the defaults. */
  signal?: AbortSignal;
  /** Called after each trial. */
  onTrial?: (trial: Trial) => void;
}

/** What came of a search. */
export interface Tuning<Model extends AnyTaskModel = AnyTaskModel> {
  /** Trained with the best settings, as the task's own function would train it. */
  model: Model;
  /** The trial with the least error, and all of them; the first one has the defaults. */
  best: Trial;
  trials: Trial[];
  /** What the errors are: 'log loss'. */
  metric: string;
  /** Samples that settings were chosen by. */
  samples: number;
  /** Errors on the part that nothing was chosen by. Not there where the defaults are the best, or the search was aborted. */
  compared?: Comparison;
  /** What ended it: all trials are done, there are no other settings, the time is up, the signal. */
  ended: 'finished' | 'exhausted' | 'budget' | 'interrupted';
  /** What came of it, in lines for people. */
  verdict: string[];
}

/** Options of a task and of a search over them. */
export type SearchedOptions<Options> = EitherSpelling<Omit<Options, keyof TaskTraining> & TuneSettings>;

/**
 * Searches a task's settings at random (Bergstra and Bengio, 2012) for some that suit the data better than the defaults, trains with the best, and
 * compares them with the defaults on a part of the data that nothing was chosen by. As `memcell tune` does.
 *
 *     const { model, best, verdict } = await tune('forecast', rows, { target: 'sales', trials: 30 });
 *     console.log(verdict.join('\n'), best.options, best.settings, best.layers);
 *     const again = await forecast(rows, { target: 'sales', ...best.options, ...best.settings, layers: best.layers });
 *
 * @param task 'forecast', 'classify', 'text' or 'symbols'
 * @param data what the task's own function takes
 * @param options those of the task's own function (not from, plain, callbacks and onStage), and how many trials
 * @throws MemcellError for data and options that cannot be, and when it is aborted before the first trial is done
 */
export function tune(
  task: 'forecast',
  data: readonly number[] | Float64Array | Float32Array,
  options?: SearchedOptions<Omit<ForecastOptions, 'targets'>>,
): Promise<Tuning<ForecastModel<'value'>>>;
export function tune<Row extends object, Target extends keyof Row & string>(
  task: 'forecast',
  data: readonly Row[],
  options: SearchedOptions<ForecastOf<keyof Row & string, Target>>,
): Promise<Tuning<ForecastModel<Target>>>;
export function tune<Table extends Columns, Target extends keyof Table & string>(
  task: 'forecast',
  data: Table,
  options: SearchedOptions<ForecastOf<keyof Table & string, Target>>,
): Promise<Tuning<ForecastModel<Target>>>;
export function tune<Target extends string>(
  task: 'forecast',
  data: string | { readonly files: readonly string[] } | { readonly name: string; readonly text: string },
  options: SearchedOptions<ForecastOf<string, Target>>,
): Promise<Tuning<ForecastModel<Target>>>;
export function tune(
  task: 'classify',
  data: DataInput,
  options: SearchedOptions<ClassifyOptions>,
): Promise<Tuning<ClassifyModel>>;
export function tune(
  task: 'text',
  data: string | { readonly files: readonly string[] },
  options?: SearchedOptions<TextOptions>,
): Promise<Tuning<TextModel>>;
export function tune(
  task: 'symbols',
  data: Sequence,
  options?: SearchedOptions<SymbolsOptions>,
): Promise<Tuning<SymbolsModel>>;
export async function tune(task: TaskKind, data: unknown, given?: unknown): Promise<Tuning> {
  if (!kinds.includes(task)) {
    throw usageError(`tune: the task is ${kinds.join(', ')}, not ${shown(task)}`);
  }
  const { trials: most = 20, onTrial, ...named } = namedOptions('tune', given);
  if (!count.check(most)) {
    throw usageError(`tune: trials must be ${count.what}, not ${shown(most)}`);
  }
  checkFunction('tune', 'onTrial', onTrial);
  for (const name of ['from', 'plain', 'callbacks', 'onStage']) {
    if (name in named) throw usageError(`tune: it takes no ${name}; leave it out`);
  }
  const { input, options: rest } = givenOf[task](data, named);
  const { training, settings, options, signal } = trainingGiven(task, rest);
  const { layers, budget, threads, seed } = training;
  const pictures = new Pictures();
  let made: Pick<Made<never>, 'understood' | 'warnings' | 'on'> = { warnings: [], on: '' };
  const source = openSource(input);
  const tuned = await spelledInCode(() =>
    tuneTask(task, source, options, {
      trials: most,
      toSave: true,
      settings,
      ...(layers !== undefined && { layers }),
      ...(budget !== undefined && { budget }),
      ...(threads !== undefined && { threads }),
      ...(seed !== undefined && { seed }),
      ...(signal && { signal }),
      ...(typeof onTrial === 'function' && { onTrial: (trial) => onTrial(trial) }),
      final: {
        shown: pictures.add,
        onPrepared: ({ account, warnings, heldOut }) => {
          made = { warnings, on: scoredOn(heldOut), ...(account && { understood: account }) };
          return true;
        },
      },
    }),
  );
  if (tuned === undefined) throw usageError('tune: aborted before the first trial was done');
  const { search, trained, compared } = tuned;
  const { model, evaluation, history, warnings } = trained;
  const { best, trials, metric, samples, ended } = search;
  return {
    model: modelOf(openTask(model, 'the model'), {
      evaluation,
      history,
      pictures,
      ...made,
      warnings: [...made.warnings, ...warnings],
    }),
    best,
    trials,
    metric,
    samples,
    ...(compared && { compared }),
    ended,
    verdict: tuneText(tuned),
  };
}

/** Data and options of each task as its own function takes them. */
const givenOf: {
  readonly [Kind in TaskKind]: (
    data: unknown,
    named: Record<string, unknown>,
  ) => { input: DataInput; options: Record<string, unknown> };
} = {
  forecast: forecastGiven,
  classify: (data, options) => ({ input: data as DataInput, options: classifyGiven(options) }),
  text: (data, options) => ({ input: textGiven(data as string), options }),
  symbols: (data, options) => ({ input: sequenceInput(data as Sequence), options }),
};
