import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addReportOption, writeReport } from './reporting.js';

interface Options {
  from?: string;
  report?: string | true;
}

const examples = `
Examples:
  memcell evaluate models/weather weather.csv
  memcell evaluate models/weather weather.csv --from 2015-07-01
  memcell evaluate models/digits digits.txt --json`;

/** memcell evaluate: how good a saved model is on a data file. */
export const addEvaluate: AddCommand = (program, session) => {
  const command = program
    .command('evaluate')
    .summary('tell how good a saved model is on a data file')
    .description(
      'Tells how good a saved model is on a data file, beside a simple guess; of a series, on what came after the training data where there is any.',
    )
    .usage('MODEL DATA [--from ROW|TIME]')
    .argument('<MODEL>', 'the folder of a model that memcell train saved')
    .argument('<DATA>', 'a file like the one it was trained on')
    .option('--from <ROW|TIME>', 'forecasts: the first row, or time, that is scored (the first one not trained on)')
    .addHelpText('after', examples);
  addReportOption(command);
  withCommonOptions(command).action((folder: string, data: string, options: Options) =>
    evaluate(folder, data, options, session),
  );
};

async function evaluate(folder: string, data: string, options: Options, session: Session): Promise<void> {
  const [{ loadSaved }, { tasks }, { openSource }, { Pictures }] = await Promise.all([
    import('../tasks/train.js'),
    import('../tasks/index.js'),
    import('../data/source.js'),
    import('../tasks/shown.js'),
  ]);
  const loaded = await loadSaved(folder);
  try {
    const task = tasks[loaded.kind];
    const { report: page, from } = options;
    const source = openSource(data);
    const pictures = new Pictures();
    const scoring = { ...(from !== undefined && { from }), ...(page !== undefined && { shown: pictures.add }) };
    const evaluation = await task.evaluate(loaded, source, scoring);
    const { headline, details } = task.tell(evaluation, '');
    session.print([...headline, ...details].join('\n'));
    const report = await writeReport(page, { loaded, evaluation, pictures, data, source }, session);
    session.result({ model: folder, data, evaluation, ...(report !== undefined && { report }) });
  } finally {
    loaded.model.dispose();
  }
}
