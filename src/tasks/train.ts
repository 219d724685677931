import type { Source } from '../data/source.js';
import { MemcellError, usageError } from '../errors.js';
import { parseSpec } from '../model/spec.js';
import type { Sequential } from '../sequential.js';
import { getOptimizer } from '../training/optimizers.js';
import { version } from '../version.js';
import type { PreparedTask, Run, SavedTask, Trained } from './definition.js';
import { tasks } from './index.js';
import { checkOptions } from './options.js';
import { checkSettings, type TaskKind } from './settings.js';

/** What training is told that a task need not know. */
export interface TrainTaskOptions extends Partial<Omit<Run, 'trained'>> {
  /** Called when the data is ready, before training; false ends here. */
  onPrepared?: (prepared: PreparedTask<SavedTask, { kind: TaskKind }>) => boolean | undefined;
  /** Called when training has ended and the model is ready to be saved, before it is evaluated. */
  onTrained?: (model: Sequential) => Promise<void>;
}

export type AnyTrained = Trained<SavedTask, { kind: TaskKind }>;

/**
 * Trains a task on data. The model carries the artefact in its metadata, so `model.save` keeps all that predicting needs.
 * @returns undefined when `onPrepared` ended it
 * @throws MemcellError for data, options, layers and settings that cannot be, and (numeric) when the loss is not finite in
 *   the first epoch.
 */
export async function trainTask(
  kind: TaskKind,
  source: Source,
  options: object,
  given: TrainTaskOptions = {},
): Promise<AnyTrained | undefined> {
  const task = tasks[kind];
  const run = runOf(given, source.name);
  try {
    const prepared = await task.prepare(source, checkOptions(task.options, options, kind), run);
    if (given.onPrepared?.(prepared) === false) return undefined;
    return await prepared.train();
  } catch (error) {
    throw trainingFault(error, given);
  }
}

/** Layers that cannot be, by themselves or on this data, are an option that cannot be. */
function layersFault(error: unknown): unknown {
  if (!(error instanceof MemcellError) || error.code !== 'model') return error;
  const { message } = error;
  const told = message.startsWith('layers: ') ? message : `layers: ${message}`;
  return new MemcellError(told, { code: 'usage', cause: error });
}

/** What stopped training, told as what is wrong with the option that it comes from. */
export function trainingFault(error: unknown, { from, layers }: Pick<TrainTaskOptions, 'from' | 'layers'>): unknown {
  if (from) return fromFault(error, from.name);
  return layers === undefined ? error : layersFault(error);
}

/** What is wrong with layers is wrong with the model that training starts from. */
function fromFault(error: unknown, name: string): unknown {
  if (!(error instanceof MemcellError) || !error.message.startsWith('layers: ')) return error;
  return new MemcellError(`${name}: ${error.message.slice('layers: '.length)}`, { code: 'usage', cause: error });
}

/**
 * What a task is told, complete.
 * @param source the data's name, for the record
 * @throws MemcellError (usage) for a setting out of its range
 */
export function runOf({ onPrepared: _, onTrained, ...given }: TrainTaskOptions, source: string): Run {
  const run: Run = {
    seed: 0,
    plain: false,
    settings: {},
    callbacks: [],
    stage: () => {},
    ...given,
    ...(given.from && { layers: given.from.layers }),
    trained: async (model, { artefact, layers, settings, history }) => {
      const training = { createdWith: `memcell ${version}`, source, layers, settings, history };
      const arrays = tasks[artefact.kind].arrays(artefact);
      model.metadata = { ...model.metadata, arrays, task: { ...artefact, training } };
      await onTrained?.(model);
    },
  };
  checkSettings({ ...run.settings, seed: run.seed });
  if (run.settings.optimizer !== undefined) getOptimizer(run.settings.optimizer);
  if (run.layers !== undefined) checkLayers(run.layers);
  if (run.budget !== undefined && !(run.budget > 0 && Number.isFinite(run.budget))) {
    throw usageError(`budget: ${String(run.budget)} is not a number of seconds above 0`);
  }
  return run;
}

/** @throws MemcellError (usage) */
function checkLayers(layers: string): void {
  try {
    parseSpec(layers);
  } catch (error) {
    throw layersFault(error);
  }
}
