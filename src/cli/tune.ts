import type { Account } from '../data/frame.js';
import { MemcellError, usageError } from '../errors.js';
import { counted, formatDuration, formatNumber, formatTable } from '../format.js';
import type { Drawn } from '../tasks/drawnSettings.js';
import { type AnyFlags, flags } from '../tasks/flags.js';
import type { Search, Trial } from '../tasks/search.js';
import type { TaskKind } from '../tasks/settings.js';
import type { Pictures } from '../tasks/shown.js';
import type { Tuned } from '../tasks/tune.js';
import { version } from '../version.js';
import { type Asked, addTrainingOptions, allTasks, askedTask, type TrainingValues, trainingOf } from './choose.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { addReportOption, writeReport } from './reporting.js';
import { openTrials } from './resuming.js';
import { onSignals } from './signals.js';
import { parseCount, parsePath, quoted } from './values.js';

/** What is searched of each task, in lines of the help. */
function rangesText({ kind, options, ranges }: AnyFlags): string {
  const { learningRate, batchSize, layers } = ranges;
  const own = Object.entries(options).flatMap(([name, { range }]) => (range ? [`${name} ${range.what}`] : []));
  const rows = kind === 'classify' ? '; rows: without the cell' : '';
  return [
    `  ${kind.padEnd(9)} ${[...own, `learning rate ${learningRate.what}`, `batch size ${batchSize.what}`].join('; ')};`,
    `            ${layers.cell.what} layers: ${layers.depth.what}, units ${layers.units.what}, dropout ${layers.dropout.what}${rows}`,
  ].join('\n');
}

const examples = `
Examples:
  memcell tune sales.csv --forecast sales --trials 30 --out models/sales
  memcell tune digits.csv --classify digit --budget 10min --report tuning.html

The first trial has the defaults; in each other one, half of the settings are drawn, the rest left at their defaults:
${allTasks.map(rangesText).join('\n')}
What you give is kept. Settings are chosen by the end of the training part (of classes: by another part of it); the part
that train holds out is only for the last lines, which compare the settings chosen with the defaults. Ctrl-C ends the
search: the best settings so far are trained and saved; a second one quits at once. --resume goes on with either.`;

interface Options extends TrainingValues {
  trials: number;
  out?: string;
  resume?: true;
  force?: true;
  report?: string | true;
  sql?: string;
}

/** memcell tune: which settings of a task suit the data better than the defaults, if any do. */
export const addTune: AddCommand = (program, session) => {
  const command = program
    .command('tune')
    .summary('search for settings that suit the data better than the defaults')
    .description(
      'Trains a model with many settings, says which have the least error on data that they were not trained on and whether that is better than the defaults, and saves the best.',
    )
    .usage('DATA TASK [OPTIONS]')
    .argument('<DATA>', 'the file to train on');
  addTrainingOptions(command, allTasks, '--plain');
  command
    .option('--trials <N>', 'how many settings to try, the defaults among them', parseCount, 20)
    .option('--sql <QUERY>', 'what to read of a table named data: "select * from data where year > 2015"')
    .option('--out <DIR>', 'save the best model there, trained as memcell train would', parsePath)
    .option('--resume', 'go on with a search that was killed or stopped, from the trials in DIR.resume')
    .option('--force', 'replace a model of another task, or one that memcell train did not save')
    .addHelpText('after', examples);
  addReportOption(command);
  withCommonOptions(command).action(async (data: string, options: Options) => {
    await tune(data, askedTask(command, allTasks, { ...options }), options, session);
  });
};

