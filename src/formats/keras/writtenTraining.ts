/** What compile() was told, in Keras's words, as it is written to Keras's files. */
import { layerNameOf } from '../../layers/names.js';
import { snakeCase } from '../../spelling.js';
import { metricName } from '../../training/names.js';
import type { ModelContents } from '../modelFile.js';
import { isJsonObject, type Json } from '../modelJson.js';
import type { JsonObject } from './layerConfig.js';

type Training = NonNullable<ModelContents['training']>;

/** Losses that Keras has not. */
const OWN_LOSSES = ['quantile', 'gaussianLikelihood'];

/** Metrics that Keras has not. */
const OWN_METRICS = ['huber', 'perplexity'];

/** Keras's classes of metrics whose names are not ours. */
const METRIC_CLASSES: Record<string, string> = {
  logCosh: 'LogCoshError',
  kullbackLeiblerDivergence: 'KLDivergence',
  auc: 'AUC',
};

/** Short names that Keras has, too. */
const SHORT_METRICS = ['acc', 'mse', 'mae', 'mape', 'msle', 'bce'];

/**
 * compile()'s words in the form of Keras's files. Given `lost`, only what Keras has, so that it opens the file, and the rest noted; without,
 * all of it, for trainingFrom().
 */
export function kerasCompile({ loss, lossWeights, metrics, weightedMetrics }: Training, lost?: string[]): JsonObject {
  return {
    loss: kerasLoss(loss ?? null, lost),
    loss_weights: lossWeights ?? null,
    metrics: kerasMetrics(metrics ?? null, lost),
    weighted_metrics: kerasMetrics(weightedMetrics ?? null, lost),
  };
}

function kerasLoss(loss: Json, lost: string[] | undefined): Json {
  if (Array.isArray(loss)) return loss.map((one) => kerasLoss(one, lost));
  if (!isJsonObject(loss)) return loss;
  if (typeof loss.name !== 'string' || !isJsonObject(loss.config)) {
    return Object.fromEntries(Object.entries(loss).map(([output, one]) => [output, kerasLoss(one, lost)]));
  }
  if (lost && OWN_LOSSES.includes(loss.name)) {
    lost.push(`Keras has no loss ${loss.name} (memcell keeps it): compile there with another before you train`);
    return null;
  }
  const name = snakeCase(loss.name);
  const options = Object.entries(loss.config).map(([key, value]): [string, Json] => [snakeCase(key), value]);
  const joined = name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  const class_name = joined === 'KullbackLeiblerDivergence' ? 'KLDivergence' : joined;
  const config = { name, reduction: 'sum_over_batch_size', ...Object.fromEntries(options) };
  return { module: 'keras.losses', class_name, config, registered_name: null };
}

/** Names, kinds with their options, or those by output. */
function kerasMetrics(metrics: Json, lost: string[] | undefined): Json {
  if (Array.isArray(metrics)) {
    const known = metrics.flatMap((metric) => kerasMetric(metric, lost));
    return known.length === 0 ? null : known;
  }
  if (!isJsonObject(metrics)) return null;
  return Object.fromEntries(
    Object.entries(metrics).map(([output, own]) => [
      output,
      Array.isArray(own) ? own.flatMap((metric) => kerasMetric(metric, lost)) : own,
    ]),
  );
}

/** None where Keras has no such metric. */
function kerasMetric(metric: Json, lost: string[] | undefined): Json[] {
  const written = isJsonObject(metric) ? metric.name : metric;
  if (typeof written !== 'string') return [metric];
  const name = metricName(written);
  if (lost && OWN_METRICS.includes(name)) {
    lost.push(`Keras has no metric ${written} (memcell keeps it)`);
    return [];
  }
  const class_name = METRIC_CLASSES[name] ?? name.slice(0, 1).toUpperCase() + name.slice(1);
  // Keras's class Accuracy asks for equal numbers; the word goes by the shapes, as ours does.
  if (!isJsonObject(metric) || !isJsonObject(metric.config) || (lost && name === 'accuracy')) {
    return [!lost || SHORT_METRICS.includes(written) ? snakeCase(written) : layerNameOf(class_name)];
  }
  const options = Object.entries(metric.config).map(([key, value]): [string, Json] => [snakeCase(key), value]);
  return [{ module: 'keras.metrics', class_name, config: Object.fromEntries(options), registered_name: null }];
}
