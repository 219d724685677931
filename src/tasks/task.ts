/** The four tasks by their common way: data file → samples → trained model with its artefact → a folder, and back. */
import { parseIntegers } from '../data/integers.js';
import { readTable, readText } from '../data/read.js';
import { MemcellError } from '../errors.js';
import { loadModel, type Sequential, sequential } from '../sequential.js';
import { type Callback, EarlyStopping } from '../training/callbacks.js';
import type { History, Stopped } from '../training/history.js';
import { getOptimizer } from '../training/optimizers.js';
import { type Artefact, parseArtefact } from './artefact.js';
import { type ClassifyOptions, classifyDefaults, evaluateClassify, prepareClassify } from './classify.js';
import type { Evaluation } from './evaluation.js';
import { evaluateForecast, type ForecastOptions, forecastDefaults, prepareForecast } from './forecast.js';
import type { Prepared } from './prepared.js';
import { checkSettings, type TrainingSettings } from './settings.js';
import { evaluateSymbols, prepareSymbols, type SymbolsOptions, symbolsDefaults } from './symbols.js';
import { evaluateText, prepareText, type TextOptions, textDefaults } from './text.js';

/** A task with its own options. */
export type TaskRequest =
  | { kind: 'forecast'; options: ForecastOptions }
  | { kind: 'classify'; options: ClassifyOptions }
  | { kind: 'text'; options?: TextOptions }
  | { kind: 'symbols'; options?: SymbolsOptions };

export interface TrainTaskOptions {
  /** The data file. */
  data: string;
  task: TaskRequest;
  /** Layers in the spec notation; the task's own when not given. */
  layers?: string;
  /** What is not given is the task's default; seed 0, optimizer adam. */
  settings?: Partial<TrainingSettings>;
  callbacks?: Callback[];
  /** Aborting it stops after the batch; what was trained by then is kept. */
  signal?: AbortSignal;
  /** Called once the data is read and the model is built, before training. */
  onStart?: (started: { model: Sequential; warnings: string[]; samples: number; heldOut: number }) => void;
}

export interface TrainedTask {
  model: Sequential;
  artefact: Artefact;
  /** One number per finished epoch and key: loss, val_loss, … */
  history: Record<string, number[]>;
  /** Why training ended before its last epoch. */
  stopped?: Stopped;
  /** The loss became NaN or infinite after one or more good epochs: the model has the weights after the last of them. */
  diverged?: MemcellError;
  /** On the part held out; on the training part when nothing is. */
  evaluation: Evaluation;
  warnings: string[];
}

type Defaults = Omit<TrainingSettings, 'optimizer' | 'seed'>;

/** The data of a task, and the settings that are used when none are given. */
async function prepare(
  file: string,
  task: TaskRequest,
  split: number | undefined,
): Promise<{ prepared: Prepared<Artefact>; defaults: Defaults }> {
  switch (task.kind) {
    case 'forecast': {
      const prepared = prepareForecast(await readTable(file), task.options, split ?? forecastDefaults.validationSplit);
      return { prepared, defaults: forecastDefaults };
    }
    case 'classify': {
      const prepared = prepareClassify(await readTable(file), task.options, split ?? classifyDefaults.validationSplit);
      return { prepared, defaults: classifyDefaults };
    }
    case 'text': {
      const text = await readText(file);
      const prepared = prepareText(text, file, task.options ?? {}, split ?? textDefaults.validationSplit);
      return { prepared, defaults: textDefaults };
    }
    case 'symbols': {
      const sequence = parseIntegers(await readText(file), file);
      const defaults = symbolsDefaults(sequence.length);
      const prepared = prepareSymbols(sequence, file, task.options ?? {}, split ?? defaults.validationSplit);
      return { prepared, defaults };
    }
  }
}

/**
 * Trains a task on a data file. With patience, training stops early and the best epoch's weights are kept.
 * @throws MemcellError before anything runs for data, options and layers that do not fit; 'numeric' when the loss is no
 *   longer a number in the first epoch
 */