async function tune(data: string, { kind, options }: Asked, values: Options, session: Session): Promise<void> {
  const { out, resume = false, force = false, sql, report: page, trials: most } = values;
  if (resume && out === undefined) {
    throw usageError('--resume goes on with the trials beside the model that --out names; give both');
  }
  if (out !== undefined) {
    const { checkReplaceable, checkWritable } = await import('../formats/folder.js');
    await checkReplaceable(out, kind, force);
    await checkWritable(out);
  }
  const [{ openSource }, { accountText }, { endText, tuneTask, tuneText }, { Pictures }] = await Promise.all([
    import('../data/source.js'),
    import('../data/understanding/account.js'),
    import('../tasks/tune.js'),
    import('../tasks/shown.js'),
  ]);
  const startedAt = performance.now();
  const { plain: _, ...given } = trainingOf(values);
  const signals = onSignals(() =>
    session.note('stopping the search; the best settings so far are trained. Ctrl-C again quits without'),
  );
  const pictures = new Pictures();
  const ended: Pick<Ended, 'account' | 'heldOut'> = { heldOut: 0 };
  try {
    const source = openSource(data, { ...(sql !== undefined && { sql }) });
    const say = (line: string) => session.note(line);
    const records =
      out === undefined ? undefined : await openTrials({ out, resume, sql }, { kind, options }, values, source, say);
    // The first trial of a search that goes on is not prepared again: what it said of the data, the last training says.
    const saysDataLast = records?.find(1) !== undefined;
    if (saysDataLast) signals.listen();
    const tuned = await tuneTask(kind, source, options, {
      ...given,
      ...(records && { records }),
      trials: most,
      toSave: out !== undefined,
      signal: signals.signal,
      onPrepared: ({ account, warnings, layers, samples, heldOut }) => {
        for (const line of account ? accountText(account) : []) session.note(line);
        session.warn(warnings);
        const on = `on ${counted(samples, 'sample')}, ${heldOut} more to choose settings by`;
        session.note(`trial 1 has the defaults: ${layers} ${on}`);
        // Before, there is nothing to train with.
        signals.listen();
        return true;
      },
      onTrial: (trial, metric) => session.note(trialText(kind, trial, most, metric)),
      onSearched: (search) => {
        const text = endText(search, most);
        if (text !== undefined) session.note(text);
        session.note('training with the best settings');
      },
      final: {
        ...(page !== undefined && { shown: pictures.add }),
        onPrepared: ({ account, warnings, heldOut }) => {
          if (saysDataLast) {
            for (const line of account ? accountText(account) : []) session.note(line);
            session.warn(warnings);
          }
          Object.assign(ended, { heldOut, ...(account && { account }) });
          return true;
        },
        onTrained: async (model) => {
          if (out !== undefined) await model.save(out, { includeOptimizer: false });
        },
      },
    });
    if (tuned === undefined) {
      session.note('memcell: interrupted before the first trial was done; nothing is saved');
      session.result({ task: kind, data, trials: [], ended: 'interrupted' });
      session.exitCode = signals.code() ?? 130;
      return;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    try {
      await tell(tuned, { ...ended, kind, data, out, page, pictures, seconds, verdict: tuneText(tuned) }, session);
    } finally {
      tuned.trained.model.dispose();
    }
    if (!tuned.interrupted) await records?.clear();
    else {
      if (records?.isKept) session.note(`the trials are kept in ${records.folder}; --resume goes on with them`);
      session.exitCode = signals.code() ?? 130;
    }
  } catch (error) {
    if (error instanceof MemcellError && error.code === 'interrupted') session.exitCode = signals.code() ?? 1;
    throw error;
  } finally {
    signals.release();
  }
}

interface Ended {
  kind: TaskKind;
  data: string;
  out: string | undefined;
  page: string | true | undefined;
  pictures: Pictures;
  seconds: number;
  /** What came of it, for people. */
  verdict: string[];
  account?: Account;
  heldOut: number;
}

async function tell({ search, trained, compared }: Tuned, how: Ended, session: Session): Promise<void> {
  const { scoredOn, tasks } = await import('../tasks/index.js');
  const { kind, data, out, page, pictures, seconds, verdict, account, heldOut } = how;
  const { model, artefact, layers, settings, history, evaluation, warnings } = trained;
  const { metric, samples, trials, best, ended } = search;
  session.print(trialsTable(kind, search));
  for (const line of verdict) session.print(line);
  const on = scoredOn(heldOut);
  const { headline } = tasks[kind].tell(evaluation, on);
  for (const line of headline) session.print(line);
  session.warn(warnings, headline);
  session.print(
    out === undefined
      ? `nothing is saved without --out; to train it: memcell train, with ${given(kind, best) || 'no settings'}`
      : `saved in ${out}; next: ${tasks[kind].next(artefact, quoted(out), quoted(data))}`,
  );
  const report = await writeReport(
    page,
    {
      loaded: { model, artefact, name: out ?? 'the model' },
      evaluation,
      on,
      pictures,
      ...(account && { account }),
      warnings,
      training: { createdWith: `memcell ${version}`, source: data, layers, settings, history },
      seconds,
      data,
      tuning: {
        metric,
        verdict,
        best: best.trial,
        trials: trials.map((trial) => ({ ...trial, given: given(kind, trial) })),
      },
    },
    session,
  );
  session.result({
    ...(out !== undefined && { model: out }),
    task: kind,
    data,
    metric,
    samples,
    trials,
    best: best.trial,
    ended,
    better: compared?.better ?? false,
    ...(compared && { compared }),
    ...(account && { understood: account }),
    layers,
    settings,
    evaluation,
    warnings,
    seconds,
    ...(report !== undefined && { report }),
  });
}

/** A trial's settings as memcell train takes them; none with the defaults. */
function given(kind: TaskKind, { options, settings, layers }: Drawn): string {
  const own = Object.entries(options).map(
    ([name, value]) => `${flags[kind].options[name].flags.split(' ')[0]} ${value}`,
  );
  const { learningRate, batchSize } = settings;
  return [
    ...own,
    ...(learningRate === undefined ? [] : [`--learning-rate ${learningRate}`]),
    ...(batchSize === undefined ? [] : [`--batch-size ${batchSize}`]),
    ...(layers === undefined ? [] : [`--layers "${layers}"`]),
  ].join(' ');
}

function trialText(kind: TaskKind, trial: Trial, most: number, metric: string): string {
  const { error, failed, seconds } = trial;
  const came = error === undefined ? `failed, ${failed}` : `${metric} ${formatNumber(error)}`;
  return `trial ${trial.trial} of ${most}: ${came} (${formatDuration(seconds)}): ${given(kind, trial) || 'the defaults'}`;
}

/** Trials that are shown in the table. */
const mostShown = 10;

/** The trials, the best first. */
function trialsTable(kind: TaskKind, { trials, metric, defaults }: Search): string {
  const order = trials.toSorted((a, b) => (a.error ?? Infinity) - (b.error ?? Infinity));
  const shown = order.filter((trial, i) => i < mostShown || trial === defaults);
  const rows = shown.map((trial) => [
    String(trial.trial),
    trial.error === undefined ? '–' : formatNumber(trial.error),
    trial.parameters === undefined ? '–' : String(trial.parameters),
    trial.failed ?? (given(kind, trial) || 'the defaults'),
  ]);
  const left = trials.length - shown.length;
  const table = formatTable(['trial', metric, 'parameters', 'settings'], rows);
  return left > 0 ? `${table}\n… and ${counted(left, 'trial')} more` : table;
}
