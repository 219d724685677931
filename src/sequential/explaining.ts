/** What looks into the tfjs model of one input. */
import { modelError } from '../errors.js';
import { prepareBackend } from '../kernels/backend.js';
import { releaseDropout } from '../model/dropout.js';
import type { Ends } from '../model/ends.js';
import { fromBatch, type ModelInput, toBatch } from '../model/inputs.js';
import type * as tf from '../tf.js';
import type { LayersModel } from '../tfjsTypes.js';

/**
 * @param model gives it with its weights as they are now
 * @throws MemcellError 'model' for a model with several inputs
 */
export async function explained<T>(
  x: ModelInput,
  { inputs }: Ends,
  model: () => LayersModel,
  explain: (model: tf.LayersModel, x: tf.Tensor) => T | Promise<T>,
): Promise<T> {
  if (inputs.length > 1) {
    throw modelError('gates and attribute look into models with one input; this one has several');
  }
  const { array } = toBatch(x, inputs[0], 'x');
  await prepareBackend();
  const own = model();
  const input = fromBatch(array, 'tensor');
  try {
    return await explain(own, input);
  } finally {
    input.dispose();
    releaseDropout(own);
  }
}
