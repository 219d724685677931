import { type Command, Option } from 'commander';
import { type AddCommand, withCommonOptions } from './command.js';
import { parseCount, parseInteger, parseNames, parsePositive, parseShare } from './values.js';

const examples = `
Examples:
  memcell train weather.csv --forecast temp_max --window 30 --out models/weather
  memcell train digits.csv --classify digit --steps 8 --layers "LSTM(64), Dense(10, softmax)"
  memcell train psalms.txt --text --epochs 10
  memcell train digits.txt --symbols --out models/digits

Data: a table (CSV, TSV, JSON) with a header for --forecast and --classify; plain text for --text; whole numbers for
--symbols. Ctrl-C stops after the batch and saves what there is; a second one quits at once.`;

/** What `--forecast` and its like leave behind, by commander's names. */
export interface TrainOptions {
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
  out: string;
}

const tasks = ['forecast', 'classify', 'text', 'symbols'] as const;
type TaskName = (typeof tasks)[number];

/** Which tasks an option belongs to. */
const belongsTo: Record<'window' | 'horizon' | 'features' | 'time' | 'steps' | 'group', readonly TaskName[]> = {
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
    .option('--out <DIR>', 'the folder to save the model in', 'model')
    .addHelpText('after', examples);
  withCommonOptions(command).action(async (data: string, options: TrainOptions) => {
    const task = taskOf(command, options);
    const { train } = await import('./training.js');
    await train(data, task, options, session);
  });
};

/** The one task that was asked for. */
function taskOf(command: Command, options: TrainOptions): TaskName {
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
  return task;
}
