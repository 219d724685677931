import { parseIntegers } from '../data/integers.js';
import { parseTable, unifyLineEnds } from '../data/read.js';
import { MemcellError } from '../errors.js';
import { Masking } from '../model/layers.js';
import { parseSpec } from '../model/spec.js';
import { loadModel, Sequential } from '../sequential.js';
import { type Callback, EarlyStopping } from '../training/callbacks.js';
import { finalActivation } from '../training/forward.js';
import type { Stopped } from '../training/history.js';
import { getOptimizer } from '../training/optimizers.js';
import { type Artefact, maskValue, parseArtefact } from './artefact.js';
import { evaluateClassify } from './classify/plain.js';
import type { Evaluation } from './evaluation.js';
import { evaluateForecast } from './forecast.js';
import type { Predictor, Prepared, Samples } from './prepared.js';
import type { TrainingSettings } from './settings.js';
import { type DataInput, prepareTask, readSource, type TaskRequest } from './source.js';
import { evaluateSymbols } from './symbols.js';
import { evaluateText } from './text.js';

export type { DataInput, DataSource, TaskRequest } from './source.js';

export interface TrainTaskOptions {
  data: DataInput;
  task: TaskRequest;
  /** In the spec notation; what fits the task when not given. */
  layers?: string;
  /** Those that are not given are the task's own: see forecastDefaults and the like. */
  settings?: Partial<TrainingSettings>;
  callbacks?: readonly Callback[];
  /** Aborting it stops after the batch; what was trained so far is kept. */
  signal?: AbortSignal;
  /** The program and its version, for the record. */
  createdWith?: string;
  /** Threads that a step may use, at most; 1 turns them off. Left out, memcell chooses. */
  threads?: number;
  /** Called when training has ended and the model is ready to be saved, before it is evaluated. */
  onTrained?: (model: Sequential) => Promise<void>;
  /** Called when data and model are ready, before the first batch. */
  onStart?: (started: { model: Sequential; samples: number; heldOut: number; warnings: string[] }) => void;
}

export interface TrainedTask {
  model: Sequential;
  artefact: Artefact;
  /** One number per finished epoch and key: loss, val_loss, … */
  history: Record<string, number[]>;
  /** On the part held out; on the training part when nothing was held out. */
  evaluation: Evaluation;
  warnings: string[];
  /** Why training ended before its last epoch. */
  stopped?: Stopped;
  /** The error that ended training after at least one good epoch, whose weights the model has. */
  diverged?: MemcellError;
}

/**
 * Trains a model on a task's data and evaluates it. The model carries the artefact in its metadata, so `model.save` keeps
 * all that predicting needs. With `patience`, training stops early and the best epoch's weights are kept.
 * @throws MemcellError for data, options, layers and settings that cannot be, and (numeric) when the loss is not finite in
 *   the first epoch.
 */
