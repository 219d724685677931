/** What fit is told, checked. */
import type { NdArray } from '../data/array.js';
import { usageError } from '../errors.js';
import type { BackupOptions, BackupStore } from './backup.js';
import { type Samples, sampleRange } from './batches.js';
import type { Callbacks } from './callbacks.js';
import type { Compiled } from './compile.js';
import { prepareSamples } from './evaluate.js';
import { complete } from './options.js';
import type { ProgressOptions, Verbosity } from './progress.js';
import type { SampleWeightArrays } from './targets.js';

export interface ValidationData {
  x: NdArray;
  y: NdArray;
  sampleWeight?: SampleWeightArrays;
}

export interface FitOptions<Data = ValidationData, Weights = SampleWeightArrays> extends Partial<ProgressOptions> {
  /** Default 32; with stateful layers, the size that they are for. The last batch of an epoch may be smaller. */
  batchSize?: number;
  /** The epoch to stop before; with an initialEpoch, only the difference is trained. Default 1. */
  epochs?: number;
  initialEpoch?: number;
  /** One or a list, called in this order. */
  callbacks?: Callbacks;
  /** The part of the samples, from the end and before shuffling, to validate on and not to train on. */
  validationSplit?: number;
  /** Samples to validate on; goes before validationSplit. */
  validationData?: Data;
  /** Default: batchSize. */
  validationBatchSize?: number;
  /** Validate after every so many epochs. Default 1. */
  validationFreq?: number;
  /** A new order for each epoch, a function of (seed, epoch). Default true. */
  shuffle?: boolean;
  /** Weights by class number. */
  classWeight?: Readonly<Record<number, number>>;
  /**
   * One weight for each sample, or for each sample and step. Of several outputs for all of them, or a list of those of each (null: 1), or by
   * their names (left out: 1).
   */
  sampleWeight?: Weights;
  /** Governs shuffling and dropout. Default: drawn at random, and told in history.params. */
  seed?: number;
  /** Aborting it stops after the batch; the weights stay and the history says so. */
  signal?: AbortSignal;
  /**
   * A folder (Node) for backups, by default one after every epoch: a fit that was killed at any moment and is called again with the same
   * data and settings goes on from the newest, and ends with the same bits as one that was never stopped.
   */
  backup?: string | BackupOptions | BackupStore;
}

const DEFAULTS = {
  batchSize: undefined as number | undefined,
  epochs: 1,
  initialEpoch: 0,
  callbacks: [] as Callbacks,
  validationSplit: 0,
  validationFreq: 1,
  shuffle: true,
  verbose: 1 as Verbosity,
};

export type FitSettings = FitOptions & typeof DEFAULTS;

/** @throws MemcellError ('usage') for an unknown option, or one out of its range */
export function checkedSettings(options: FitOptions): FitSettings {
  const settings = complete('fit', DEFAULTS, options, {
    batchSize: 'positiveCount?',
    epochs: 'count',
    initialEpoch: 'count',
    callbacks: 'other',
    validationSplit: 'belowOne',
    validationData: 'other',
    validationBatchSize: 'positiveCount?',
    validationFreq: 'positiveCount',
    shuffle: 'boolean',
    classWeight: 'record?',
    sampleWeight: 'other',
    seed: 'integer?',
    signal: 'signal?',
    backup: 'other',
    verbose: 'verbosity',
    write: 'function?',
  });
  return settings;
}

/** Training and validation samples, checked. */
export function split(
  compiled: Compiled,
  x: NdArray,
  y: NdArray,
  settings: FitSettings,
): { train: Samples; validation?: Samples } {
  const { validationData, validationSplit, sampleWeight, classWeight } = settings;
  if (validationData) {
    const { x: vx, y: vy, sampleWeight: weight } = validationData;
    return {
      train: prepareSamples(compiled, x, y, { sampleWeight, classWeight }),
      validation: prepareSamples(compiled, vx, vy, { sampleWeight: weight }, 'validationData: '),
    };
  }
  const all = prepareSamples(compiled, x, y, { sampleWeight, classWeight });
  if (validationSplit === 0) return { train: all };
  const samples = x.shape[0];
  const at = Math.floor(samples * (1 - validationSplit));
  if (at === 0 || at === samples)
    throw usageError(
      `validationSplit ${validationSplit} of ${samples} samples leaves ${at} to train and ${samples - at} to validate on; both need at least one`,
    );
  const held = sampleRange(all, at, samples);
  return { train: sampleRange(all, 0, at), validation: classWeight ? { x: held.x, y: held.y } : held };
}
