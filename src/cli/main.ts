import { Command, CommanderError, Option } from 'commander';
import { type ErrorCode, MemcellError, shortage } from '../errors.js';
import { version } from '../version.js';
import { addBacktest } from './backtest.js';
import { addBench } from './bench.js';
import { addCheck } from './check.js';
import { type AddCommand, Session } from './command.js';
import { addConvert } from './convert.js';
import { addEvaluate } from './evaluate.js';
import { addGates } from './gates.js';
import { addGenerate } from './generate.js';
import { addHelp, showCommands } from './help.js';
import { addPlot } from './plot.js';
import { addPredict } from './predict.js';
import { addReport } from './report.js';
import type { Streams } from './streams.js';
import { addSummary } from './summary.js';
import { addTrain } from './train.js';
import { addTune } from './tune.js';

/** The commands, in the order of the help. */
const commands: AddCommand[] = [
  addTrain,
  addPredict,
  addEvaluate,
  addBacktest,
  addTune,
  addGenerate,
  addReport,
  addGates,
  addPlot,
  addSummary,
  addConvert,
  addCheck,
  addBench,
  addHelp,
];

/** Commands that run no kernels, or are done before the self-check of the wide speed would pay; the bits are the same at either. */
const withoutWide = new Set(['convert', 'gates', 'generate', 'help', 'plot', 'predict', 'report', 'summary']);

const examples = `
Examples:
  memcell train weather.csv --forecast temp_max --out models/weather
  memcell predict models/weather weather.csv
  memcell summary "LSTM(50), Dense(10, softmax)" --input-shape 1,1

An error is one line and says what to do. Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

/** Runs the command line of this process; exits when all is done. */
export async function main(): Promise<void> {
  // A reader that closes the pipe early, as `| head` does, wants no more.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') process.exit(0);
      if (stream === process.stdout)
        process.stderr.write(`memcell: standard output cannot be written (${code ?? message})\n`);
      process.exit(1);
    });
  process.exitCode = await run(process.argv.slice(2), process);
}

/**
 * Runs one command line.
 * @param argv what stands after `memcell`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function run(argv: string[], streams: Streams): Promise<number> {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const session = new Session(streams, flags.includes('--json'), typed(argv));
  try {
    const program = createProgram(session);
    if (argv.every((word) => word === '--json' || word === '--debug')) showCommands(program, session);
    else await program.parseAsync(argv, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    return reportError(error, session, flags.includes('--debug'));
  }
}

/** A command line as a shell takes it. */
function typed(argv: readonly string[]): string {
  const words = argv.map((word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ['memcell', ...words].join(' ');
}

function createProgram(session: Session): Command {
  const { stdout, stderr } = session.streams;
  const program = new Command('memcell')
    .description('Recurrent networks: trains on tables and text, predicts, and checks its own arithmetic.')
    .usage('COMMAND [ARGUMENTS] [OPTIONS]')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help; memcell COMMAND --help shows a command')
    .helpCommand(false)
    .addOption(new Option('--json').hideHelp())
    .addOption(new Option('--debug').hideHelp())
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 100),
      getErrHelpWidth: () => 100,
      outputError: () => {},
    });
  for (const add of commands) add(program, session);
  program.hook('preAction', async (_, command) => {
    if (!withoutWide.has(command.name())) await (await import('../kernels/wide.js')).enableWide();
  });
  return program;
}

/** Prints the one line of an error and gives the exit code. A terminal also gets the caret under a misspelt spec. */
function reportError(error: unknown, session: Session, debug: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof CommanderError && error.code === 'commander.help') return 2;
  const { code, text } = described(error);
  const [message] = text.split('\n');
  session.note(`memcell: ${session.streams.stderr.isTTY ? text : message}`);
  session.result({ error: { code, message } });
  if (debug && error instanceof Error) session.note(stackOf(error));
  else if (code === 'bug') session.note('memcell: --debug shows where');
  if (code === 'interrupted') return session.exitCode || 130;
  return code === 'usage' ? 2 : 1;
}

function described(error: unknown): { code: ErrorCode | 'bug'; text: string } {
  const known = error instanceof MemcellError ? error : shortage(error);
  if (known) return { code: known.code, text: known.message };
  const text = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof CommanderError) return { code: 'usage', text: text.replace(/^error: /, '') };
  return { code: 'bug', text: `this is a bug in memcell: ${text}` };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
