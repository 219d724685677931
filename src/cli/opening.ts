/** Models that commands open. */
import type { Predictor } from '../predictor.js';
import type { Sequential } from '../sequential.js';

/** A model with all that it can: TensorFlow.js keeps it. */
export async function openWhole(name: string): Promise<Sequential> {
  const { loadModel } = await import('../sequential.js');
  return loadModel(name);
}

/**
 * A model to predict with: on the engine where that can be, which starts in half the time since TensorFlow.js stays away.
 * @throws MemcellError 'model' or 'io' that names the file and what is wrong with it
 */
export async function openToPredict(name: string): Promise<Predictor | Sequential> {
  if (process.env.MEMCELL_BACKEND) return openWhole(name);
  const { openPredictor, Predictor } = await import('../predictor.js');
  // What is wrong with a file is said by who reads all of it.
  const opened = await openPredictor(name).catch(() => undefined);
  return opened instanceof Predictor ? opened : openWhole(name);
}
