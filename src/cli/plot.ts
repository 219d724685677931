import { type Command, Option } from 'commander';
import { usageError } from '../errors.js';
import { type PlotOptions, plotOptions } from '../report/look/options.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { parsePath, parseWith } from './values.js';

interface Options extends Omit<PlotOptions, 'columns'> {
  sql?: string;
  out?: string;
  plot?: true;
}

const examples = `
Examples:
  memcell plot weather.csv
  memcell plot weather.csv temp_max wind --out weather.html
  memcell plot sales.csv sold --group store --out sales.svg
  memcell plot weather.csv temp_max --plot            in the terminal

Nothing is filled in and nothing is trained. The page is plot.html, or --out; a name that ends in .svg gets the figures
alone. --plot draws in the terminal instead, unless --out is given too.`;

/** memcell plot: a look at a table before anything is trained on it. */
export const addPlot: AddCommand = (program, session) => {
  const command = program
    .command('plot')
    .summary('draw a table: over time, seasons, what is missing, distributions, correlations')
    .description(
      'Draws the columns of a table before anything is trained on it: over time, by the seasons of the calendar, their autocorrelation and distribution, what is missing and what correlates, and says what was understood of it.',
    )
    .usage('DATA [COL...] [OPTIONS]')
    .argument('<DATA>', 'the table')
    .argument('[COL...]', 'the columns to look at (all that can be drawn)');
  addPlotOptions(command);
  command
    .option('--sql <QUERY>', 'what to read of a table named data: "select * from data where year > 2015"')
    .option('--out <FILE>', 'the page, or the figures as .svg (plot.html)', parsePath)
    .option('--plot', 'draw in the terminal')
    .addHelpText('after', examples);
  withCommonOptions(command).action((data: string, columns: string[], options: Options) =>
    plot(data, columns, options, session),
  );
};

/** Those of the table of options; columns are arguments. */
function addPlotOptions(command: Command): void {
  const { columns: _, ...options } = plotOptions;
  for (const { flags, help, kind } of Object.values(options)) {
    command.addOption(new Option(flags, help).argParser(parseWith<unknown>(kind)));
  }
}

async function plot(data: string, columns: string[], options: Options, session: Session): Promise<void> {
  const { sql, out, plot: drawn, ...given } = options;
  const format = formatOf(out ?? 'plot.html');
  const { openSource } = await import('../data/source.js');
  const { accountText } = await import('../data/understanding/account.js');
  const { lookAt } = await import('../report/look/look.js');
  const wanted = readingOf(given, columns);
  const look = await lookAt(openSource(data, { ...(sql !== undefined && { sql }) }), wanted);
  for (const line of accountText(look.understood)) session.print(line);
  session.warn(look.left);
  if (drawn) {
    const { lookText } = await import('./terminal/look.js');
    session.print(lookText(look, session.paper));
  }
  const file = out ?? (drawn ? undefined : 'plot.html');
  if (file !== undefined) {
    const { figuresOf, lookPage, sheetOf } = await import('../report/plot.js');
    const { lookSections } = await import('../report/sections/look.js');
    const { writeContent } = await import('../data/write.js');
    const sections = await lookSections(look);
    await writeContent(format === 'svg' ? sheetOf(figuresOf(sections)) : lookPage(look, sections), file);
    session.print(`the figures are in ${file}`);
  }
  session.result({ data, ...(file !== undefined && { out: file }), ...look });
}

/** Those that commander read, without its own. */
function readingOf(given: Omit<PlotOptions, 'columns'>, columns: string[]): PlotOptions {
  const names = Object.keys(plotOptions) as (keyof PlotOptions)[];
  const reading = Object.fromEntries(
    Object.entries(given).filter(([name]) => names.some((known) => known === name)),
  ) as PlotOptions;
  return { ...reading, ...(columns.length > 0 && { columns }) };
}

/** @throws MemcellError (usage) for a name that ends otherwise */
function formatOf(file: string): 'html' | 'svg' {
  const ending = /\.(html?|svg)$/i.exec(file)?.[1].toLowerCase();
  if (ending === undefined) {
    throw usageError(`--out ${file}: name a file that ends in .html or .svg`);
  }
  return ending === 'svg' ? 'svg' : 'html';
}
