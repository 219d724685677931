import { classifyTask } from './classify/task.js';
import type { SavedTask, Task } from './definition.js';
import type { AnyFlags } from './flags.js';
import { forecastTask } from './forecast/task.js';
import type { TaskKind } from './settings.js';
import { symbolsTask } from './symbols/task.js';
import { textTask } from './text/task.js';

/** A task whose kind is known only when the program runs. */
export type AnyTask = Omit<Task<object, SavedTask, { kind: TaskKind }, object>, keyof AnyFlags> & AnyFlags;

/** The tasks: one line each. */
export const tasks: { readonly [Kind in TaskKind]: AnyTask } = {
  forecast: forecastTask,
  classify: classifyTask,
  text: textTask,
  symbols: symbolsTask,
};

/** What an evaluation after training is on, after its samples: '44 symbols, held out'. */
export function scoredOn(heldOut: number): string {
  return heldOut > 0 ? ', held out' : ', all trained on';
}
