/** fit: the training loop over a runner. */
import type { NdArray } from '../data/array.js';
import { MemcellError, usageError } from '../errors.js';
import { EventLoop } from '../eventLoop.js';
import { deriveKey, Random } from '../random.js';
import { type Backup, type BackupStore, Backups, putBack, wholeState } from './backup.js';
import { Batches } from './batches.js';
import { type Callback, getCallbacks, type TrainingContext } from './callbacks.js';
import type { Compiled } from './compile.js';
import { batchSizeFor, evaluateBatches } from './evaluate.js';
import type { Settings } from './fingerprint.js';
import { checkedSettings, type FitOptions, type FitSettings, split } from './fitSettings.js';
import type { History, Logs, Stopped } from './history.js';
import { Meter } from './meter.js';
import { Progress } from './progress.js';
import type { Checkpoint, Runner } from './runner.js';
import { settingsOfRun } from './runSettings.js';
import { TerminateOnNaN } from './terminateOnNaN.js';

/** What the owner of the model lends to callbacks. */
export interface FitHost {
  /** Saves the model as it is, for ModelCheckpoint. */
  save?(folder: string): Promise<void>;
  /** Asked after every batch and epoch, beside context.stopTraining. */
  stopRequested?(): boolean;
  backup?: HostedBackup;
}

/** What the owner of the model knows of a fit's backups. */
export interface HostedBackup {
  store: BackupStore;
  /** The model's layers, of which a resumed fit must have the same. */
  model: Settings;
  /** Nobody has asked for this seed: that of the backup goes before it. */
  seedIsDrawn: boolean;
}

/**
 * Trains, as Keras's fit. Resolves to the history of the epochs that were finished.
 *
 * @param x (n, …), already checked against the model's input
 * @param y (n, …), checked here against the loss and the model's output
 * @throws MemcellError ('data', 'usage') before anything changes; ('numeric') when a loss or a weight is no longer
 *   finite, and then weights and optimizer are those after the last good epoch
 */
export async function fit(
  runner: Runner,
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  options: FitOptions = {},
  host: FitHost = {},
): Promise<History> {
  const run = new Run(runner, compiled, x, y, options, host);
  try {
    return await run.train();
  } finally {
    runner.sync();
  }
}

class Run {
  private readonly settings: FitSettings;
  private readonly batches: Batches;
  private readonly validation: Batches | undefined;
  private readonly order: Int32Array | undefined;
  private readonly callbacks: Callback[];
  private watchesBatches = false;
  private readonly context: TrainingContext;
  private readonly history: History;
  private readonly meter: Meter;
  private readonly progress: Progress;
  private readonly loop = new EventLoop();
  /** The state after the last good epoch, and the arrays that the next one is copied to. */
  private good: Checkpoint;
  private spare: Checkpoint | undefined;
  /** What the last finished epoch logged. */
  private lastLogs: Logs = {};
  private readonly backups: Backups | undefined;
  /** The state after the last good epoch, for backups. */
  private lastGood: ReturnType<typeof wholeState> | undefined;
  /** What is done. */
  private at = { epoch: 0, batch: 0, begun: false };

  constructor(
    private readonly runner: Runner,
    compiled: Compiled,
    x: NdArray,
    y: NdArray,
    options: FitOptions,
    private readonly host: FitHost,
  ) {
    const settings = checkedSettings(options);
    this.settings = settings;
    const { train, validation } = split(compiled, x, y, settings);
    const samples = train.x.shape[0];
    const batchSize = batchSizeFor(runner, settings.batchSize, samples);
    const validationSize = settings.validationBatchSize ?? batchSize;
    this.batches = new Batches(train, batchSize);
    this.validation =
      validation &&
      new Batches(
        validation,
        batchSizeFor(runner, validationSize, validation.x.shape[0], 'validation: ', 'validationBatchSize'),
      );
    this.order = settings.shuffle ? new Int32Array(samples) : undefined;
    this.callbacks = getCallbacks(settings.callbacks);
    this.meter = new Meter(compiled);
    this.progress = new Progress(settings.verbose, settings.write);
    const seed = settings.seed ?? Math.floor(Math.random() * 2 ** 31);
    runner.seed = seed;
    this.history = {
      epoch: [],
      history: {},
      params: {
        epochs: settings.epochs,
        initialEpoch: settings.initialEpoch,
        batchSize,
        steps: this.batches.count,
        samples,
        validationSamples: validation?.x.shape[0] ?? 0,
        seed,
      },
    };
    this.context = this.makeContext(compiled);
    this.good = runner.checkpoint();
    this.at.epoch = settings.initialEpoch;
    if (host.backup) {
      const { store, model, seedIsDrawn } = host.backup;
      const { params } = this.history;
      const run = {
        settings,
        params,
        compiled,
        runner,
        callbacks: this.callbacks,
        train,
        validation,
        model,
        seedIsDrawn,
      };
      this.backups = new Backups(store, runner, this.callbacks, settingsOfRun(run));
    }
  }

