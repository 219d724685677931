/** What `memcell train` does once its options are read. */
import { MemcellError } from '../errors.js';
import { checkWritable } from '../formats/folder.js';
import { type TaskRequest, type TrainedTask, trainTask } from '../tasks/task.js';
import type { Session } from './command.js';
import { headline } from './evaluationText.js';
import { showProgress } from './progress.js';
import { counted, formatDuration } from './table.js';
import type { TrainOptions } from './train.js';

/** The exit code of a process that SIGINT ended. */
const INTERRUPTED = 130;

export async function train(
  data: string,
  kind: TaskRequest['kind'],
  options: TrainOptions,
  session: Session,
): Promise<void> {
  await checkWritable(options.out);
  const started = performance.now();
  const progress = showProgress(session.streams.stderr);
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  // A second Ctrl-C finds no listener and ends the process.
  process.once('SIGINT', stop);
  let trained: TrainedTask;
  try {
    trained = await trainTask({
      data,
      task: requestOf(kind, options),
      ...(options.layers !== undefined && { layers: options.layers }),
      settings: {
        epochs: options.epochs,
        batchSize: options.batchSize,
        optimizer: options.optimizer,
        learningRate: options.learningRate,
        validationSplit: options.validationSplit,
        patience: options.patience,
        seed: options.seed,
      },
      callbacks: [progress.callback],
      signal: interrupt.signal,
      onStart: ({ model, warnings, samples, heldOut }) => {
        for (const warning of warnings) session.note(`warning: ${warning}`);
        const held = heldOut > 0 ? `, ${heldOut} held out` : '';
        const runs = model.engine.kind === 'memcell' ? '' : ` (on tfjs: ${model.engine.why})`;
        session.note(
          `training ${counted(model.countParams(), 'parameter')} on ${counted(samples, 'sample')}${held}${runs}`,
        );
      },
    });
  } finally {
    progress.stop();
    process.removeListener('SIGINT', stop);
  }
  try {
    await trained.model.save(options.out);
    report(trained, options.out, (performance.now() - started) / 1000, session);
  } finally {
    trained.model.dispose();
  }
}

function report(
  { artefact, evaluation, history, stopped, diverged }: TrainedTask,
  out: string,
  seconds: number,
  session: Session,
): void {
  const epochs = Object.values(history)[0]?.length ?? 0;
  if (diverged) {
    throw new MemcellError(`${diverged.message}; the model after epoch ${epochs} is saved in ${out}`, {
      code: 'numeric',
      cause: diverged,
    });
  }
  const interrupted = stopped?.reason === 'interrupted';
  const heldOut = (artefact.training?.settings.validationSplit ?? 0) > 0;
  session.print(headline(evaluation, heldOut ? ', held out' : ', those trained on').join('\n'));
  const partly = stopped && stopped.batch > 0 ? ` and ${counted(stopped.batch, 'batch', 'batches')} of the next` : '';
  const how = interrupted
    ? `stopped after ${counted(epochs, 'epoch')}${partly}`
    : `trained ${counted(epochs, 'epoch')}`;
  session.print(`${how} in ${formatDuration(seconds)}; saved in ${out}`);
  session.print(
    `next: memcell ${artefact.kind === 'text' ? 'generate' : 'predict'} ${out}${nextArguments(artefact.kind)}`,
  );
  session.result({
    model: out,
    task: artefact.kind,
    epochs,
    seconds,
    interrupted,
    history,
    evaluation,
    heldOut,
    settings: artefact.training?.settings,
    layers: artefact.training?.layers,
  });
  if (interrupted) session.exitCode = INTERRUPTED;
}

function nextArguments(kind: TaskRequest['kind']): string {
  if (kind === 'classify') return ' DATA';
  return kind === 'symbols' ? ' --steps 10' : '';
}

function requestOf(kind: TaskRequest['kind'], options: TrainOptions): TaskRequest {
  const { window, horizon, features, time, steps, group } = options;
  switch (kind) {
    case 'forecast':
      return { kind, options: { targets: options.forecast ?? [], ...given({ window, horizon, features, time }) } };
    case 'classify':
      return { kind, options: { label: options.classify ?? '', ...given({ steps, group, features }) } };
    case 'text':
    case 'symbols':
      return { kind, options: given({ window }) };
  }
}

function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
