import type { Source } from '../data/source.js';
import { accountText } from '../data/understanding/account.js';
import { MemcellError, usageError } from '../errors.js';
import { counted, formatDuration } from '../format.js';
import type { PreparedTask, SavedTask } from '../tasks/definition.js';
import type { CheckpointTimes, FitJournal } from '../tasks/fitJournal.js';
import type { TaskKind } from '../tasks/settings.js';
import type { Pictures } from '../tasks/shown.js';
import type { Start } from '../tasks/start.js';
import type { AnyTrained } from '../tasks/train.js';
import { version } from '../version.js';
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
import type { Live } from './live.js';
import { anyPort, type LiveAddress, parseLive } from './liveAddress.js';
import { addReportOption, keepPage, pageFor } from './reporting.js';
import { openJournal, parseCheckpoint } from './resuming.js';
import { onSignals, type Signals } from './signals.js';
import { parsePath, quoted } from './values.js';

const examples = `
Examples:
  memcell train weather.csv --forecast temp_max --out models/weather
  memcell train sales.csv --forecast sales --group store --known promo --horizon 14
  memcell train digits.csv --classify digit --steps 8 --layers "LSTM(64), Dense(10, softmax)"
  memcell train psalms.txt --text --budget 2min
  memcell train digits.txt --symbols --out models/digits
  memcell train new.csv --forecast sales --from models/sales --learning-rate 0.001 --out models/new

Data: a table (CSV and its kin, JSON, Parquet; gzipped or not; several by a pattern such as "2024-*.csv"; - is standard
input) for --forecast and --classify; plain text for --text; words or whole numbers for --symbols. Ctrl-C stops after
the batch and saves what there is; a second one quits at once.

--live prints the address of its page, which only this machine reaches and whose button does what Ctrl-C does. At the
end the page becomes the report and the process ends: the browser keeps the report until it is closed, or saves it.`;

interface Options extends TrainingValues {
  out: string;
  dryRun?: true;
  force?: true;
  report?: string | true;
  live?: LiveAddress | true;
  plot?: true;
  sql?: string;
  from?: string;
  resume?: true;
  checkpoint?: CheckpointTimes;
}

type Prepared = PreparedTask<SavedTask, { kind: TaskKind }>;

/** memcell train: a task on a data file, to a saved model. */
export const addTrain: AddCommand = (program, session) => {
  const command = program
    .command('train')
    .summary('train a model on a table, a text or a sequence, and save it')
    .description(
      'Trains a model on a table, a text or a sequence, says what it understood of the data and how good the model is on the part held out beside a simple guess, and saves it.',
    )
    .usage('DATA TASK [OPTIONS]')
    .argument('<DATA>', 'the file to train on');
  addTrainingOptions(command, allTasks);
  command
    .option('--sql <QUERY>', 'what to read of a table named data: "select * from data where year > 2015"')
    .option(
      '--from <MODEL>',
      'start from a trained model, of any format, or weights (.safetensors, .weights.h5) with --layers; frozen layers stay frozen',
    )
    .option('--dry-run', 'say what was understood of the data, and stop there')
    .option('--out <DIR>', 'the folder to save the model in', parsePath, 'model')
    .option('--resume', 'go on with the same run, which was killed or stopped, from what is in DIR.resume')
    .option(
      '--checkpoint <TIME>',
      'how often to write there what a killed run needs, such as 5min or "10 epochs" (1min)',
      parseCheckpoint,
    )
    .option('--force', 'replace a model of another task, or one that memcell train did not save')
    .addHelpText('after', examples);
  addReportOption(command);
  addPlotOption(command);
  command.option(
    '--live [PORT]',
    'show the training on a page as it goes, which can stop it (127.0.0.1, a free port; or HOST:PORT)',
    parseLive,
  );
  withCommonOptions(command).action(async (data: string, options: Options) => {
    await train(data, askedTask(command, allTasks, { ...options }), options, session);
  });
};

async function train(data: string, asked: Asked, values: Options, session: Session): Promise<void> {
  const { dryRun, live: where, from } = values;
  if (where !== undefined && dryRun) {
    throw usageError('--live shows a training, and --dry-run has none; give one of them');
  }
  if (from !== undefined) await checkFrom(from, values);
  if (dryRun) {
    await describe(data, asked, values, session);
    return;
  }
  const showing: Showing = {};
  try {
    await trainShown(data, asked, values, session, showing);
  } catch (error) {
    await showing.live?.failed(error instanceof Error ? error.message.split('\n')[0] : String(error));
    throw error;
  }
}

