import { type Command, Option } from 'commander';
import type { TaskKind, TrainingSettings } from '../tasks/settings.js';
import type { TaskRequest, TrainedTask } from '../tasks/task.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { headline } from './evaluationText.js';
import { counted, formatDuration } from './table.js';
import { parseCount, parseInteger, parseNames, parsePositive, parseShare } from './values.js';

const examples = `
Examples:
  memcell train weather.csv --forecast temp_max --window 30 --out models/weather
  memcell train digits.csv --classify digit --steps 8 --layers "LSTM(64), Dense(10, softmax)"
  memcell train psalms.txt --text --epochs 10
  memcell train digits.txt --symbols --out models/digits

Data: a table (CSV, TSV, JSON) with a header for --forecast and --classify; plain text for --text; whole numbers for
--symbols. Ctrl-C stops after the batch and saves what there is; a second one quits at once.`;

interface Options {
  forecast?: string[];
  classify?: string;
  text?: true;
  symbols?: true;
  window?: number;
  horizon?: number;
  features?: string[];
  time?: string;
  steps?: number;
  group?: string;
  layers?: string;
  epochs?: number;
  batchSize?: number;
  optimizer?: string;
  learningRate?: number;
  validationSplit?: number;
  patience?: number;
  seed?: number;
  threads?: number;
  out: string;
}

const tasks: readonly TaskKind[] = ['forecast', 'classify', 'text', 'symbols'];

/** Which tasks an option belongs to. */
const belongsTo: Record<'window' | 'horizon' | 'features' | 'time' | 'steps' | 'group', readonly TaskKind[]> = {
  window: ['forecast', 'text', 'symbols'],
  horizon: ['forecast'],
  features: ['forecast', 'classify'],
  time: ['forecast'],
  steps: ['classify'],
  group: ['classify'],
};

/** memcell train: a task on a data file, to a saved model. */
export const addTrain: AddCommand = (program, session) => {
  const command = program
    .command('train')
    .summary('train a model on a table, a text or a sequence, and save it')
    .description(
      'Trains a model on a table, a text or a sequence of integers, says how good it is on the part held out beside a simple guess, and saves it.',
    )
    .usage('DATA TASK [OPTIONS]')
    .argument('<DATA>', 'the file to train on')
    .optionsGroup('Task, one of:')
    .option('--forecast <COL,...>', 'forecast columns of a table, row by row', parseNames)
    .option('--classify <COL>', "tell a column's class from the rest of the row, or from a group of rows")
    .option('--text', 'predict the next character of a text')
    .option('--symbols', 'predict the next integer of a sequence')
    .optionsGroup('Options of the task:')
    .option('--window <N>', 'rows, characters or integers that go in (forecast 30, text 50, symbols 1)', parseCount)
    .option('--horizon <H>', 'rows to forecast at once (1)', parseCount)
    .option('--features <COL,...>', 'columns that go in (all columns of numbers)', parseNames)
    .option('--time <COL>', 'the column that orders the rows (the first column of dates)')
    .option('--steps <T>', 'classify: each row is a sequence of T steps', parseCount)
    .addOption(new Option('--group <COL>', 'classify: rows equal in this column are one sequence').conflicts('steps'))
    .optionsGroup('Model and training:')
    .option('--layers <SPEC>', 'such as "LSTM(64), Dropout(0.2), Dense(10, softmax)" (a good size for the task)')
    .option('--epochs <N>', 'times through the data', parseCount)
    .option('--batch-size <N>', 'samples in a step', parseCount)
    .option('--optimizer <NAME>', 'adam, sgd, rmsprop or adamw (adam)')
    .option('--learning-rate <R>', 'how far a step goes', parsePositive)
    .option('--validation-split <F>', 'the last part of the data that is held out (0.2; symbols 0)', parseShare)
    .option('--patience <N>', 'stop after N epochs without a better held-out loss, and keep the best', parseCount)
    .option('--seed <N>', 'governs initial weights, shuffling and dropout (0)', parseInteger)
    .option(
      '--threads <N>',
      'threads to use at most; the result does not depend on it (all cores, up to 8)',
      parseCount,
    )
    .option('--out <DIR>', 'the folder to save the model in', 'model')
    .addHelpText('after', examples);
  withCommonOptions(command).action(async (data: string, options: Options) => {
    await train(data, taskOf(command, options), options, session);
  });
};

/** The one task that was asked for. */
function taskOf(command: Command, options: Options): TaskRequest {
  const given = tasks.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    const choices = '--forecast COL, --classify COL, --text or --symbols';
    const found = given.map((name) => `--${name}`).join(' and ');
    return command.error(
      given.length === 0 ? `the task is missing: add ${choices}` : `${found} are two tasks; give one`,
    );
  }
  const [task] = given;
  for (const [name, owners] of Object.entries(belongsTo)) {
    if (options[name as keyof typeof belongsTo] === undefined || owners.includes(task)) continue;
    const names = owners.map((owner) => `--${owner}`).join(', ');
    return command.error(`option '--${name}' belongs to ${names}, not to --${task}; leave it out`);
  }
  const { window, horizon, features, time, steps, group } = options;
  switch (task) {
    case 'forecast':
      return { kind: task, options: { targets: options.forecast ?? [], window, horizon, features, time } };
    case 'classify':
      return { kind: task, options: { label: options.classify ?? '', steps, group, features } };
    default:
      return { kind: task, options: { window } };
  }
}

