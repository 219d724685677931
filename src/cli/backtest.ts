import { usageError } from '../errors.js';
import {
  type Asked,
  addTrainingOptions,
  allTasks,
  askedTask,
  fromOf,
  type TrainingValues,
  trainingOf,
} from './choose.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addPlotOption, printPictures } from './drawing.js';
import { addReportOption, writeReport } from './reporting.js';
import { parseCount } from './values.js';

const examples = `
Examples:
  memcell backtest weather.csv --forecast temp_max --horizon 7 --folds 5
  memcell backtest weather.csv --forecast temp_max --folds 4 --refit
  memcell backtest iris.csv --classify species --folds 10
  memcell backtest new.csv --forecast sales --from models/sales --learning-rate 0.001 --refit

Nothing is saved. Forecasts: K parts at the end of the data, each forecast from what came before it; with --refit the
model is fitted anew before each, without it once, before the first. Classes: K parts, each told by a model fitted on
the others.`;

interface Options extends TrainingValues {
  folds: number;
  refit?: true;
  sql?: string;
  from?: string;
  report?: string | true;
  plot?: true;
}

/** memcell backtest: how good a task's model would have been, over several parts of the data. */
export const addBacktest: AddCommand = (program, session) => {
  const command = program
    .command('backtest')
    .summary('tell how good a model would have been, over several parts of the data')
    .description('Fits and scores a model over several parts of the data, each apart from what it is fitted on.')
    .usage('DATA TASK [OPTIONS] [--folds K] [--refit]')
    .argument('<DATA>', 'the file to test on');
  const able = allTasks.filter(({ kind }) => kind === 'forecast' || kind === 'classify');
  addTrainingOptions(command, able);
  command
    .option('--sql <QUERY>', 'what to read of a table named data: "select * from data where year > 2015"')
    .option('--from <MODEL>', 'start each fit from a trained model, of any format, or weights with --layers')
    .option('--folds <K>', 'how many parts', parseCount, 5)
    .option('--refit', 'fit the model anew before each part')
    .addHelpText('after', examples);
  addReportOption(command);
  addPlotOption(command);
  withCommonOptions(command).action(async (data: string, options: Options) => {
    await backtest(data, askedTask(command, able, { ...options }), options, session);
  });
};

async function backtest(data: string, { kind, options }: Asked, values: Options, session: Session): Promise<void> {
  const [{ runOf, trainingFault }, { openStart }, { tasks }, { checkOptions }, { openSource }, { Pictures }] =
    await Promise.all([
      import('../tasks/train.js'),
      import('../tasks/start.js'),
      import('../tasks/index.js'),
      import('../tasks/options.js'),
      import('../data/source.js'),
      import('../tasks/shown.js'),
    ]);
  const { folds, refit = false, sql, from, report: page, plot } = values;
  const task = tasks[kind];
  if (task.backtest === undefined) throw usageError(`backtest: ${kind} has none`);
  const source = openSource(data, { ...(sql !== undefined && { sql }) });
  const pictures = new Pictures();
  const shown = page === undefined && plot === undefined ? {} : { shown: pictures.add };
  const start = from === undefined ? undefined : await openStart(from, kind, values.layers);
  const training = { ...trainingOf(values), ...(start && { from: start }) };
  const run = runOf({ ...training, stage: (text) => session.note(text), ...shown }, source.name);
  const evaluation = await task
    .backtest(source, checkOptions(task.options, options, kind), run, { folds, refit })
    .catch((error: unknown) => {
      throw trainingFault(error, training);
    });
  for (const line of start?.notes ?? []) session.note(line);
  const { headline, details } = task.tell(evaluation, `, ${folds} folds`);
  session.print([...headline, ...details].join('\n'));
  await printPictures(plot, { evaluation, pictures }, session);
  const report = await writeReport(page, { evaluation, on: `, ${folds} folds`, pictures, data }, session);
  session.result({
    data,
    task: kind,
    ...fromOf(start),
    folds,
    refit,
    evaluation,
    ...(report !== undefined && { report }),
  });
}
