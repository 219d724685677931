import type { Account } from '../data/frame.js';
import type { Source } from '../data/source.js';
import type { MemcellError } from '../errors.js';
import type { Fields } from '../fields.js';
import type { Predicting } from '../predicting.js';
import type { Sequential } from '../sequential.js';
import type { BackupStore } from '../training/backup.js';
import type { Callback } from '../training/callbacks.js';
import type { StoppedFit } from './fitNetwork.js';
import type { OptionTable } from './options.js';
import type { TrainingRanges } from './ranges.js';
import type { TaskKind, TrainingRecord, TrainingSettings } from './settings.js';
import type { Shown } from './shown.js';
import type { Start } from './start.js';

/** What a task takes: a file of its own beside the task, since the command line's help is made from it without TensorFlow.js. */
export interface TaskFlags<O extends object, P extends object> {
  readonly kind: TaskKind;
  /** The flag that asks for this task, and the option that takes its value. */
  readonly choose: { flags: string; help: string; option?: keyof O & string };
  /** The options of training that are the task's own. */
  readonly options: OptionTable<O>;
  /** The options of predicting. */
  readonly predictOptions: OptionTable<P>;
  /** What `tune` tries beside the options that have a range. */
  readonly ranges: TrainingRanges;
}

/**
 * A task: what one learns from data, from the options it takes to the words it ends with. One object a task, listed in
 * tasks/index.ts; the command line and the functions of the package are made from it.
 * @typeParam O the options of training, `A` what is saved beside the weights, `E` how good a model is, `P` the options of
 *   predicting, `R` what predicting gives
 */
export interface Task<
  O extends object,
  A extends SavedTask,
  E extends { kind: TaskKind },
  P extends object,
  R extends object = object,
> extends TaskFlags<O, P> {
  readonly kind: A['kind'];
  /**
   * Reads the data and says what it understood, without training.
   * @throws MemcellError for data and options that the task cannot take.
   */
  prepare(source: Source, options: O, run: Run): Promise<PreparedTask<A, E>>;
  /** Reads what was saved, every field checked; `fields.damaged` names the one that is not right. */
  parse(fields: Fields): A;
  /** The shape of one sample, and the shapes of an answer that the task reads, without the batch. */
  shapes(artefact: A): { input: number[]; outputs: number[][] };
  /** What the network takes and gives, for who runs it without memcell: it stands in the file's metadata. */
  arrays(artefact: A): NetworkArrays;
  evaluate(loaded: Loaded<A>, source: Source, options: EvaluateOptions): Promise<E>;
  /**
   * @param source undefined: go on from the end of the training data
   * @param takeRows is handed the rows part by part where the data is too long to be held; see `Prediction.count`
   */
  predict(loaded: Loaded<A>, source: Source | undefined, options: P, takeRows?: TakeRows): Promise<Prediction<R>>;
  /** Scores over several parts of the data, each forecast from what comes before (or without) it. */
  backtest?(source: Source, options: O, run: Run, how: { folds: number; refit: boolean }): Promise<E>;
  /** An evaluation for people: the one or few lines that say how good it is, the verdict, then the details. */
  tell(evaluation: E, on: string): { headline: string[]; details: string[] };
  /** What settings are compared by: less is better. */
  score(evaluation: E, options: O): Score;
  /** The command that one wants next. */
  next(artefact: A, folder: string, data: string): string;
}

/** One number that says how bad a model is, and what it is. */
export interface Score {
  value: number;
  /** 'log loss' */
  name: string;
}

/** In words what x and y are, and as lists what the words name: columns, scales, classes. */
export interface NetworkArrays {
  x: string;
  y: string;
  [list: string]: string | readonly (string | number)[];
}

/** What every saved task has. */
export interface SavedTask {
  kind: TaskKind;
  training?: TrainingRecord;
}

/** The backups of a run's fits, one after the other: the same fits in the same order in a run that is resumed. */
export interface FitRecords {
  /** Of the fit that begins now. */
  next(): BackupStore;
  /** Seconds that the run took before it was killed. */
  readonly spent: number;
}

