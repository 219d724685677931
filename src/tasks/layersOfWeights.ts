/** A file of weights alone, such as PyTorch's `.safetensors`, on the layers that it is of. */
import { usageError } from '../errors.js';
import { openWeights, type WeightsFile, weightsFor } from '../formats/open.js';
import type { Layer } from '../layers/define.js';
import { parseSpec } from '../model/spec.js';
import { Sequential } from '../sequential.js';

/** Features of an input that nobody has said: groups of most sizes divide it. */
const ANY = 96;

/**
 * The model that layers in the notation make with the weights of a file. A step has as many features as the first weights take, unless a
 * layer says its inputShape.
 * @throws MemcellError 'usage' for layers that cannot be, 'model' with every name in the file that fits no layer
 */
export async function modelOfWeights(layers: string, file: WeightsFile): Promise<Sequential> {
  const model = layersIn(layers)[0]?.batchInputShape
    ? new Sequential(layersIn(layers), { seed: 0 })
    : await withFeatures(layers, file);
  try {
    await openWeights(model.tf, file);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Built for the features that the first layer's weights in the file have; the nearest to it where none fit. */
async function withFeatures(layers: string, file: WeightsFile): Promise<Sequential> {
  const any = builtFor(layers, ANY);
  const stored = await weightsFor(any.tf, file).finally(() => any.dispose());
  const first = stored.filter(({ layer }) => layer === stored[0].layer).map(({ shape }) => shape);
  const sizes = [...new Set(first.flat())].filter((size) => size > 0);
  const fits = (model: Sequential) => first.every((shape, i) => shape.join() === model.getWeights()[i]?.shape.join());
  for (const features of sizes) {
    const model = builtFor(layers, features);
    if (fits(model)) return model;
    model.dispose();
  }
  return builtFor(layers, sizes[0] ?? ANY);
}

/** The layers on ids, on rows of features, or on steps of them, whichever they take. */
function builtFor(layers: string, features: number): Sequential {
  let reason: unknown;
  for (const inputShape of [[null], [features], [null, features]]) {
    const model = new Sequential(layersIn(layers), { inputShape, seed: 0 });
    try {
      if (model.tf) return model;
    } catch (error) {
      reason = error;
    }
  }
  const said = reason instanceof Error ? reason.message : String(reason);
  throw usageError(`layers: ${said}; a first layer may say its input, as LSTM(32, input_shape=[24, 3])`);
}

function layersIn(layers: string): Layer[] {
  try {
    return parseSpec(layers);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw usageError(said.startsWith('layers: ') ? said : `layers: ${said}`);
  }
}
