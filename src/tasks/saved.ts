/** Trained tasks, loaded: a network, and what its task left with it. */
import { modelError } from '../errors.js';
import { Fields } from '../fields.js';
import type { Predicting } from '../predicting.js';
import type { Sequential } from '../sequential.js';
import type { Loaded, SavedTask } from './definition.js';
import { kinds } from './flags.js';
import { tasks } from './index.js';
import { parseTraining } from './record.js';
import type { TaskKind } from './settings.js';

/** A loaded model of any task, its kind beside it. */
interface LoadedTask<Model extends Predicting = Predicting> extends Loaded<SavedTask, Model> {
  kind: TaskKind;
}

/** What reads a task's artefact. */
interface Reader<A extends SavedTask> {
  parse(fields: Fields): A;
  shapes(artefact: A): { input: number[]; outputs: number[][] };
}

/** A loaded network, and what its task left with it, not yet read. */
export interface OpenedTask<Model extends Predicting = Predicting> {
  model: Model;
  folder: string;
  kind: TaskKind;
  fields: Fields;
}

/**
 * Loads a model that a task saved.
 * @throws MemcellError (io, model) when the folder holds no such model, or a damaged one.
 */
export async function loadSaved(folder: string): Promise<LoadedTask<Sequential>> {
  return readTask(await openSaved(folder));
}

/** @throws MemcellError (model) for a damaged artefact, or one of another model */
export function readTask<Model extends Predicting>(opened: OpenedTask<Model>): LoadedTask<Model> {
  return { ...readSaved(opened, tasks[opened.kind]), kind: opened.kind };
}

/** The network of a folder, and the kind of its task; read the rest with `readSaved`. */
export async function openSaved(folder: string): Promise<OpenedTask<Sequential>> {
  const { loadModel } = await import('../sequential.js');
  return openTask(await loadModel(folder), folder);
}

/**
 * The task of a loaded network.
 * @throws MemcellError (model) for one that has none, or a damaged one; it is then disposed
 */
export function openTask<Model extends Predicting>(model: Model, folder: string): OpenedTask<Model> {
  try {
    if (model.metadata.task === undefined) {
      throw modelError(
        `${folder}: the model was not saved by memcell train, so it has no columns, scaling or vocabulary; memcell predict and evaluate take arrays for it, or use it in code with loadModel`,
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
export function readSaved<A extends SavedTask, Model extends Predicting>(
  { model, folder, kind, fields }: OpenedTask<Model>,
  task: Reader<A>,
): Loaded<A, Model> {
  try {
    const training = fields.optional('training', (all) => parseTraining(all.object('training')));
    const artefact = { ...task.parse(fields), ...(training && { training }) };
    const { input, outputs } = task.shapes(artefact);
    const [takes, gives] = [model.inputs, model.outputs].map(([{ shape }]) => shape.slice(1).join(', '));
    if (takes === input.join(', ') && outputs.some((output) => gives === output.join(', '))) {
      return { model, artefact, name: folder };
    }
    throw modelError(
      `${folder}: the model takes (${takes}) and gives (${gives}), which is not what its ${kind} task needs; train the model again`,
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
}
