import { usageError } from '../errors.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addPlotOption, printPictures } from './drawing.js';
import { openToPredict, openWhole } from './opening.js';
import { addReportOption, writeReport } from './reporting.js';

interface Options {
  from?: string;
  targets?: string;
  features?: string;
  loss?: string;
  metrics?: string;
  report?: string | true;
  plot?: true;
}

const examples = `
Examples:
  memcell evaluate models/weather weather.csv
  memcell evaluate models/weather weather.csv --from 2015-07-01
  memcell evaluate models/digits digits.txt --json
  memcell evaluate model.keras x.npy --targets y.npy
  memcell evaluate model.onnx houses.csv --targets price --loss mse --metrics mae

A model trained elsewhere takes arrays as memcell predict does; the targets are in a file of their own,
columns of the same table, or beside the inputs: arrays x and y of an .npz or a JSON object.`;

/** memcell evaluate: how good a saved model is on a data file. */
export const addEvaluate: AddCommand = (program, session) => {
  const command = program
    .command('evaluate')
    .summary('tell how good a saved model is on a data file')
    .description(
      'Tells how good a saved model is on a data file, beside a simple guess; of a series, on what came after the training data where there is any. Of any other model: loss and metrics on arrays.',
    )
    .usage('MODEL DATA [--from ROW|TIME] [--targets FILE|COLS]')
    .argument('<MODEL>', 'a model that memcell train saved; or any other, as a folder, .keras, .h5 or .onnx')
    .argument('<DATA>', 'a file like the one it was trained on, or arrays')
    .option('--from <ROW|TIME>', 'forecasts: the first row, or time, that is scored (the first one not trained on)')
    .optionsGroup('Models without a task:')
    .option('--targets <FILE|COLS>', 'what should come out: a file, or columns of DATA')
    .option('--features <COLS>', 'the columns of a table that go in, in their order (all but the targets)')
    .option('--loss <NAME>', 'such as mse or sparse_categorical_crossentropy (that of the model)')
    .option('--metrics <NAMES>', 'beside --loss: such as mae,accuracy')
    .addHelpText('after', examples);
  addReportOption(command);
  addPlotOption(command);
  withCommonOptions(command).action((folder: string, data: string, options: Options) =>
    evaluate(folder, data, options, session),
  );
};

async function evaluate(folder: string, data: string, options: Options, session: Session): Promise<void> {
  const { report: page, plot, from } = options;
  const pictured = page !== undefined || plot ? await openWhole(folder) : undefined;
  const model = pictured ?? (await openToPredict(folder));
  if (model.metadata.task === undefined) {
    if (!pictured) model.dispose();
    const { evaluateArrays } = await import('./plainModel.js');
    return evaluateArrays({ model: pictured ?? (await openWhole(folder)), name: folder }, data, options, session);
  }
  refuseForTask(folder, options);
  const [{ openTask, readTask }, { tasks }, { openSource }, { Pictures }] = await Promise.all([
    import('../tasks/saved.js'),
    import('../tasks/index.js'),
    import('../data/source.js'),
    import('../tasks/shown.js'),
  ]);
  const shown = pictured && readTask(openTask(pictured, folder));
  const loaded = shown ?? readTask(openTask(model, folder));
  try {
    const task = tasks[loaded.kind];
    const source = openSource(data);
    const pictures = new Pictures();
    const scoring = {
      ...(from !== undefined && { from }),
      ...((page !== undefined || plot) && { shown: pictures.add }),
    };
    const evaluation = await task.evaluate(loaded, source, scoring);
    const { headline, details } = task.tell(evaluation, '');
    session.print([...headline, ...details].join('\n'));
    const described = { ...(shown && { loaded: shown }), evaluation, pictures, source };
    await printPictures(plot, described, session);
    const report = await writeReport(page, { ...described, data }, session);
    session.result({ model: folder, data, evaluation, ...(report !== undefined && { report }) });
  } finally {
    loaded.model.dispose();
  }
}

/** @throws MemcellError (usage) for what a model with a task knows itself */
function refuseForTask(folder: string, options: Options): void {
  const given = (['targets', 'features', 'loss', 'metrics'] as const).find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw usageError(`${folder}: --${given} is for models without a task; this one knows its own`);
}
