/** What losses and metrics are called: all spellings and short names, without the functions, which come with TensorFlow.js. */
import { functionName } from './options.js';

/** Of losses, and of metrics that are the same. */
const OF_LOSSES = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  kld: 'kullbackLeiblerDivergence',
  kldivergence: 'kullbackLeiblerDivergence',
} as const;

const OF_METRICS = {
  acc: 'accuracy',
  rmse: 'rootMeanSquaredError',
  f1: 'f1Score',
  r2: 'r2Score',
} as const;

/** Of Keras's classes of metrics that are called otherwise. */
const OF_CLASSES = { auc: 'auc', logcosherror: 'logCosh' };

export const shortLossNames = Object.keys(OF_LOSSES) as (keyof typeof OF_LOSSES)[];
export const shortMetricNames = [...(Object.keys(OF_METRICS) as (keyof typeof OF_METRICS)[]), ...shortLossNames];

/** The camelCase name that a short name, a snake_case name or a class name stands for. */
export function lossName(written: string): string {
  return named(written, OF_LOSSES);
}

/** The same of a metric. */
export function metricName(written: string): string {
  return named(written, { ...OF_LOSSES, ...OF_METRICS, ...OF_CLASSES });
}

function named(written: string, shorts: Readonly<Record<string, string>>): string {
  const short = written.replaceAll('_', '').toLowerCase();
  return Object.hasOwn(shorts, short) ? shorts[short] : functionName(written);
}