export async function trainTask(options: TrainTaskOptions): Promise<TrainedTask> {
  const { data, task, signal } = options;
  const given = options.settings ?? {};
  const { prepared, defaults } = await prepare(data, task, given.validationSplit);
  const settings: TrainingSettings = { optimizer: 'adam', seed: 0, ...defaults, ...defined(given) };
  checkSettings(settings);
  const { model, layers } = buildModel(prepared, options.layers, settings.seed);
  try {
    const { learningRate, optimizer } = settings;
    model.compile({
      optimizer: getOptimizer({ name: optimizer, config: { learningRate } }),
      loss: prepared.loss,
      metrics: prepared.metrics,
    });
    const { train, validation } = prepared.samples(model.outputShape);
    const { warnings } = prepared;
    options.onStart?.({ model, warnings, samples: train.x.shape[0], heldOut: validation?.x.shape[0] ?? 0 });
    const history: Record<string, number[]> = {};
    const record: Callback = {
      onEpochEnd(_, logs) {
        for (const [name, value] of Object.entries(logs)) history[name] = [...(history[name] ?? []), value];
      },
    };
    const { stopped, diverged } = await outcome(
      model.fit(train.x, train.y, {
        epochs: settings.epochs,
        batchSize: settings.batchSize,
        seed: settings.seed,
        verbose: 0,
        callbacks: [
          record,
          ...(options.callbacks ?? []),
          ...earlyStopping(settings.patience, validation !== undefined),
        ],
        ...(validation && { validationData: validation }),
        ...(signal && { signal }),
      }),
      () => Object.keys(history).length > 0,
    );
    const training = { createdWith: 'memcell', source: data, layers, settings, history };
    const artefact: Artefact = { ...prepared.artefact, training };
    model.metadata = { ...model.metadata, task: artefact };
    const evaluation = await prepared.evaluate(model);
    return {
      model,
      artefact,
      history,
      evaluation,
      warnings,
      ...(stopped && { stopped }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** How a fit ended; a loss that is no number counts as an end when there are good epochs to keep. */
async function outcome(
  fit: Promise<History>,
  hasGoodEpoch: () => boolean,
): Promise<{ stopped?: Stopped; diverged?: MemcellError }> {
  try {
    const { stopped } = await fit;
    return stopped ? { stopped } : {};
  } catch (error) {
    if (error instanceof MemcellError && error.code === 'numeric' && hasGoodEpoch()) return { diverged: error };
    throw error;
  }
}

function earlyStopping(patience: number | undefined, validates: boolean): Callback[] {
  if (patience === undefined) return [];
  return [new EarlyStopping({ monitor: validates ? 'val_loss' : 'loss', patience, restoreBestWeights: true })];
}

function buildModel(prepared: Prepared<Artefact>, given: string | undefined, seed: number) {
  const masked = prepared.masking && !/\bMasking\b/.test(given ?? '');
  const layers = `${masked ? `${prepared.masking}, ` : ''}${given ?? prepared.layers}`;
  const model = sequential(layers, { inputShape: prepared.inputShape, seed });
  model.build();
  return { model, layers };
}

/**
 * A model that trainTask made and save() kept, with its artefact.
 * @throws MemcellError 'model' for a folder that is damaged or holds a model without a task
 */
export async function loadTask(folder: string): Promise<{ model: Sequential; artefact: Artefact }> {
  const model = await loadModel(folder);
  try {
    if (model.metadata.task === undefined) {
      throw new MemcellError(
        `${folder}: this model was not made by memcell train, so it does not say what its inputs mean; use it from a program`,
        { code: 'model' },
      );
    }
    return { model, artefact: parseArtefact(model.metadata.task, folder) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** How good a model is on a data file of the kind it was trained on. */
export async function evaluateTask(model: Sequential, artefact: Artefact, file: string): Promise<Evaluation> {
  switch (artefact.kind) {
    case 'forecast':
      return evaluateForecast(model, artefact, await readTable(file));
    case 'classify':
      return evaluateClassify(model, artefact, await readTable(file));
    case 'text':
      return evaluateText(model, artefact, await readText(file), file);
    case 'symbols':
      return evaluateSymbols(model, artefact, parseIntegers(await readText(file), file), file);
  }
}

/** The options that were given. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
