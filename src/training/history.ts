/** Named numbers of a batch or an epoch: loss, accuracy, val_loss, … in the order they are shown. */
export type Logs = Record<string, number>;

/** Why fit ended before its last epoch. Only finished epochs are in the history. */
export interface Stopped {
  reason: 'callback' | 'interrupted';
  /** The epoch (from 0) during or after which it stopped. */
  epoch: number;
  /** Batches done in that epoch. */
  batch: number;
}

/** What fit was called with, after defaults. */
export interface TrainingParams {
  epochs: number;
  initialEpoch: number;
  batchSize: number;
  /** Batches in an epoch. */
  steps: number;
  samples: number;
  validationSamples: number;
  seed: number;
}

/** Keras's History: one number per finished epoch under each key. */
export interface History {
  /** The epochs' numbers, from initialEpoch. */
  epoch: number[];
  history: Record<string, number[]>;
  params: TrainingParams;
  stopped?: Stopped;
}
