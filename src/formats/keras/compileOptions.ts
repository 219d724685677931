/** From what a file says of compile, in Keras's words, to what compile() takes here. */
import { MemcellError } from '../../errors.js';
import type { CompileOptions } from '../../training/compile.js';
import { getLoss, type Loss } from '../../training/losses.js';
import { getMetric, type MetricIdentifier } from '../../training/metrics.js';
import { getOptimizer, type Optimizer } from '../../training/optimizers.js';
import type { ModelContents } from '../modelFile.js';
import { isJsonObject, type Json } from '../modelJson.js';

/**
 * compile()'s options, the optimizer with its state; undefined where something of it is not to be had here, noted in `lost`.
 */
export function compileOptionsOf(
  { optimizer, loss, lossWeights, metrics, weightedMetrics }: NonNullable<ModelContents['training']>,
  state: ModelContents['optimizerState'],
  lost: string[],
): CompileOptions | undefined {
  try {
    const made = getOptimizer(optimizer ? { class_name: optimizer.class_name, config: optimizer.config } : 'rmsprop');
    if (state) restoreOptimizer(made, state);
    return {
      optimizer: made,
      loss: lossesOf(loss ?? null),
      ...weightsOf(lossWeights ?? null),
      metrics: knownMetrics(metrics ?? null, lost),
      weightedMetrics: knownMetrics(weightedMetrics ?? null, lost),
    };
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    // Without the list of what there is in its place.
    lost.push(`the model comes uncompiled: ${error.message.split('; the ')[0]}`);
    return undefined;
  }
}

function weightsOf(written: Json): Pick<CompileOptions, 'lossWeights'> {
  if (Array.isArray(written)) return { lossWeights: written.map(Number) };
  if (!isJsonObject(written)) return {};
  return {
    lossWeights: Object.fromEntries(Object.entries(written).map(([output, weight]) => [output, Number(weight)])),
  };
}

function knownMetrics(written: Json, lost: string[]): CompileOptions['metrics'] {
  const known = (metrics: Json): MetricIdentifier[] =>
    Array.isArray(metrics) ? metrics.flatMap((metric) => metricOf(metric, lost)) : [];
  if (!isJsonObject(written)) return known(written);
  return Object.fromEntries(Object.entries(written).map(([output, metrics]) => [output, known(metrics)]));
}

/** Gives an optimizer the state that a file has for it. */
export function restoreOptimizer(
  optimizer: Optimizer,
  { iterations, slots }: NonNullable<ModelContents['optimizerState']>,
): void {
  const count = Object.values(slots)[0]?.length ?? 0;
  const arrays = Array.from({ length: count }, (_, i) => optimizer.slotNames.map((slot) => slots[slot][i])).flat();
  optimizer.restore(arrays, iterations);
}

/** A name, or a kind with its options; none for what is not known here. */
function metricOf(written: Json, lost: string[]): MetricIdentifier[] {
  const config = isJsonObject(written) && isJsonObject(written.config) ? written.config : undefined;
  const name = String(isJsonObject(written) ? written.name : written);
  const metric = (config ? { name, config } : name) as MetricIdentifier;
  try {
    getMetric(metric);
    return [metric];
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    lost.push(`metric ${JSON.stringify(name)} is not known here`);
    return [];
  }
}

function lossesOf(written: Json): CompileOptions['loss'] {
  if (Array.isArray(written)) return written.map(lossOf);
  if (!isJsonObject(written) || typeof written.name === 'string') return lossOf(written);
  return Object.fromEntries(Object.entries(written).map(([output, loss]) => [output, lossOf(loss)]));
}

function lossOf(written: Json): Loss {
  if (!isJsonObject(written)) return getLoss(String(written));
  return getLoss({ name: String(written.name), config: isJsonObject(written.config) ? written.config : {} });
}
