import type { Command } from 'commander';
import { MemcellError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import type { Artefact } from '../tasks/artefact.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { formatCsv, writeWhole } from './csv.js';
import { formatNumber, formatTable } from './table.js';
import { parseCount, parseIntegers } from './values.js';

interface Options {
  steps?: number;
  start?: number[];
  out?: string;
}

/** Predictions as rows of cells, and the same for programs. */
interface Predictions {
  head: string[];
  rows: (string | number)[][];
  result: object;
  /** How people see them, when not as the table of head and rows. */
  text?: string;
}

const examples = `
Examples:
  memcell predict models/weather                 the days after the training data
  memcell predict models/weather new.csv         the days after the last row of new.csv
  memcell predict models/digits --start "3" --steps 7
  memcell predict models/shapes rows.csv --out classes.csv`;

const symbolSteps = 10;

/** memcell predict: what a trained model says comes next, or which class rows are. */
export const addPredict: AddCommand = (program, session) => {
  const command = program
    .command('predict')
    .summary('predict with a model that memcell trained')
    .description(
      'Predicts with a model that memcell trained: the next rows of a table or integers of a sequence, or the class of rows.',
    )
    .usage('MODEL [DATA] [OPTIONS]')
    .argument('<MODEL>', 'the folder of the model')
    .argument('[DATA]', 'rows to go on from or to classify; without it, on from the end of the training data')
    .option('--steps <N>', "rows or integers to predict (forecast: the model's horizon; symbols: 10)", parseCount)
    .option('--start <INTEGERS>', 'symbols: the integers to go on from, such as "1 2 3"', parseIntegers)
    .option('--out <FILE>', 'write a CSV file instead of a table')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    predict(command, folder, data, options, session),
  );
};

async function predict(command: Command, folder: string, data: string | undefined, options: Options, session: Session) {
  if (data !== undefined && options.start) command.error("option '--start' and DATA are two starts; give one");
  const { loadTask } = await import('../tasks/task.js');
  const { model, artefact } = await loadTask(folder);
  checkOptions(artefact, data, options);
  const { head, rows, result, text } = await predictions(model, artefact, data, options);
  if (options.out !== undefined) {
    await writeWhole(options.out, formatCsv(head, rows));
    session.note(`${rows.length} rows written to ${options.out}`);
  } else {
    session.print(
      text ??
        formatTable(
          head,
          rows.map((row) => row.map(cellText)),
        ),
    );
  }
  session.result(result);
}

function checkOptions({ kind }: Artefact, data: string | undefined, { steps, start }: Options): void {
  const refuse = (what: string) => {
    throw new MemcellError(what, { code: 'usage' });
  };
  if (kind === 'text') refuse('this model continues texts: use memcell generate');
  if (kind === 'classify' && data === undefined) refuse('this model classifies rows: give a DATA file with them');
  if (kind === 'classify' && steps !== undefined)
    refuse('--steps is for forecasts and symbols; this model classifies rows');
  if (kind !== 'symbols' && start) refuse('--start is for models of symbols; give this one a DATA file');
}

async function predictions(
  model: Sequential,
  artefact: Artefact,
  data: string | undefined,
  { steps, start }: Options,
): Promise<Predictions> {
  const { readTable, readText } = await import('../data/read.js');
  switch (artefact.kind) {
    case 'forecast': {
      const { predictForecast } = await import('../tasks/forecast.js');
      const table = data === undefined ? undefined : await readTable(data);
      const forecast = await predictForecast(model, artefact, table, steps);
      const timed = forecast.rows.some(({ time }) => time !== undefined);
      return {
        head: [timed ? (artefact.time?.column ?? 'time') : 'step', ...forecast.columns],
        rows: forecast.rows.map(({ step, time, values }) => [time ?? step, ...values]),
        result: { task: 'forecast', ...forecast },
      };
    }
    case 'classify': {
      const { predictClassify } = await import('../tasks/classify.js');
      const classified = await predictClassify(model, artefact, await readTable(data ?? ''));
      const { classes, rows } = classified;
      const head = [artefact.group ?? 'row', artefact.label];
      const likeliest = rows.map(({ row, group, label, probabilities }) => [
        group ?? String(row),
        label,
        `${(100 * Math.max(...probabilities)).toFixed(1)} %`,
      ]);
      return {
        head: [...head, ...classes.map((name) => `p(${name})`)],
        rows: rows.map(({ row, group, label, probabilities }) => [group ?? row, label, ...probabilities]),
        result: { task: 'classify', ...classified },
        text: formatTable([...head, 'probability'], likeliest),
      };
    }
    default: {
      if (artefact.kind === 'text') throw new MemcellError('use memcell generate', { code: 'usage' });
      const { predictSymbols } = await import('../tasks/symbols.js');
      const { parseIntegers: read } = await import('../data/integers.js');
      const from = data === undefined ? start : read(await readText(data), data);
      const values = await predictSymbols(model, artefact, from, steps ?? symbolSteps);
      return {
        head: ['step', 'value'],
        rows: values.map((value, index) => [index + 1, value]),
        result: { task: 'symbols', values },
        text: values.join(' '),
      };
    }
  }
}

function cellText(cell: string | number): string {
  return typeof cell === 'string' ? cell : formatNumber(cell);
}
