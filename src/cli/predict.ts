import { MemcellError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import type { Artefact } from '../tasks/artefact.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { formatNumber, formatTable } from './table.js';
import { parseCount, parseIntegers } from './values.js';

interface Options {
  steps?: number;
  start?: number[];
  out?: string;
}

/** Predictions as a table, for people, for a CSV file and for programs. */
interface Predictions {
  head: string[];
  /** Cells as they are; numbers are shortened for people only. */
  rows: (string | number)[][];
  /** The predictions for --json. */
  result: object;
  /** What people see instead of the table. */
  text?: string;
}

/** More rows than this are not shown to people one by one. */
const mostRows = 40;

const examples = `
Examples:
  memcell predict models/weather                          the day after the training data's end
  memcell predict models/weather weather.csv              the day after this file's end
  memcell predict models/co2 --steps 12 --out next.csv
  memcell predict models/digits --start "1 2 3" --steps 10
  memcell predict models/scans scans.csv --json`;

/** memcell predict: what comes next, or the class of each row. */
export const addPredict: AddCommand = (program, session) => {
  const command = program
    .command('predict')
    .summary('forecast what comes next, or tell the class of each row')
    .description(
      'Forecasts the rows or integers that come next, or tells the class of each row or group, as the model was trained to.',
    )
    .usage('MODEL [DATA] [OPTIONS]')
    .argument('<MODEL>', 'the folder of a model that memcell train saved')
    .argument('[DATA]', 'the file to go on from (the end of the training data), or whose rows to classify')
    .option('--steps <N>', 'forecast and symbols: how many to predict (the horizon; symbols 10)', parseCount)
    .option('--start <INTEGERS>', 'symbols: the integers to go on from, such as "1 2 3"', parseIntegers)
    .option('--out <FILE>', 'write the predictions to a CSV file')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    predict(folder, data, options, session),
  );
};

async function predict(folder: string, data: string | undefined, options: Options, session: Session): Promise<void> {
  const { loadTask } = await import('../tasks/task.js');
  const { model, artefact } = await loadTask(folder);
  let predictions: Predictions;
  try {
    predictions = await predictionsOf(folder, model, artefact, data, options);
  } finally {
    model.dispose();
  }
  const { head, rows, result, text } = predictions;
  if (options.out) {
    await writeCsv(options.out, [head, ...rows]);
    session.note(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'} written to ${options.out}`);
  } else {
    session.print(text ?? tableText(head, rows));
  }
  session.result({ model: folder, task: artefact.kind, ...result });
}

/** Whole or not at all; numbers with the seven digits that float32 has. */
async function writeCsv(file: string, rows: (string | number)[][]): Promise<void> {
  const { default: writeFile } = await import('write-file-atomic');
  const { stringify } = await import('csv-stringify/sync');
  try {
    await writeFile(file, stringify(rows, { cast: { number: (value) => String(Number(value.toPrecision(7))) } }));
  } catch (cause) {
    const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : cause;
    throw new MemcellError(`${file}: cannot be written (${reason}); give --out another file`, { code: 'io', cause });
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

/** @throws MemcellError (usage) for options and data that the model's task does not take */
async function predictionsOf(
  folder: string,
  model: Sequential,
  artefact: Artefact,
  data: string | undefined,
  { steps, start }: Options,
): Promise<Predictions> {
  const refuse = (what: string) => {
    throw new MemcellError(`${folder}: ${what}`, { code: 'usage' });
  };
  if (start && artefact.kind !== 'symbols')
    refuse(`--start is for models trained with --symbols, not --${artefact.kind}`);
  switch (artefact.kind) {
    case 'forecast': {
      const { predictForecast } = await import('../tasks/forecast.js');
      const table = data === undefined ? undefined : await (await import('../data/read.js')).readTable(data);
      const forecast = await predictForecast(model, artefact, table, steps);
      const timed = forecast.rows[0].time !== undefined;
      return {
        head: [timed ? (artefact.time?.column ?? 'time') : 'step', ...forecast.columns],
        rows: forecast.rows.map(({ step, time, values }) => [time ?? String(step), ...values]),
        result: { ...forecast },
      };
    }
    case 'classify': {
      if (steps !== undefined) refuse('--steps is for forecasts and symbols; this model tells classes');
      if (data === undefined) return refuse('give the DATA whose rows are to be classified');
      const { predictClassify } = await import('../tasks/classify/plain.js');
      const { readTable } = await import('../data/read.js');
      const { classes, rows } = await predictClassify(model, artefact, await readTable(data));
      const head = [artefact.group ?? 'row', artefact.label];
      const likeliest = rows.map(({ row, group, label, probabilities }) => [
        group ?? String(row),
        label,
        `${(100 * Math.max(...probabilities)).toFixed(1)} %`,
      ]);
      return {
        head: [...head, ...classes.map((name) => `p(${name})`)],
        text: tableText([...head, 'probability'], likeliest),
        rows: rows.map(({ row, group, label, probabilities }) => [group ?? String(row), label, ...probabilities]),
        result: { classes, rows },
      };
    }
    case 'symbols': {
      if (start && data !== undefined) refuse('DATA and --start both say what to go on from; give one');
      const { predictSymbols } = await import('../tasks/symbols.js');
      const from = start ?? (data === undefined ? undefined : await integersOf(data));
      const symbols = await predictSymbols(model, artefact, from, steps ?? 10);
      return {
        head: ['step', 'symbol'],
        rows: symbols.map((symbol, i) => [String(i + 1), symbol]),
        result: { symbols },
        text: symbols.join(' '),
      };
    }
    case 'text':
      return refuse('a model trained with --text writes text: use memcell generate');
  }
}

async function integersOf(file: string): Promise<Int32Array> {
  const { readText } = await import('../data/read.js');
  const { parseIntegers: read } = await import('../data/integers.js');
  return read(await readText(file), file);
}