export async function trainTask(options: TrainTaskOptions): Promise<TrainedTask> {
  const source = await readSource(options.data);
  const { prepared, settings } = prepareTask(source, options.task, options.settings);
  const layers = (options.layers ?? prepared.layers).trim().replace(/\s+/g, ' ');
  const model = buildModel(layers, prepared, settings.seed);
  try {
    const { train, validation } = prepared.samples(model.outputShape);
    const { optimizer, learningRate } = settings;
    model.compile({
      optimizer: getOptimizer({ name: optimizer, config: { learningRate } }),
      loss: prepared.loss,
      metrics: prepared.metrics,
    });
    model.threads = options.threads;
    const { warnings } = prepared;
    options.onStart?.({ model, samples: train.x.shape[0], heldOut: validation?.x.shape[0] ?? 0, warnings });
    const run = await runFit(model, train, validation, settings, options);
    const artefact: Artefact = {
      ...prepared.artefact,
      training: {
        createdWith: options.createdWith ?? 'memcell',
        source: source.name,
        layers,
        settings,
        history: run.history,
      },
    };
    model.metadata = { ...model.metadata, task: artefact };
    await options.onTrained?.(model);
    return { model, artefact, evaluation: await prepared.evaluate(model), warnings, ...run };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** A saved model with what its task needs to predict. */
export interface LoadedTask {
  model: Sequential;
  artefact: Artefact;
}

/**
 * Loads a model that `trainTask` made.
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one.
 */
export async function loadTask(folder: string): Promise<LoadedTask> {
  const model = await loadModel(folder);
  try {
    if (model.metadata.task === undefined) {
      throw new MemcellError(
        `${folder}: the model was not saved by memcell train, so it has no columns, scaling or vocabulary; use it in code with loadModel`,
        { code: 'model' },
      );
    }
    const artefact = parseArtefact(model.metadata.task, `${folder}/model.json`);
    checkShapes(model, artefact, folder);
    return { model, artefact };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * How good a model is on data, beside the task's baseline.
 * @throws MemcellError for data that the task cannot take.
 */
export async function evaluateTask(model: Predictor, artefact: Artefact, data: DataInput): Promise<Evaluation> {
  const { name, text } = await readSource(data);
  switch (artefact.kind) {
    case 'forecast':
      return evaluateForecast(model, artefact, parseTable(text, name));
    case 'classify':
      return evaluateClassify(model, artefact, parseTable(text, name));
    case 'text':
      return evaluateText(model, artefact, unifyLineEnds(text), name);
    case 'symbols':
      return evaluateSymbols(model, artefact, parseIntegers(text, name), name);
  }
}

function buildModel(layers: string, prepared: Prepared<Artefact>, seed: number): Sequential {
  const stack = parseSpec(layers);
  const masked = stack.some((layer) => layer.getClassName() === 'Masking');
  if (prepared.padded && !masked) stack.unshift(Masking({ maskValue }));
  const model = new Sequential(stack, { inputShape: prepared.inputShape, seed });
  const ends = finalActivation(model.tf);
  if (prepared.loss === 'sparseCategoricalCrossentropy' && ends !== 'softmax') {
    const [size] = model.outputShape.slice(-1);
    model.dispose();
    throw new MemcellError(`layers: this task needs probabilities; end the layers with Dense(${size}, softmax)`, {
      code: 'usage',
    });
  }
  return model;
}

type Run = Pick<TrainedTask, 'history' | 'stopped' | 'diverged'>;

async function runFit(
  model: Sequential,
  train: Samples,
  validation: Samples | undefined,
  settings: TrainingSettings,
  { callbacks = [], signal }: TrainTaskOptions,
): Promise<Run> {
  const { epochs, batchSize, seed, patience } = settings;
  const history: Record<string, number[]> = {};
  const record: Callback = {
    onEpochEnd: (_, logs) => {
      for (const [key, value] of Object.entries(logs)) history[key] = [...(history[key] ?? []), value];
    },
  };
  const monitor = validation ? 'val_loss' : 'loss';
  const early = patience === undefined ? [] : [new EarlyStopping({ monitor, patience, restoreBestWeights: true })];
  try {
    const { stopped } = await model.fit(train.x, train.y, {
      epochs,
      batchSize,
      seed,
      verbose: 0,
      callbacks: [record, ...early, ...callbacks],
      ...(validation && { validationData: validation }),
      ...(signal && { signal }),
    });
    return { history, ...(stopped && { stopped }) };
  } catch (error) {
    if (!(error instanceof MemcellError) || error.code !== 'numeric' || history.loss === undefined) throw error;
    return { history, diverged: error };
  }
}

function checkShapes(model: Sequential, artefact: Artefact, folder: string): void {
  const { input, outputs } = shapesOf(artefact);
  const [takes, gives] = [model.inputShape, model.outputShape].map((shape) => shape.slice(1).join(', '));
  if (takes === input.join(', ') && outputs.some((output) => gives === output.join(', '))) return;
  throw new MemcellError(
    `${folder}: the model takes (${takes}) and gives (${gives}), which is not what its ${artefact.kind} task needs; train the model again`,
    { code: 'model' },
  );
}

/** The shape of one sample, and the shapes of an answer that the task reads. */
function shapesOf(artefact: Artefact): { input: number[]; outputs: number[][] } {
  switch (artefact.kind) {
    case 'forecast': {
      const { window, horizon, features, targets } = artefact;
      return { input: [window, features.length], outputs: [[horizon * targets.length], [horizon, targets.length]] };
    }
    case 'classify': {
      const { steps, features, group, classes } = artefact;
      const size = group === undefined ? features.length / steps : features.length;
      return { input: [steps, size], outputs: [[classes.length]] };
    }
    case 'text': {
      const { window, characters } = artefact;
      return { input: [window], outputs: [[window, characters.length], [characters.length]] };
    }
    case 'symbols':
      return { input: [artefact.window, 1], outputs: [[artefact.symbols.length]] };
  }
}