  async train(): Promise<History> {
    const found = await this.found();
    if (found?.end) return this.ended(found);
    try {
      return await this.run(found);
    } catch (error) {
      if (!(error instanceof MemcellError) || error.code !== 'numeric') throw error;
      // Going on would come to the same end.
      await this.end(error.message);
      return this.notFinite(error);
    }
  }

  private async run(found: Backup | undefined): Promise<History> {
    const { settings, context, history, backups } = this;
    await this.each((callback) => callback.onTrainBegin?.(context));
    this.watchesBatches = this.callbacks.some(({ onBatchBegin, onBatchEnd }) => onBatchBegin || onBatchEnd);
    if (found) this.goOn(found);
    if (backups) this.lastGood ??= wholeState(this.runner);
    let within = found?.begun ? found : undefined;
    while (this.at.epoch < settings.epochs && !history.stopped) {
      await this.epoch(this.at.epoch, within);
      within = undefined;
    }
    const interrupted = history.stopped?.reason === 'interrupted';
    if (interrupted) await this.write();
    // As in Keras, before callbacks put other weights back.
    else this.runner.average();
    await this.each((callback) => callback.onTrainEnd?.(this.lastLogs, context));
    if (!interrupted) await this.end();
    return history;
  }

  /** @param resumed a backup from within the epoch, to go on from */
  private async epoch(epoch: number, resumed?: Backup): Promise<void> {
    const { batches, context, history, meter, order, progress, settings } = this;
    const title = settings.epochs > 1 ? `Epoch ${epoch + 1}/${settings.epochs} - ` : '';
    await this.each((callback) => callback.onEpochBegin?.(epoch, context));
    this.at.begun = true;
    if (order) this.shuffle(order, epoch);
    meter.reset();
    progress.begin();
    let done = resumed?.batch ?? 0;
    // After onEpochBegin: what that did is in the backup already, and must not be done twice.
    if (resumed) this.goOn(resumed);
    while (done < batches.count && !(done > 0 && this.stopsNow())) {
      if (settings.signal?.aborted) return this.stop('interrupted', epoch, done);
      // Waiting for nothing would cost a tenth of a small step.
      if (this.watchesBatches) await this.batch(epoch, done++);
      else {
        const step = this.step(epoch, done++);
        if (step) await step;
      }
      this.at.batch = done;
      if (this.backups && this.isDue(epoch, done)) await this.write();
      if (progress.wantsBatches) progress.batch(title, done, batches.count, meter.logs());
      if (this.loop.waits) await this.loop.turn();
    }
    if (settings.signal?.aborted) return this.stop('interrupted', epoch, done);
    const logs = await this.endOfEpoch(epoch);
    await this.each((callback) => callback.onEpochEnd?.(epoch, logs, context));
    progress.end(title, batches.count, logs);
    history.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) {
      history.history[key] ??= [];
      history.history[key].push(value);
    }
    this.lastLogs = logs;
    this.at = { epoch: epoch + 1, batch: 0, begun: false };
    if (epoch + 1 === settings.epochs && done === batches.count) return;
    if (settings.signal?.aborted) this.stop('interrupted', epoch, done);
    else if (this.stopsNow()) this.stop('callback', epoch, done);
    else if (this.backups?.due(epoch + 1, (epoch + 1) * batches.count, true)) await this.write();
  }

  /** Whether a backup is due within the epoch. */
  private isDue(epoch: number, done: number): boolean {
    const { backups, batches, settings } = this;
    if (!backups || done === batches.count || settings.signal?.aborted || this.stopsNow()) return false;
    return backups.due(epoch, epoch * batches.count + done, false);
  }

  /** The backup to go on from. */
  private async found(): Promise<Backup | undefined> {
    const { backups, meter, host, progress, settings } = this;
    if (!backups) return undefined;
    const [unsaved] = meter.unsaved;
    if (backups.withinEpochs && unsaved !== undefined)
      throw usageError(
        `backup: the metric ${unsaved} has no save() and restore(), so that a backup within an epoch cannot hold it; back up by epochs`,
      );
    const found = await backups.newest();
    if (found?.note !== undefined) progress.line(found.note);
    if (found && settings.verbose > 0 && host.backup) {
      const where = found.end ? 'its end' : `epoch ${found.epoch + 1}, batch ${found.batch + 1}`;
      progress.line(`Going on from ${host.backup.store.name} at ${where}`);
    }
    return found;
  }

  /** Puts back all that a backup has. */
  private goOn(backup: Backup): void {
    const { history, runner, meter } = this;
    history.params.seed = backup.seed;
    runner.seed = backup.seed;
    putBack(runner, backup.good ?? backup.now);
    this.lastGood = backup.good ?? backup.now;
    this.good = runner.checkpoint();
    if (backup.good) putBack(runner, backup.now);
    if (backup.learningRate !== undefined) runner.optimizer.learningRate = backup.learningRate;
    history.epoch = [...backup.history.epoch];
    history.history = { ...backup.history.history };
    this.lastLogs = backup.logs;
    this.at = { epoch: backup.epoch, batch: backup.batch, begun: backup.begun };
    if (backup.meter) meter.restore(backup.meter);
    this.backups?.restoreCallbacks(backup);
  }

  /** The fit was over already. */
  private ended(backup: Backup): History | Promise<History> {
    this.goOn(backup);
    const { history } = this;
    if (backup.history.stopped) history.stopped = backup.history.stopped;
    if (backup.end?.error === undefined) return history;
    return this.notFinite(new MemcellError(backup.end.error, { code: 'numeric' }));
  }

  private position(end?: Backup['end']) {
    const { at, history, lastLogs, meter, runner } = this;
    const { epoch, history: logs, stopped, params } = history;
    const { learningRate, config } = runner.optimizer;
    return {
      ...at,
      seed: params.seed,
      learningRate: typeof config.learningRate === 'number' ? learningRate : undefined,
      history: { epoch, history: logs, ...(stopped && { stopped }) },
      logs: lastLogs,
      meter: at.batch > 0 ? meter.save() : undefined,
      end,
    };
  }

  /** Rejects, or with a TerminateOnNaN ends as if a callback had asked for it. */
  private async notFinite(error: MemcellError): Promise<History> {
    const { callbacks, context, history, at, progress } = this;
    const terminating = callbacks.find((callback) => callback instanceof TerminateOnNaN);
    if (!terminating) throw error;
    terminating.reason = error.message;
    progress.line(error.message);
    this.stop('callback', at.epoch, at.batch);
    await this.each((callback) => callback.onTrainEnd?.(this.lastLogs, context));
    return history;
  }

  private async end(error?: string): Promise<void> {
    await this.backups?.end(this.position(error === undefined ? {} : { error }), wholeState(this.runner));
  }

  private async write(): Promise<void> {
    if (this.backups && this.lastGood) await this.backups.write(this.position(), this.lastGood);
  }

  private async batch(epoch: number, index: number): Promise<void> {
    const { callbacks, context, meter } = this;
    for (const callback of callbacks) if (callback.onBatchBegin) await callback.onBatchBegin(index, context);
    await this.step(epoch, index);
    let logs: Logs | undefined;
    for (const callback of callbacks)
      if (callback.onBatchEnd) {
        logs ??= meter.logs();
        await callback.onBatchEnd(index, logs, context);
      }
  }

  private step(epoch: number, index: number): void | Promise<void> {
    const samples = this.batches.batch(index, this.order);
    return this.runner.trainInTurns(samples, (result) => {
      const { batches, meter } = this;
      if (!Number.isFinite(result.loss))
        throw this.backToGood(
          `the loss is ${result.loss} in epoch ${epoch + 1}, batch ${index + 1} of ${batches.count}`,
        );
      meter.add(result, samples);
    });
  }

  /** Validates, and keeps the state if all is finite. Gives the epoch's logs. */
  private async endOfEpoch(epoch: number): Promise<Logs> {
    const { meter, runner, validation } = this;
    const logs = meter.logs();
    if (!runner.weightsAreFinite()) throw this.backToGood(`a weight is no longer finite after epoch ${epoch + 1}`);
    const state = runner.checkpoint(this.spare);
    if (validation && (epoch + 1) % this.settings.validationFreq === 0) {
      await evaluateBatches(runner, meter, validation, this.loop);
      Object.assign(logs, meter.logs('val_'));
      if (!Number.isFinite(logs.val_loss))
        throw this.backToGood(`val_loss is ${logs.val_loss} after epoch ${epoch + 1}`);
    }
    this.spare = this.good;
    this.good = state;
    if (this.backups) this.lastGood = wholeState(runner);
    return logs;
  }

  private backToGood(what: string): MemcellError {
    this.runner.goBack(this.good);
    const rate = this.runner.optimizer.learningRate;
    return new MemcellError(
      `${what}; stopped with the weights after the last good epoch; try a lower learning rate (now ${rate}), clipnorm, or scaled data`,
      { code: 'numeric' },
    );
  }

  private shuffle(order: Int32Array, epoch: number): void {
    for (let i = 0; i < order.length; i++) order[i] = i;
    new Random(deriveKey(this.history.params.seed, 'shuffle', epoch)).shuffle(order);
  }

  private stop(reason: Stopped['reason'], epoch: number, batch: number): void {
    this.history.stopped = { reason, epoch, batch };
  }

  private stopsNow(): boolean {
    return this.context.stopTraining || this.host.stopRequested?.() === true;
  }

  private async each(call: (callback: Callback) => void | Promise<void>): Promise<void> {
    for (const callback of this.callbacks) await call(callback);
  }

  private makeContext(compiled: Compiled): TrainingContext {
    const { history, host, progress, runner } = this;
    const metrics = [...compiled.metrics, ...compiled.weightedMetrics];
    return {
      params: history.params,
      optimizer: runner.optimizer,
      stopTraining: false,
      capture: () => runner.capture(),
      restore: (state) => runner.restore(state),
      save: async (folder) => {
        if (!host.save) throw usageError('this model cannot be saved during training');
        await host.save(folder);
      },
      directionOf: (key) => {
        const name = key.replace(/^val_/, '');
        return name === 'loss' ? 'down' : metrics.find((metric) => metric.name === name)?.direction;
      },
      print: (line) => progress.line(line),
    };
  }
}
