/** What a resumed fit must be given again, in words that can be compared. */

import { isRecord } from '../fields.js';
import { settingsOfCallbacks } from './backup.js';
import type { Samples } from './batches.js';
import type { Callback } from './callbacks.js';
import type { Compiled } from './compile.js';
import { fingerprintOf, type Settings } from './fingerprint.js';
import type { FitSettings } from './fitSettings.js';
import type { TrainingParams } from './history.js';
import type { Runner } from './runner.js';

/** A run, as far as its settings go. */
export interface DescribedRun {
  settings: FitSettings;
  params: TrainingParams;
  compiled: Compiled;
  runner: Runner;
  callbacks: readonly Callback[];
  train: Samples;
  validation: Samples | undefined;
  /** The model's layers. */
  model: Settings;
  /** Nobody has asked for this seed. */
  seedIsDrawn: boolean;
}

export function settingsOfRun(run: DescribedRun): Settings {
  const { settings, params, compiled, runner, callbacks, train, validation, model, seedIsDrawn } = run;
  const { epochs, initialEpoch, batchSize, seed } = params;
  const { name, config } = runner.optimizer;
  const outputs = compiled.outputs?.map((output) => ({
    output: output.name,
    weight: output.weight,
    loss: lossOf(output.loss),
  }));
  return {
    data: namesOf(train),
    ...(validation && { validation: namesOf(validation) }),
    epochs,
    initialEpoch,
    batchSize,
    shuffle: settings.shuffle,
    ...(validation && {
      validationFreq: settings.validationFreq,
      validationBatchSize: settings.validationBatchSize ?? batchSize,
    }),
    ...(!seedIsDrawn && { seed }),
    optimizer: { name, ...asObject(plain(config)) },
    loss: outputs ?? lossOf(compiled.loss),
    metrics: [...compiled.metrics, ...compiled.weightedMetrics].map((metric) => metric.name),
    callbacks: settingsOfCallbacks(callbacks),
    engine: runner.kind,
    model,
  };
}

function lossOf({ name, config }: Compiled['loss']): Settings {
  return { name, ...asObject(plain(config)) };
}

/** What tells samples from others. */
function namesOf({ x, y, weights }: Samples): Settings {
  return { x: fingerprintOf(x), y: fingerprintOf(y), ...(weights && { weights: fingerprintOf(weights) }) };
}

function plain(value: object): Settings {
  return JSON.parse(JSON.stringify(value));
}

function asObject(value: Settings): { [name: string]: Settings } {
  return isRecord(value) ? value : {};
}
