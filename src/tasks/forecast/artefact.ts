import type { FrameReading } from '../../data/frame.js';
import { parseReading } from '../../data/understanding/parseReading.js';
import type { Fields } from '../../fields.js';
import type { SavedTask } from '../definition.js';
import type { ForecasterState } from './forecaster.js';
import type { KeptSeries } from './kept.js';
import { olderArtefact } from './older.js';
import { parseState } from './state.js';

/** All that forecasting needs beside the network's weights. */
export type ForecastArtefact = RecipeArtefact | PlainArtefact;

export interface Saved extends SavedTask {
  kind: 'forecast';
  /** The columns that are forecast, in order. */
  targets: string[];
  window: number;
  horizon: number;
  /** Rows to a season; 1: none. */
  season: number;
  reading: FrameReading;
  /** Where each series of the training data ended: what forecasts go on from. */
  series: KeptSeries[];
}

/** Exponential smoothing, ridge regression and a network over its errors. */
export interface RecipeArtefact extends Saved {
  method: 'recipe';
  /** Columns known up to now, and ahead. */
  past: string[];
  known: string[];
  /** Channels that these become: a category is one for each of its values. */
  channels: { past: string[]; known: string[] };
  state: ForecasterState;
}

/** A network from scaled windows of the columns to the scaled targets. */
export interface PlainArtefact extends Saved {
  method: 'plain';
  /** The columns that go in, in order, and the channels that they become. */
  features: string[];
  channels: string[];
  /** Of the channels, and of the targets. */
  featureScaling: Scaling;
  targetScaling: Scaling;
}

/** z = (x − mean) / std, column by column. */
export interface Scaling {
  mean: number[];
  std: number[];
}

/** Reads what was saved, every field checked. */
export function parseForecast(fields: Fields): ForecastArtefact {
  // Models of before there was a choice are plain, and say their columns where a reading stands now.
  const artefact =
    fields.optional('method', (all) => all.oneOf('method', ['recipe', 'plain'])) === undefined
      ? olderArtefact(fields)
      : current(fields);
  return artefact;
}

function current(fields: Fields): ForecastArtefact {
  const method = fields.oneOf('method', ['recipe', 'plain']);
  const targets = fields.names('targets', 1);
  const saved = {
    kind: 'forecast' as const,
    targets,
    window: fields.integer('window', 1),
    horizon: fields.integer('horizon', 1),
    season: fields.integer('season', 1),
    reading: parseReading(fields.object('reading')),
  };
  if (method === 'recipe') {
    const inner = fields.object('channels');
    const channels = { past: inner.names('past', 0), known: inner.names('known', 0) };
    const widths = { targets: targets.length, past: channels.past.length, known: channels.known.length };
    const state = fields.record('state');
    parseState(state, fields.path('state'));
    return {
      ...saved,
      method,
      past: fields.names('past', 0),
      known: fields.names('known', 0),
      channels,
      state,
      series: fields.objects('series', 1).map((one) => parseKept(one, widths)),
    };
  }
  const channels = fields.names('channels', 1);
  const widths = { targets: targets.length, past: channels.length, known: 0 };
  return {
    ...saved,
    method,
    features: fields.names('features', 1),
    channels,
    featureScaling: parseScaling(fields, 'featureScaling', channels.length),
    targetScaling: parseScaling(fields, 'targetScaling', targets.length),
    series: fields.objects('series', 1).map((one) => parseKept(one, widths)),
  };
}

function parseKept(fields: Fields, widths: { targets: number; past: number; known: number }): KeptSeries {
  const targets = fields.numbers('targets');
  const count = targets.length / widths.targets;
  if (!Number.isInteger(count)) fields.damaged('targets', `a multiple of ${widths.targets} numbers`);
  const rows = fields.optional('rows', (all) => all.integer('rows', count));
  const trained = fields.optional('trained', (all) => all.integer('trained', 0));
  const scales = fields.optional('scales', (all) => all.numbers('scales', widths.targets));
  const times = fields.optional('times', (all) => all.numbers('times', count));
  return {
    name: fields.string('name'),
    ...(rows !== undefined && { rows }),
    ...(trained !== undefined && { trained }),
    ...(scales && { scales }),
    targets,
    past: fields.numbers('past', count * widths.past),
    known: fields.numbers('known', count * widths.known),
    ...(times && { times }),
  };
}

export function parseScaling(parent: Fields, key: string, columns: number): Scaling {
  const fields = parent.object(key);
  const std = fields.numbers('std', columns);
  if (std.some((value) => value <= 0)) fields.damaged('std', 'above 0');
  return { mean: fields.numbers('mean', columns), std };
}
