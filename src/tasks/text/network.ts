import { usageError } from '../../errors.js';
import { parseSpec } from '../../model/spec.js';
import { Sequential } from '../../sequential.js';
import { finalActivation } from '../../training/forward.js';
import { getOptimizer } from '../../training/optimizers.js';
import { checkOutputShape } from '../prepared.js';
import type { TrainingSettings } from '../settings.js';
import type { Start } from '../start.js';

export interface NetworkOptions {
  layers: string;
  inputShape: number[];
  /** What the network may give, without the batch; its last axis is one probability per class. */
  outputs: number[][];
  settings: Pick<TrainingSettings, 'optimizer' | 'learningRate' | 'seed'>;
  threads?: number;
  /** Whose weights it starts with. */
  from?: Start;
  /** Recurrent layers carry their states from batch to batch, which have so many rows. */
  carriedBy?: number;
}

/**
 * A compiled network that gives probabilities of classes.
 * @throws MemcellError (usage, model) for layers that do not do that
 */
export function buildNetwork({
  layers,
  inputShape,
  outputs,
  settings,
  threads,
  from,
  carriedBy,
}: NetworkOptions): Sequential {
  const model = new Sequential(parseSpec(layers, { stateful: carriedBy !== undefined }), {
    inputShape,
    seed: settings.seed,
    ...(carriedBy !== undefined && { batchSize: carriedBy }),
  });
  try {
    const size = outputs[0].at(-1);
    const remedy = `end the layers with Dense(${size}, softmax)`;
    checkOutputShape(model.outputShape, outputs, remedy);
    if (finalActivation(model.tf) !== 'softmax') {
      throw usageError(`layers: this task needs probabilities; ${remedy}`);
    }
    from?.assign(model);
    const { optimizer, learningRate } = settings;
    model.compile({
      optimizer: getOptimizer({ name: optimizer, config: { learningRate } }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    model.threads = threads;
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
