import type { TableEncoder } from '../data/encodeTable.js';
import type { TableWriter } from '../data/write.js';
import { usageError } from '../errors.js';
import { counted, formatNumber, formatTable } from '../format.js';
import type { Prediction, TakeRows } from '../tasks/definition.js';
import { allTasks } from './choose.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addPlotOption, printPictures } from './drawing.js';
import { openToPredict, openWhole } from './opening.js';
import { addReportOption, writeReport } from './reporting.js';
import { onSignals, type Signals } from './signals.js';
import { addTaskOptions, taskOptionsOf } from './taskOptions.js';
import { parsePath } from './values.js';

interface Options {
  out?: string;
  features?: string;
  report?: string | true;
  plot?: true;
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
  addPlotOption(command);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    predict(folder, data, options, session),
  );
};

async function predict(folder: string, data: string | undefined, values: Options, session: Session): Promise<void> {
  const { out, features, report: page, plot } = values;
  const pictured = page !== undefined || plot ? await openWhole(folder) : undefined;
  const model = pictured ?? (await openToPredict(folder));
  if (model.metadata.task === undefined) {
    const { predictArrays } = await import('./plainModel.js');
    return predictArrays({ model, name: folder }, data, values, session);
  }
  const [{ openTask, readTask }, { tasks }, { openSource }] = await Promise.all([
    import('../tasks/saved.js'),
    import('../tasks/index.js'),
    import('../data/source.js'),
  ]);
  if (out !== undefined) (await import('../data/write.js')).formatOf(out);
  const pictures = pictured && readTask(openTask(pictured, folder));
  const loaded = pictures ?? readTask(openTask(model, folder));
  try {
    const { kind } = loaded;
    if (features !== undefined) {
      throw usageError(`${folder}: --features is for models without a task; this one knows its columns`);
    }
    if (kind === 'text') {
      throw usageError(`${folder}: a model trained with --text writes text: use memcell generate`);
    }
    if (plot && out === '-') {
      throw usageError('--plot and --out - both write to standard output; give one of them');
    }
    if (plot && kind === 'symbols') {
      throw usageError(`${folder}: --plot draws forecasts and classes, not symbols; leave it out`);
    }
    const options = taskOptionsOf(predicting, 'predictOptions', kind, values, (flag, owners) => {
      const names = owners.map((owner) => `--${owner}`).join(' or ');
      throw usageError(`${folder}: ${flag} is for models trained with ${names}, not --${kind}`);
    });
    const source = data === undefined ? undefined : openSource(data);
    const output = new Output(out, session);
    const predicted = await output.during((takeRows) =>
      // Pictures are of all answers.
      tasks[kind].predict(loaded, source, options, pictured ? undefined : takeRows),
    );
    if (predicted === undefined) return;
    const { head, rows, count = rows.length, result, text, notes } = predicted;
    for (const note of notes) session.note(note);
    await output.finish(predicted);
    if (out === undefined) session.print(text ?? tableText(head, rows));
    else if (out !== '-') session.note(`${counted(count, 'row')} written to ${out}`);
    const given = { ...(data !== undefined && { data }), ...(source && { source }) };
    // The second cell is the class.
    const answers = kind === 'classify' ? { answers: rows.map((row) => String(row[1])) } : {};
    const shown = { ...(pictures && { loaded: pictures }), predict: options, ...given };
    await printPictures(plot, { ...shown, ...answers }, session);
    const report = await writeReport(page, { ...shown, predicted }, session);
    session.result({
      model: folder,
      task: kind,
      ...(predicted.count === undefined ? result : { ...result, rows: [], count }),
      ...(report !== undefined && { report }),
      ...(notes.length > 0 && { notes }),
    });
  } finally {
    loaded.model.dispose();
  }
}

/** Where the rows of a prediction go: as they come, where there are more than are held, else all in the end. */
class Output {
  /** A file that is half written is not to stay. */
  private readonly signals: Signals = onSignals(() => {});
  private writer: TableWriter | undefined;
  private encoder: TableEncoder | undefined;

  constructor(
    private readonly out: string | undefined,
    private readonly session: Session,
  ) {}

  /** @returns undefined when it was interrupted */
  async during(predict: (takeRows?: TakeRows) => Promise<Prediction>): Promise<Prediction | undefined> {
    const { out, session, signals } = this;
    try {
      // One document on standard output has all rows in it.
      const whole = session.json && (out === undefined || out === '-');
      return await (whole ? predict() : predict((head, rows) => this.take(head, rows)));
    } catch (error) {
      await this.writer?.discard();
      if (!signals.signal.aborted) throw error;
      session.note(`interrupted: ${out} was not written`);
      session.exitCode = signals.code() ?? 1;
      return undefined;
    } finally {
      signals.release();
    }
  }

  async finish({ head, rows, count }: Prediction): Promise<void> {
    try {
      if (count === undefined) await this.take(head, rows);
      await this.writer?.close();
    } catch (error) {
      await this.writer?.discard();
      throw error;
    } finally {
      this.signals.release();
    }
  }

  private async take(head: string[], rows: (string | number)[][]): Promise<void> {
    const { out, session, signals } = this;
    if (out === undefined || (out === '-' && session.json)) return;
    signals.signal.throwIfAborted();
    if (out === '-') {
      const { tableEncoder } = await import('../data/encodeTable.js');
      this.encoder ??= tableEncoder(head, 'csv');
      await session.flow(String(await this.encoder.rows(rows)));
      return;
    }
    const { openTableWriter } = await import('../data/write.js');
    if (!this.writer) {
      signals.listen();
      this.writer = await openTableWriter(head, out);
    }
    await this.writer.write(rows);
  }
}

/** The first rows as a table. */
function tableText(head: string[], rows: (string | number)[][]): string {
  const shown = rows
    .slice(0, mostRows)
    .map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell)));
  const rest = rows.length - shown.length;
  return (
    formatTable(head, shown) + (rest > 0 ? `\n… ${counted(rest, 'more row')}; --out FILE or --json gives all` : '')
  );
}
