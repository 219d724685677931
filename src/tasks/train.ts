import type { Source } from '../data/source.js';
import { MemcellError } from '../errors.js';
import { Fields } from '../fields.js';
import { parseSpec } from '../model/spec.js';
import { loadModel, type Sequential } from '../sequential.js';
import { version } from '../version.js';
import type { Loaded, PreparedTask, Run, SavedTask, Trained } from './definition.js';
import { kinds } from './flags.js';
import { tasks } from './index.js';
import { checkOptions } from './options.js';
import { parseTraining } from './record.js';
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
  if (given.from && given.layers !== undefined) {
    throw new MemcellError(
      'layers and from exclude each other: the layers are those of the model that training starts from',
      {
        code: 'usage',
      },
    );
  }
  checkSettings({ ...run.settings, seed: run.seed });
  if (run.layers !== undefined) checkLayers(run.layers);
  if (run.budget !== undefined && !(run.budget > 0 && Number.isFinite(run.budget))) {
    throw new MemcellError(`budget: ${String(run.budget)} is not a number of seconds above 0`, { code: 'usage' });
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

/** A loaded model of any task, its kind beside it. */
export interface LoadedTask extends Loaded<SavedTask> {
  kind: TaskKind;
}

/** What reads a task's artefact. */
interface Reader<A extends SavedTask> {
  parse(fields: Fields): A;
  shapes(artefact: A): { input: number[]; outputs: number[][] };
}

/** A loaded network, and what its task left with it, not yet read. */
export interface OpenedTask {
  model: Sequential;
  folder: string;
  kind: TaskKind;
  fields: Fields;
}

/**
 * Loads a model that a task saved.
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one.
 */
export async function loadSaved(folder: string): Promise<LoadedTask> {
  return readTask(await openSaved(folder));
}

/** @throws MemcellError (model) for a damaged artefact, or one of another model */
export function readTask(opened: OpenedTask): LoadedTask {
  return { ...readSaved(opened, tasks[opened.kind]), kind: opened.kind };
}

/** The network of a folder, and the kind of its task; read the rest with `readSaved`. */
export async function openSaved(folder: string): Promise<OpenedTask> {
  return openTask(await loadModel(folder), folder);
}

/**
 * The task of a loaded network.
 * @throws MemcellError (model) for one that has none, or a damaged one; it is then disposed
 */
export function openTask(model: Sequential, folder: string): OpenedTask {
  try {
    if (model.metadata.task === undefined) {
      throw new MemcellError(
        `${folder}: the model was not saved by memcell train, so it has no columns, scaling or vocabulary; memcell predict and evaluate take arrays for it, or use it in code with loadModel`,
        { code: 'model' },
      );
    }
    const fields = new Fields(model.metadata.task, `${folder}/model.json: task`);
    return { model, folder, fields, kind: fields.oneOf('kind', kinds) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @throws MemcellError (model) for a damaged artefact, or one of another model */
export function readSaved<A extends SavedTask>(
  { model, folder, kind, fields }: OpenedTask,
  task: Reader<A>,
): Loaded<A> {
  try {
    const training = fields.optional('training', (all) => parseTraining(all.object('training')));
    const artefact = { ...task.parse(fields), ...(training && { training }) };
    const { input, outputs } = task.shapes(artefact);
    const [takes, gives] = [model.inputShape, model.outputShape].map((shape) => shape.slice(1).join(', '));
    if (takes === input.join(', ') && outputs.some((output) => gives === output.join(', '))) {
      return { model, artefact, name: folder };
    }
    throw new MemcellError(
      `${folder}: the model takes (${takes}) and gives (${gives}), which is not what its ${kind} task needs; train the model again`,
      { code: 'model' },
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
}
