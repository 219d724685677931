import { type Command, Option } from 'commander';
import { type AnyFlags, flags, kinds } from '../tasks/flags.js';
import type { TaskKind } from '../tasks/settings.js';
import type { Start } from '../tasks/start.js';
import { optimizerNames } from '../training/optimizers.js';
import { addTaskOptions, taskOptionsOf } from './taskOptions.js';
import { parseCount, parseDuration, parseInteger, parsePositive, parseShare } from './values.js';

/** The options of training that are the same for all tasks, as commander reads them. */
export interface TrainingValues {
  layers?: string;
  plain?: true;
  epochs?: number;
  batchSize?: number;
  optimizer?: string;
  learningRate?: number;
  validationSplit?: number;
  patience?: number;
  seed?: number;
  threads?: number;
  budget?: number;
}

/** Adds what says which task, the tasks' options, and how a model is trained: train and backtest have them all. */
export function addTrainingOptions(command: Command, tasks: readonly AnyFlags[], without?: '--plain'): void {
  command.optionsGroup(tasks.length > 1 ? 'Task, one of:' : 'Task:');
  for (const { choose } of tasks) {
    const option = new Option(choose.flags, choose.help);
    command.addOption(option.required ? option.argParser((text) => text) : option);
  }
  command.optionsGroup('Options of the task:');
  addTaskOptions(command, tasks, 'options');
  command
    .optionsGroup('Model and training:')
    .option('--layers <SPEC>', 'such as "LSTM(64), Dropout(0.2), Dense(10, softmax)" (what suits the data)');
  if (without === undefined) {
    command.option('--plain', 'as Keras would: scaled samples, one network, one fit, its last weights');
  }
  command
    .option('--epochs <N>', 'times through the data (what suits the data, by steps)', parseCount)
    .option('--batch-size <N>', 'samples in a step', parseCount)
    .option('--optimizer <NAME>', `${optimizerNames.slice(0, -1).join(', ')} or ${optimizerNames.at(-1)} (adam)`)
    .option('--learning-rate <R>', 'how far a step goes', parsePositive)
    .option('--validation-split <F>', 'the part that is held out to tell how good it is (0.2)', parseShare)
    .option('--patience <N>', 'stop after N epochs without a better held-out loss, and keep the best', parseCount)
    .option('--budget <SECONDS>', 'train for about so long at most, such as 30s or 5min', parseDuration)
    .option('--seed <N>', 'governs initial weights, shuffling and dropout (0)', parseInteger)
    .option('--threads <N>', 'threads at most; the result does not depend on it (all cores, up to 8)', parseCount);
}

export interface Asked {
  kind: TaskKind;
  options: Record<string, unknown>;
}

/** The one task that was asked for, with its options. Ends in wrong usage when there is none, or two. */
export function askedTask(command: Command, tasks: readonly AnyFlags[], values: Record<string, unknown>): Asked {
  const attribute = (task: AnyFlags) => new Option(task.choose.flags).attributeName();
  const given = tasks.filter((task) => values[attribute(task)] !== undefined);
  if (given.length !== 1) {
    const choices = tasks.map(({ choose }) => choose.flags.replace(/<([^>]*)>/, '$1'));
    const last = choices.pop() ?? '';
    const text = choices.length > 0 ? `${choices.join(', ')} or ${last}` : last;
    const found = given.map(({ kind }) => `--${kind}`).join(' and ');
    return command.error(
      given.length === 0
        ? `the task is missing: add ${text}`
        : `${found} are ${given.length === 2 ? 'two' : given.length} tasks; give one`,
    );
  }
  const [task] = given;
  const options = taskOptionsOf(tasks, 'options', task.kind, values, (flag, owners) => {
    const names = owners.map((owner) => `--${owner}`).join(', ');
    return command.error(`option '${flag}' belongs to ${names}, not to --${task.kind}; leave it out`);
  });
  const { option } = task.choose;
  if (option === undefined) return { kind: task.kind, options };
  const text = String(values[attribute(task)]);
  const value = task.options[option].kind.parse(text);
  if (value === undefined) {
    return command.error(
      `option '${task.choose.flags}' argument '${text}' is invalid. It must be ${task.options[option].kind.what}.`,
    );
  }
  return { kind: task.kind, options: { ...options, [option]: value } };
}

export const allTasks: readonly AnyFlags[] = kinds.map((kind) => flags[kind]);

/** What training is told, of the values that were given. */
export function trainingOf(values: TrainingValues) {
  const {
    layers,
    plain,
    seed,
    threads,
    budget,
    epochs,
    batchSize,
    optimizer,
    learningRate,
    validationSplit,
    patience,
  } = values;
  const settings = { epochs, batchSize, optimizer, learningRate, validationSplit, patience };
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return {
    seed: seed ?? 0,
    plain: plain ?? false,
    settings: given as Partial<typeof settings>,
    ...(layers !== undefined && { layers: layers.trim().replace(/\s+/g, ' ') }),
    ...(threads !== undefined && { threads }),
    ...(budget !== undefined && { budget }),
  };
}

/** What a document says of the model that training started from. */
export function fromOf(start: Start | undefined): { from?: { model: string; notes: string[] } } {
  return start ? { from: { model: start.name, notes: start.notes } } : {};
}