/** Says what is understood of the data, and what would be trained on it. */
async function describe(data: string, { kind, options }: Asked, values: Options, session: Session): Promise<void> {
  const { openSource, trainTask, showProgress } = await trainingModules();
  const start = await startOf(values, kind);
  const progress = showProgress(session.streams.stderr);
  try {
    await trainTask(kind, openSource(data, sqlOf(values)), options, {
      ...trainingOf(values),
      ...(start && { from: start }),
      stage: progress.stage,
      onPrepared: (prepared) => {
        sayPrepared(prepared, start, session, (line) => session.print(line));
        const { account, warnings, layers, samples, heldOut } = prepared;
        session.result({ task: kind, data, ...fromOf(start), understood: account, layers, samples, heldOut, warnings });
        return false;
      },
    });
  } finally {
    progress.stop();
  }
}

/** The page that shows a training, once it is served. */
interface Showing {
  live?: Live;
}

async function trainShown(
  data: string,
  { kind, options }: Asked,
  values: Options,
  session: Session,
  showing: Showing,
): Promise<void> {
  const { out, force, report: page, live: where, plot, resume = false, checkpoint } = values;
  const { checkReplaceable, checkWritable } = await import('../formats/folder.js');
  await checkReplaceable(out, kind, force ?? false);
  await checkWritable(out);
  const { openSource, trainTask, showProgress } = await trainingModules();
  const { Pictures } = await import('../tasks/shown.js');
  const progress = showProgress(session.streams.stderr);
  const signals = onSignals(() => {
    progress.stop();
    session.note('stopping after this batch; Ctrl-C again quits without saving');
    showing.live?.stopping();
  });
  const startedAt = performance.now();
  const pictures = new Pictures();
  let prepared: Prepared | undefined;
  let start: Start | undefined;
  let trained: AnyTrained | undefined;
  let journal: FitJournal | undefined;
  try {
    if (where !== undefined) {
      showing.live = await serve(where === true ? anyPort : where, { data, kind, signals, session });
    }
    const { live } = showing;
    start = await startOf(values, kind);
    const source = openSource(data, sqlOf(values));
    const how = { out, resume, every: checkpoint, sql: values.sql, from: start?.identity };
    journal = await openJournal(how, { kind, options }, values, source, (line) => session.note(line));
    trained = await trainTask(kind, source, options, {
      ...trainingOf(values),
      ...(start && { from: start }),
      fits: journal,
      callbacks: [progress.callback, ...(live ? [live.callback] : [])],
      signal: signals.signal,
      stage: (text) => {
        progress.stage(text);
        live?.stage(text);
      },
      ...((page !== undefined || live || plot) && { shown: pictures.add }),
      onPrepared: (ready) => {
        prepared = ready;
        sayPrepared(ready, start, session, (line) => session.note(line));
        // Before, there is nothing to save.
        signals.listen();
        return true;
      },
      onTrained: async (model) => {
        progress.stop();
        await model.save(out, { includeOptimizer: false });
      },
    });
  } catch (error) {
    if (error instanceof MemcellError && error.code === 'interrupted') session.exitCode = signals.code() ?? 1;
    throw error;
  } finally {
    signals.release();
    progress.stop();
  }
  if (prepared === undefined || trained === undefined) return;
  const seconds = (performance.now() - startedAt) / 1000;
  const interrupted = trained.stopped?.reason === 'interrupted';
  const resumable = interrupted && journal.isKept;
  if (!resumable) await journal.clear();
  try {
    const { live } = showing;
    const exitCode = signals.code();
    // The first sample, for its gates; what came through a pipe is gone.
    const sample = kind === 'classify' && data !== '-' ? openSource(data, sqlOf(values)) : undefined;
    const ended = { data, sample, out, kind, seconds, prepared, exitCode, page, plot, pictures, resumable, start };
    await tell({ ...ended, ...(live && { live }) }, trained, session);
  } finally {
    trained.model.dispose();
  }
}

async function trainingModules() {
  const [{ openSource }, { trainTask }, { showProgress }] = await Promise.all([
    import('../data/source.js'),
    import('../tasks/train.js'),
    import('./progress.js'),
  ]);
  return { openSource, trainTask, showProgress };
}

function sqlOf({ sql }: Options): { sql?: string } {
  return sql === undefined ? {} : { sql };
}

/** The model that training starts from. */
async function startOf({ from, layers }: Options, kind: TaskKind): Promise<Start | undefined> {
  if (from === undefined) return undefined;
  const { openStart } = await import('../tasks/start.js');
  return openStart(from, kind, layers);
}

function sayPrepared(
  { account, warnings, layers, samples, heldOut }: Prepared,
  start: Start | undefined,
  session: Session,
  say: (line: string) => void,
): void {
  for (const line of account ? accountText(account) : []) say(line);
  for (const line of start?.notes ?? []) say(line);
  session.warn(warnings);
  say(`training ${layers} on ${counted(samples, 'sample')}${heldOut > 0 ? `, ${heldOut} more held out` : ''}`);
}

