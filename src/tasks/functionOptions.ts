/** What the tasks' functions are given: data and options as a program has them, to what a task takes. */
import { valuesNamed } from '../data/inCode.js';
import { type DataInput, openSource } from '../data/source.js';
import { usageError } from '../errors.js';
import { type Spelling, shown } from '../spelling.js';
import type { Callbacks } from '../training/callbacks.js';
import type { OptimizerName } from '../training/optimizers.js';
import { abortSignal, callable, mustBe, unknownOption } from '../valueKinds.js';
import type { TaskBackup } from './backup.js';
import { flags } from './flags.js';
import { checkKinds, count, flag, integer, names, type OptionKind, positive, share, text } from './options.js';
import type { TaskKind, TrainingSettings } from './settings.js';

/** How a model is trained, whatever the task. What is left out suits the data. */
export interface TaskTraining extends Partial<Omit<TrainingSettings, 'optimizer'>> {
  optimizer?: Spelling<OptimizerName>;
  /** In the notation, such as 'LSTM(64), Dense(10, softmax)'. */
  layers?: string;
  /**
   * A folder, file or address of a trained model that training starts from: its layers, those frozen stay frozen, and their
   * weights. What its task says of columns, tokens and classes is kept. Or a file of weights alone (`.safetensors`, `.weights.h5`), of the
   * layers that `layers` names.
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
  /**
   * A folder for what has been fitted so far. A run that was killed or aborted goes on from there when it is called again with the same
   * data and options, to the same model; for others it refuses, with the difference.
   */
  backup?: string | TaskBackup;
}

type Given = Record<string, unknown>;
type TrainingValues = Omit<TaskTraining, 'signal' | 'callbacks' | 'onStage' | 'backup' | 'optimizer'> & {
  optimizer?: string;
};

/** What the options of training take, whatever the task. */
export const trainingKinds: {
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

/**
 * Options of a training, apart from those of the task.
 * @param named in memcell's spelling
 * @throws MemcellError (usage) for what cannot be
 */
export function trainingGiven(kind: TaskKind, named: Given) {
  const {
    onStage,
    signal,
    callbacks,
    backup,
    ...others
  }: Pick<TaskTraining, 'onStage' | 'signal' | 'callbacks' | 'backup'> = named;
  checkFunction(kind, 'onStage', onStage);
  if (signal !== undefined && !abortSignal.check(signal)) {
    throw usageError(mustBe(`${kind}: signal`, abortSignal.what, signal));
  }
  const isTraining = ([name]: [string, unknown]) => Object.hasOwn(trainingKinds, name);
  const entries = Object.entries(others);
  const taken = [...Object.keys(flags[kind].options), ...Object.keys(trainingKinds)];
  const unknown = entries.find(([name]) => !taken.includes(name))?.[0];
  if (unknown !== undefined) {
    const all = [...taken, 'callbacks', 'signal', 'onStage', 'backup'].map((name) =>
      name === 'targets' ? 'target' : name,
    );
    throw usageError(unknownOption(kind, unknown, all));
  }
  const about = Object.fromEntries(entries.filter(isTraining));
  const { layers, from, plain, budget, threads, seed, ...settings } = checkKinds(trainingKinds, about, kind);
  const options: Given = Object.fromEntries(entries.filter((entry) => !isTraining(entry)));
  const training = { layers, from, plain, budget, threads, seed };
  return { training, settings, options, onStage, signal, callbacks, backup };
}

/** @throws MemcellError (usage) for what is given and no function */
export function checkFunction(owner: string, name: string, value: unknown): void {
  if (value !== undefined && !callable.check(value))
    throw usageError(mustBe(`${owner}: ${name}`, callable.what, value));
}

/** @throws MemcellError (usage) without a target */
export function forecastGiven(data: unknown, named: Given): { input: DataInput; options: Given } {
  if ('targets' in named) {
    throw usageError("forecast: the columns to forecast are given as target: 'sales' or target: ['sales', 'visits']");
  }
  const { target, ...options } = named;
  const input = valuesNamed(data as DataInput);
  openSource(input);
  const targets = target ?? (input === data ? undefined : 'value');
  if (!(typeof targets === 'string' || names.check(targets))) {
    const wrong = targets === undefined ? 'is missing' : `must be a column or a list of columns, not ${shown(targets)}`;
    throw usageError(`forecast: target ${wrong}; give the column to forecast, such as { target: 'sales' }`);
  }
  return { input, options: { ...options, targets: typeof targets === 'string' ? [targets] : [...targets] } };
}

/** @throws MemcellError (usage) without a label */
export function classifyGiven(named: Given): Given {
  if (named.label !== undefined) return named;
  throw usageError("classify: label is missing; give the column of the classes, such as { label: 'species' }");
}

/** The text itself, or a file of it. */
export function textGiven(given: string | { readonly files: readonly string[] }): DataInput {
  return typeof given === 'string' ? { name: 'text', text: given } : given;
}
