import { MemcellError } from '../errors.js';
import { formatNumber, formatTable } from '../format.js';
import { allTasks } from './choose.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addReportOption, writeReport } from './reporting.js';
import { addTaskOptions, taskOptionsOf } from './taskOptions.js';
import { parsePath } from './values.js';

interface Options {
  out?: string;
  features?: string;
  report?: string | true;
  [name: string]: unknown;
}

/** A text is written by generate. */
const predicting = allTasks.filter(({ kind }) => kind !== 'text');

/** More rows than this are not shown to people one by one. */
const mostRows = 40;

const examples = `
Examples:
  memcell predict models/weather                          what comes after the training data's end
  memcell predict models/weather weather.csv              what comes after this file's end
  memcell predict models/co2 --steps 12 --interval 80,95 --out next.csv
  memcell predict models/sales --future promotions.csv
  memcell predict models/digits --start "1 2 3" --steps 10
  memcell predict models/scans scans.csv --json
  memcell predict model.keras samples.npy --out outputs.npy

A model trained elsewhere takes arrays: .npy, JSON (nested lists), for several inputs .npz or a JSON object
by their names; or the columns of a table. --out writes by the file's ending: .csv, .tsv, .json, .jsonl, .ndjson,
.parquet, arrays also .npy and .npz; - is standard output, as CSV.`;

/** memcell predict: what comes next, or the class of each row. */
export const addPredict: AddCommand = (program, session) => {
  const command = program
    .command('predict')
    .summary('forecast what comes next, or tell the class of each row')
    .description(
      'Forecasts the rows or symbols that come next, or tells the class of each row or group, as the model was trained to. Of any other model: its outputs for arrays.',
    )
    .usage('MODEL [DATA] [OPTIONS]')
    .argument('<MODEL>', 'a model that memcell train saved; or any other, as a folder, .keras, .h5 or .onnx')
    .argument('[DATA]', 'the file to go on from (the end of the training data), whose rows to classify, or the arrays');
  addTaskOptions(command, predicting, 'predictOptions');
  command
    .option('--features <COLS>', 'models without a task: the columns of a table that go in, in their order (all)')
    .option('--out <FILE>', 'write the predictions to a file', parsePath)
    .addHelpText('after', examples);
  addReportOption(command);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    predict(folder, data, options, session),
  );
};

async function predict(folder: string, data: string | undefined, values: Options, session: Session): Promise<void> {
  const { out, features, report: page } = values;
  const { loadModel } = await import('../sequential.js');
  const model = await loadModel(folder);
  if (model.metadata.task === undefined) {
    const { predictArrays } = await import('./plainModel.js');
    return predictArrays({ model, name: folder }, data, values, session);
  }
  const [{ openTask, readTask }, { tasks }, { openSource }] = await Promise.all([
    import('../tasks/train.js'),
    import('../tasks/index.js'),
    import('../data/source.js'),
  ]);
  if (out !== undefined) (await import('../data/write.js')).formatOf(out);
  const loaded = readTask(openTask(model, folder));
  try {
    const { kind } = loaded;
    if (features !== undefined) {
      throw new MemcellError(`${folder}: --features is for models without a task; this one knows its columns`, {
        code: 'usage',
      });
    }
    if (kind === 'text') {
      throw new MemcellError(`${folder}: a model trained with --text writes text: use memcell generate`, {
        code: 'usage',
      });
    }
    const options = taskOptionsOf(predicting, 'predictOptions', kind, values, (flag, owners) => {
      const names = owners.map((owner) => `--${owner}`).join(' or ');
      throw new MemcellError(`${folder}: ${flag} is for models trained with ${names}, not --${kind}`, {
        code: 'usage',
      });
    });
    const source = data === undefined ? undefined : openSource(data);
    const predicted = await tasks[kind].predict(loaded, source, options);
    const { head, rows, result, text, notes } = predicted;
    for (const note of notes) session.note(note);
    if (out === '-') {
      const { encodeTable } = await import('../data/write.js');
      session.stream(String(await encodeTable(head, rows, 'csv')));
    } else if (out !== undefined) {
      const { writeTable } = await import('../data/write.js');
      await writeTable(head, rows, out);
      session.note(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'} written to ${out}`);
    } else {
      session.print(text ?? tableText(head, rows));
    }
    const given = { ...(data !== undefined && { data }), ...(source && { source }) };
    const report = await writeReport(page, { loaded, predict: options, predicted, ...given }, session);
    session.result({
      model: folder,
      task: kind,
      ...result,
      ...(report !== undefined && { report }),
      ...(notes.length > 0 && { notes }),
    });
  } finally {
    loaded.model.dispose();
  }
}

/** The first rows as a table. */
function tableText(head: string[], rows: (string | number)[][]): string {
  const shown = rows
    .slice(0, mostRows)
    .map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell)));
  const rest = rows.length - shown.length;
  return formatTable(head, shown) + (rest > 0 ? `\n… ${rest} more rows; --out FILE or --json gives all` : '');
}