/** @throws MemcellError (usage) for options that cannot be with --from */
async function checkFrom(from: string, { out, dryRun }: Options): Promise<void> {
  if (dryRun) return;
  const { resolve } = await import('node:path');
  if (resolve(from) !== resolve(out)) return;
  throw usageError(
    `--from and --out are both ${out}: a run that is killed could not be resumed from what it has replaced; give another --out`,
  );
}

async function serve(
  address: LiveAddress,
  { data, kind, signals, session }: { data: string; kind: TaskKind; signals: Signals; session: Session },
): Promise<Live> {
  const { startLive } = await import('./live.js');
  const live = await startLive(address, {
    title: `Training on ${data.replace(/^.*[\\/]/, '')}`,
    kind,
    onStop: signals.interrupt,
    note: (text) => session.note(text),
  });
  session.note(`live at ${live.url}`);
  if (live.warning !== undefined) session.warn([live.warning]);
  return live;
}

interface Ended {
  data: string;
  /** What the gates of a report are of. */
  sample: Source | undefined;
  out: string;
  kind: TaskKind;
  seconds: number;
  prepared: Prepared;
  exitCode: number | undefined;
  page: string | true | undefined;
  plot: true | undefined;
  pictures: Pictures;
  /** Stopped, and what has been done is kept. */
  resumable: boolean;
  /** What it started from. */
  start: Start | undefined;
  live?: Live;
}

async function tell(ended: Ended, trained: AnyTrained, session: Session): Promise<void> {
  const [{ scoredOn, tasks }, { whyEarly }] = await Promise.all([
    import('../tasks/index.js'),
    import('../tasks/fitNetwork.js'),
  ]);
  const { data, sample, out, kind, seconds, prepared, exitCode, page, plot, pictures, live, resumable } = ended;
  const {
    model,
    artefact,
    layers,
    settings,
    history,
    counts = 'epoch',
    evaluation,
    instead,
    stopped,
    diverged,
  } = trained;
  const task = tasks[kind];
  const { account, samples, heldOut } = prepared;
  const epochs = history.loss?.length ?? 0;
  const parameters = model.countParams();
  const took = `${epochs > 0 && instead === undefined ? `${counted(epochs, counts)} in ` : ''}${formatDuration(seconds)}`;
  const network = `${layers} (${counted(parameters, 'parameter')})`;
  const unused = instead === undefined ? '' : `; it does without ${network}`;
  session.print(`trained ${instead ?? network} on ${data}: ${counted(samples, 'sample')}, ${took}${unused}`);
  const early = stopped && whyEarly(stopped, settings.patience);
  if (early !== undefined) session.print(early);
  const on = scoredOn(heldOut);
  const { headline } = task.tell(evaluation, on);
  for (const line of headline) session.print(line);
  session.warn(trained.warnings, [...headline, ...(early === undefined ? [] : [early])]);
  session.print(`saved in ${out}; next: ${task.next(artefact, quoted(out), quoted(data))}`);
  const warnings = [...prepared.warnings, ...trained.warnings];
  const made = {
    loaded: { model, artefact, name: out },
    evaluation,
    on,
    pictures,
    ...(sample && { source: sample }),
    ...(account && { account }),
    warnings: stopped?.reason === 'interrupted' ? [`stopped in ${counts} ${epochs}`, ...warnings] : warnings,
    training: { createdWith: `memcell ${version}`, source: data, layers, settings, history },
    seconds,
  };
  await printPictures(plot, made, session);
  const shown = page !== undefined || live ? await pageFor(made, session) : undefined;
  const report = page === undefined || shown === undefined ? undefined : await keepPage(page, shown, session);
  session.result({
    model: out,
    task: kind,
    data,
    ...fromOf(ended.start),
    ...(account && { understood: account }),
    layers,
    parameters,
    samples,
    heldOut,
    settings,
    epochs,
    ended: diverged ? 'diverged' : (stopped?.reason ?? 'finished'),
    seconds,
    history,
    evaluation,
    warnings,
    ...(report !== undefined && { report }),
    ...(live && { live: live.url }),
  });
  if (shown !== undefined) await live?.ended(shown);
  if (stopped?.reason === 'interrupted') {
    session.note(
      `memcell: interrupted in ${counts} ${stopped.epoch + 1}; what was trained by then is saved in ${out}${resumable ? '; --resume goes on from there' : ''}`,
    );
    session.exitCode = exitCode ?? 130;
  } else if (diverged) {
    session.note(`memcell: ${diverged.message}; the weights before it are saved in ${out}`);
    session.exitCode = 1;
  }
}
