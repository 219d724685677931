import { Fields } from '../../fields.js';
import { counted } from '../../format.js';
import type { Anchor } from './anchor.js';
import { type Covariate, channelCounts, type Layout } from './channels.js';
import type { ForecasterState } from './forecaster.js';
import type { Spreads } from './intervals.js';
import { regressorsOf } from './regressors.js';
import type { Start, Trend } from './smoothing.js';

/** All that forecasting needs beside the network, as plain JSON. */
export interface State {
  targets: string[];
  past: string[];
  known: string[];
  season: number;
  layout: Layout;
  /** Corrections by ridge regression, its gate folded in: (regressors + 1, H · C). */
  ridge?: number[];
  /** Whether the network's gate is open for any target. */
  network: boolean;
  /** Channels that the network takes, from the first: those of targets and calendar, or all. */
  channels: number;
  spreads: Spreads;
  series: SeriesState[];
}

export interface SeriesState {
  name: string;
  targets: TargetState[];
  /** What tells that a series begins where this one began. */
  first: { values: number[]; time?: number };
  /** The newest rows: as many as a forecast from the end looks at. */
  tail: Tail;
}

export interface TargetState {
  anchor: Anchor;
  scale: number;
  mean: number;
  std: number;
  /** Of intervals, beside what is measured: for what a long season fits by chance. */
  widening: number;
  /** Whether forecasts are kept at 0 or above. */
  floor: boolean;
  /** What is normal for the day of the year: mean, and two sines and cosines. */
  normal?: number[];
  /** What one unit of each known column adds, in the anchor's domain: of the same row, then of the row before. */
  effects: number[];
}

/** How things stand before a row. */
export interface Beginning {
  /** Each target's anchor. */
  starts: Start[];
  /** Each target's mean distance from normal. */
  away: number[];
  /** The known columns of the row before. */
  before: number[];
}

export interface Tail extends Beginning {
  rows: number;
  targets: number[];
  past: number[];
  known: number[];
  times?: number[];
}

/** @returns the state as JSON that `parseState` reads */
export function stateToJson(state: State): ForecasterState {
  return { version: 1, ...state };
}

/**
 * Reads a state that came out of a file, every field checked.
 * @param where the file, for the message
 * @throws MemcellError (model) that names the damaged field
 */
export function parseState(value: unknown, where: string): State {
  const fields = new Fields(value, where);
  if (fields.integer('version', 1) !== 1) fields.damaged('version', '1');
  const targets = fields.names('targets', 1);
  const past = fields.names('past', 0);
  const known = fields.names('known', 0);
  const layout = parseLayout(fields.object('layout'), targets.length, past, known);
  const answers = layout.horizon * layout.targets;
  const state: State = {
    targets,
    past,
    known,
    season: fields.integer('season', 1),
    layout,
    network: fields.boolean('network'),
    channels: fields.integer('channels', 1),
    spreads: parseSpreads(fields.object('spreads'), answers),
    series: fields.objects('series', 1).map((one) => parseSeries(one, targets.length, past.length, known.length)),
  };
  const { own, all } = channelCounts(layout);
  if (state.channels !== own && state.channels !== all) fields.damaged('channels', `${own} or ${all}`);
  const ridge = fields.optional('ridge', () => {
    // A damaged window must not make regressors without end.
    const { length } = fields.numbers('ridge');
    if (length < layout.window) fields.damaged('ridge', `${layout.window} or more finite numbers`);
    return fields.numbers('ridge', (regressorsOf(layout).regressors.length + 1) * answers);
  });
  return ridge ? { ...state, ridge } : state;
}