async function train(data: string, task: TaskRequest, options: Options, session: Session): Promise<void> {
  const { out, layers } = options;
  const { checkWritable } = await import('../formats/folder.js');
  await checkWritable(out);
  const { trainTask } = await import('../tasks/task.js');
  const { showProgress } = await import('./progress.js');
  const progress = showProgress(session.streams.stderr);
  const interrupt = onInterrupt(() => {
    progress.stop();
    session.note('stopping after this batch; Ctrl-C again quits without saving');
  });
  const startedAt = performance.now();
  let samples = 0;
  let heldOut = 0;
  let trained: TrainedTask;
  try {
    trained = await trainTask({
      data,
      task,
      layers,
      settings: settingsOf(options),
      ...(options.threads !== undefined && { threads: options.threads }),
      callbacks: [progress.callback],
      signal: interrupt.signal,
      onStart: ({ model, warnings, ...counts }) => {
        ({ samples, heldOut } = counts);
        for (const warning of warnings) session.note(`warning: ${warning}`);
        const held = heldOut > 0 ? `, ${heldOut} more held out` : '';
        session.note(`training ${counted(model.countParams(), 'parameter')} on ${counted(samples, 'sample')}${held}`);
      },
      onTrained: async (model) => {
        progress.stop();
        await model.save(out);
      },
    });
  } finally {
    interrupt.release();
    progress.stop();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  try {
    report({ data, out, samples, heldOut, seconds }, trained, session);
  } finally {
    trained.model.dispose();
  }
}

function settingsOf(options: Options): Partial<TrainingSettings> {
  const { epochs, batchSize, optimizer, learningRate, validationSplit, patience, seed } = options;
  return { epochs, batchSize, optimizer, learningRate, validationSplit, patience, seed };
}

/** The first Ctrl-C aborts the signal; the second one ends the process, as if nothing were listening. */
function onInterrupt(first: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const listener = () => {
    first();
    controller.abort();
  };
  process.once('SIGINT', listener);
  return { signal: controller.signal, release: () => process.removeListener('SIGINT', listener) };
}

interface Run {
  data: string;
  out: string;
  samples: number;
  heldOut: number;
  seconds: number;
}

function report({ data, out, samples, heldOut, seconds }: Run, trained: TrainedTask, session: Session): void {
  const { model, artefact, history, evaluation, stopped, diverged, warnings } = trained;
  const { layers, settings } = artefact.training ?? {};
  const epochs = history.loss?.length ?? 0;
  const parameters = model.countParams();
  const took = `${counted(epochs, 'epoch')} in ${formatDuration(seconds)}`;
  session.print(
    `trained ${layers} (${counted(parameters, 'parameter')}) on ${data}: ${counted(samples, 'sample')}, ${took}`,
  );
  if (stopped?.reason === 'callback') {
    session.print(
      `stopped early: ${counted(settings?.patience ?? 0, 'epoch')} without a better one; the best one is kept`,
    );
  }
  const on = heldOut > 0 ? ', held out' : ', all trained on';
  for (const line of headline(evaluation, on)) session.print(line);
  session.print(`saved in ${out}; next: ${nextCommand(artefact.kind, out, data)}`);
  const { kind } = artefact;
  const ended = diverged ? 'diverged' : (stopped?.reason ?? 'finished');
  session.result({
    model: out,
    task: kind,
    data,
    layers,
    parameters,
    samples,
    heldOut,
    settings,
    epochs,
    ended,
    seconds,
    history,
    evaluation,
    warnings,
  });
  if (stopped?.reason === 'interrupted') {
    session.note(`memcell: interrupted in epoch ${stopped.epoch + 1}; what was trained by then is saved in ${out}`);
    session.exitCode = 130;
  } else if (diverged) {
    session.note(`memcell: ${diverged.message}; the weights before it are saved in ${out}`);
    session.exitCode = 1;
  }
}

function nextCommand(kind: TaskKind, out: string, data: string): string {
  const [folder, file] = [out, data].map((path) => (/^[\w./:@%+=-]+$/.test(path) ? path : JSON.stringify(path)));
  const commands: Record<TaskKind, string> = {
    forecast: `memcell predict ${folder}`,
    classify: `memcell predict ${folder} ${file}`,
    text: `memcell generate ${folder}`,
    symbols: `memcell predict ${folder} --steps 10`,
  };
  return commands[kind];
}
