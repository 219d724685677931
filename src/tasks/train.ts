import type { Source } from '../data/source.js';
import { MemcellError } from '../errors.js';
import { loadModel, type Sequential } from '../sequential.js';
import type { Loaded, PreparedTask, Run, SavedTask, Trained } from './definition.js';
import { Fields } from './fields.js';
import { kinds } from './flags.js';
import { tasks } from './index.js';
import { checkOptions } from './options.js';
import { checkSettings, type TaskKind } from './settings.js';

/** What training is told that a task need not know. */
export interface TrainTaskOptions extends Partial<Omit<Run, 'trained'>> {
  /** The program and its version, for the record. */
  createdWith?: string;
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
  const { onPrepared } = given;
  const { run, options: checked } = runTask(kind, options, given, source.name);
  const prepared = await tasks[kind].prepare(source, checked, run);
  if (onPrepared?.(prepared) === false) return undefined;
  return prepared.train();
}

/**
 * What a task is told, complete, and its options, checked.
 * @throws MemcellError (usage) for what is out of its range or unknown
 */
export function runTask(
  kind: TaskKind,
  options: object,
  given: TrainTaskOptions,
  source = '',
): { run: Run; options: object } {
  const { createdWith = 'memcell', onPrepared: _, onTrained, ...rest } = given;
  const run: Run = {
    seed: 0,
    plain: false,
    settings: {},
    callbacks: [],
    stage: () => {},
    ...rest,
    trained: async (model, { artefact, layers, settings, history }) => {
      const training = { createdWith, source, layers, settings, history };
      model.metadata = { ...model.metadata, task: { ...artefact, training } };
      await onTrained?.(model);
    },
  };
  checkSettings({ ...run.settings, seed: run.seed });
  return { run, options: checkOptions(tasks[kind].options, options, kind) };
}

/** A loaded model of any task, its kind beside it. */
export interface LoadedTask extends Loaded<SavedTask> {
  kind: TaskKind;
}

/**
 * Loads a model that a task saved.
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one.
 */
export async function loadSaved(folder: string): Promise<LoadedTask> {
  const model = await loadModel(folder);
  try {
    if (model.metadata.task === undefined) {
      throw new MemcellError(
        `${folder}: the model was not saved by memcell train, so it has no columns, scaling or vocabulary; use it in code with loadModel`,
        { code: 'model' },
      );
    }
    const fields = new Fields(model.metadata.task, `${folder}/model.json: task`);
    const kind = fields.oneOf('kind', kinds);
    const artefact = tasks[kind].parse(fields);
    checkShapes(model, artefact, folder);
    return { model, artefact, name: folder, kind };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function checkShapes(model: Sequential, artefact: SavedTask, folder: string): void {
  const { input, outputs } = tasks[artefact.kind].shapes(artefact);
  const [takes, gives] = [model.inputShape, model.outputShape].map((shape) => shape.slice(1).join(', '));
  if (takes === input.join(', ') && outputs.some((output) => gives === output.join(', '))) return;
  throw new MemcellError(
    `${folder}: the model takes (${takes}) and gives (${gives}), which is not what its ${artefact.kind} task needs; train the model again`,
    { code: 'model' },
  );
}