function parseLayout(fields: Fields, targets: number, past: string[], known: string[]): Layout {
  if (fields.integer('targets', 1) !== targets) fields.damaged('targets', `${targets}`);
  const levels = fields.booleans('levels', targets);
  const covariates = (key: string, names: string[]) =>
    fields.objects(key, 0).map((one): Covariate => {
      const index = one.integer('index', 0);
      const column = one.string('column');
      if (names[index] !== column) one.damaged('index', 'that of its column');
      return { column, index, mean: one.number('mean'), std: positive(one, 'std'), change: one.boolean('change') };
    });
  return {
    window: fields.integer('window', 1),
    horizon: fields.integer('horizon', 1),
    targets,
    levels,
    year: fields.boolean('year'),
    past: covariates('past', past),
    known: covariates('known', known),
  };
}

function parseSpreads(fields: Fields, answers: number): Spreads {
  const quantiles = fields.lists('quantiles', answers);
  const sorted = quantiles.every((list) => list.every((value, i) => value >= (i > 0 ? list[i - 1] : 0)));
  if (!sorted) fields.damaged('quantiles', 'increasing numbers of at least 0');
  const freedom = fields.optional('freedom', (all) => positive(all, 'freedom'));
  return { quantiles, widening: positive(fields, 'widening'), ...(freedom !== undefined && { freedom }) };
}

function parseSeries(fields: Fields, targets: number, past: number, known: number): SeriesState {
  const list = fields.objects('targets', targets);
  if (list.length !== targets) fields.damaged('targets', `${targets} of them`);
  const first = fields.object('first');
  const time = first.optional('time', (all) => all.number('time'));
  return {
    name: fields.string('name'),
    targets: list.map((one) => ({
      ...one.optional('normal', (all) => ({ normal: all.numbers('normal', 5) })),
      anchor: parseAnchor(one.object('anchor')),
      scale: positive(one, 'scale'),
      mean: one.number('mean'),
      std: positive(one, 'std'),
      widening: positive(one, 'widening'),
      floor: one.boolean('floor'),
      effects: one.numbers('effects', 2 * known),
    })),
    first: { values: first.numbers('values'), ...(time !== undefined && { time }) },
    tail: parseTail(fields.object('tail'), targets, past, known),
  };
}

function parseTail(fields: Fields, targets: number, past: number, known: number): Tail {
  const rows = fields.integer('rows', 1);
  const times = fields.optional('times', (all) => all.numbers('times', rows));
  const ahead = fields.numbers('known');
  if (known === 0 ? ahead.length > 0 : ahead.length < rows * known || ahead.length % known !== 0) {
    fields.damaged('known', `at least ${rows * known} numbers`);
  }
  return {
    rows,
    starts: fields.objects('starts', targets).map(parseStart),
    away: fields.numbers('away', targets),
    before: fields.numbers('before', known),
    targets: fields.numbers('targets', rows * targets),
    past: fields.numbers('past', rows * past),
    known: ahead,
    ...(times && { times }),
  };
}

const trends: readonly Trend[] = ['none', 'additive', 'damped'];

function parseAnchor(fields: Fields): Anchor {
  const period = fields.integer('period', 1);
  const start = parseStart(fields.object('start'));
  const seasons = period > 1 ? period : 0;
  if (start.seasons.length !== seasons) fields.damaged('start', counted(seasons, 'season'));
  return {
    kind: fields.oneOf('kind', ['smoothing', 'naive']),
    log: fields.boolean('log'),
    least: fields.number('least'),
    trend: fields.oneOf('trend', trends),
    period,
    alpha: share(fields, 'alpha'),
    beta: share(fields, 'beta'),
    gamma: share(fields, 'gamma'),
    phi: share(fields, 'phi'),
    start,
  };
}

function parseStart(fields: Fields): Start {
  return { level: fields.number('level'), slope: fields.number('slope'), seasons: fields.numbers('seasons') };
}

function positive(fields: Fields, key: string): number {
  const value = fields.number(key);
  return value > 0 ? value : fields.damaged(key, 'above 0');
}

function share(fields: Fields, key: string): number {
  const value = fields.number(key);
  return value >= 0 && value <= 1 ? value : fields.damaged(key, 'in [0, 1]');
}
