import type { Fields } from '../fields.js';
import type { TrainingRecord } from './settings.js';

/** What a saved task remembers of its training, every field checked. */
export function parseTraining(fields: Fields): TrainingRecord {
  const inner = fields.object('settings');
  const patience = inner.optional('patience', (all) => all.integer('patience', 1));
  return {
    createdWith: fields.string('createdWith'),
    source: fields.string('source'),
    layers: fields.string('layers'),
    settings: {
      epochs: inner.integer('epochs', 1),
      batchSize: inner.integer('batchSize', 1),
      optimizer: inner.string('optimizer'),
      learningRate: inner.number('learningRate'),
      validationSplit: inner.number('validationSplit'),
      ...(patience !== undefined && { patience }),
      seed: inner.number('seed'),
    },
    history: fields.series('history'),
  };
}