/** What training is told, whatever the task. */
export interface Run {
  seed: number;
  /** Layers of the user's own, in the spec notation. */
  layers?: string;
  /** The trained model that networks start from; `layers` are then its. */
  from?: Start;
  /** As Keras would do it: scaled windows to targets, one network, one fit. */
  plain: boolean;
  /** Those that were given; the rest is the task's to choose. */
  settings: Partial<Omit<TrainingSettings, 'seed'>>;
  /** Seconds that training may take, about. */
  budget?: number;
  /**
   * Trains to be compared, not to be saved: nothing is trained again on all of the data. `choose` leaves out what is otherwise held out,
   * and holds out as large a share of the rest, so that settings can be chosen by it; `compare` holds out what is always held out.
   */
  purpose?: 'choose' | 'compare';
  threads?: number;
  /** Aborting it stops after the batch; what was trained so far is kept. */
  signal?: AbortSignal;
  /** What was fitted before, in a run that goes on with one that was killed, and where fits keep their backups. */
  fits?: FitRecords;
  /** Callbacks of the user, and of the progress bar, for every fit of a network whose epochs the user is to see. */
  callbacks: readonly Callback[];
  /** Tells which part of the work begins: 'five folds', 'the network on all rows'. */
  stage(text: string): void;
  /** Is given what pictures show of the evaluation. */
  shown?: (part: Shown) => void;
  /** Called with the trained model before it is evaluated in the end, so that nothing in between can lose it: keeps the artefact with the model. */
  trained(
    model: Sequential,
    made: Pick<Trained<SavedTask, unknown>, 'artefact' | 'layers' | 'settings' | 'history'>,
  ): Promise<void>;
}

export interface PreparedTask<A extends SavedTask, E> {
  /** What was understood of a table. */
  account?: Account;
  /** What is odd about the data but no reason to stop: one line each. */
  warnings: string[];
  /** In the spec notation: what will be trained. */
  layers: string;
  samples: number;
  heldOut: number;
  train(): Promise<Trained<A, E>>;
}

export interface Trained<A extends SavedTask, E> {
  model: Sequential;
  artefact: A;
  layers: string;
  /** What training used, the task's own choices included. */
  settings: TrainingSettings;
  /** One number per finished epoch, or what `counts` says, and key: loss, val_loss, … */
  history: Record<string, number[]>;
  /** What the history has a number of, if not of each epoch. */
  counts?: 'checkpoint';
  /** On the part held out, before anything was fitted on it; on the training part when nothing was held out. */
  evaluation: E;
  /** Warnings that training brought, after those of the preparation: worse than a simple guess, stopped, … */
  warnings: string[];
  /** What predicts where the network has no part in it: 'exponential smoothing'. */
  instead?: string;
  /** Why training ended before its last epoch. */
  stopped?: StoppedFit;
  /** The error that ended training after at least one good epoch, whose weights the model has. */
  diverged?: MemcellError;
}

/** A trained or loaded model with what its task needs to predict. */
export interface Loaded<A extends SavedTask, Model extends Predicting = Predicting> {
  model: Model;
  artefact: A;
  /** Its folder or another name, for messages. */
  name: string;
}

/** Which part of the data is scored. */
export interface ScoredPart {
  /** The first row, or the first time in the data's notation, that is scored. */
  from?: string;
}

export interface EvaluateOptions extends ScoredPart {
  /** Is given what pictures show of the scores. */
  shown?: (part: Shown) => void;
}

/** Takes the next rows of a prediction, in the order of `head`. */
export type TakeRows = (head: string[], rows: (string | number)[][]) => Promise<void>;

/** Predictions as a table, for people, for files and for programs. */
export interface Prediction<R extends object = object> {
  head: string[];
  /** Cells as they are; numbers are shortened for people only. */
  rows: (string | number)[][];
  /** How many rows there are, where they were handed over part by part: `rows` and `result` hold the first ones only. */
  count?: number;
  /** For --json, and what the task's function in code resolves to. */
  result: R;
  /** What people see instead of the table. */
  text?: string;
  /** What must not be silent: one line each. */
  notes: string[];
}
