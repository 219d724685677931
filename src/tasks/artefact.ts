import type { TimeStep } from '../data/calendar.js';
import type { DateStyle } from '../data/cells.js';
import { Fields } from '../fields.js';
import { parseTraining } from './record.js';
import type { TaskKind, TrainingRecord } from './settings.js';

export interface Scaling {
  mean: number[];
  std: number[];
}

export interface ForecastArtefact {
  kind: 'forecast';
  /** The columns that go in, in order. */
  features: string[];
  /** The columns that are forecast, in order. */
  targets: string[];
  window: number;
  horizon: number;
  /** Of features, then of targets. */
  featureScaling: Scaling;
  targetScaling: Scaling;
  /** The time column, and its step when it has a regular one. */
  time?: { column: string; step?: TimeStep };
  /** The end of the training data: what a forecast without new data goes on from. */
  end: {
    /** The features' last `window` rows, row by row, unscaled. */
    rows: number[];
    /** The last time: milliseconds, or the number itself; with how its date is written. */
    time?: { value: number; style?: DateStyle };
  };
  training?: TrainingRecord;
}

export interface ClassifyArtefact {
  kind: 'classify';
  label: string;
  features: string[];
  /** Class names in the order of the model's outputs. */
  classes: string[];
  /** The class that most training samples have. */
  majority: number;
  steps: number;
  /** The column whose values group rows to sequences; absent: each row is a sequence. */
  group?: string;
  /** Of a step's features. */
  scaling: Scaling;
  training?: TrainingRecord;
}

export interface TextArtefact {
  kind: 'text';
  window: number;
  /** The known characters in the order of their ids. */
  characters: string[];
  /** The share of each character in the training part. */
  frequencies: number[];
  training?: TrainingRecord;
}

export interface SymbolsArtefact {
  kind: 'symbols';
  window: number;
  /** The known integers in the order of the model's outputs. */
  symbols: number[];
  /** Inputs are divided by this: the largest magnitude. */
  scale: number;
  /** The index of the symbol that most training samples have as target. */
  majority: number;
  /** The last `window` integers of the training data. */
  end: number[];
  training?: TrainingRecord;
}

/** All that predicting needs beside the weights, as JSON: kept in the saved model's metadata. */
export type Artefact = ForecastArtefact | ClassifyArtefact | TextArtefact | SymbolsArtefact;

/** Feature values of padded steps in sequences of unequal length: no standardised value is 1000 deviations out. */
export const maskValue = -1000;

const kinds: readonly TaskKind[] = ['forecast', 'classify', 'text', 'symbols'];

/**
 * Reads an artefact that came out of a file, every field checked.
 * @param where the file, for the message
 * @throws MemcellError (model) that names the damaged field.
 */
export function parseArtefact(value: unknown, where: string): Artefact {
  const fields = new Fields(value, `${where}: task`);
  const training = fields.optional('training', (all) => parseTraining(all.object('training')));
  const artefact = { ...readers[fields.oneOf('kind', kinds)](fields) };
  return training === undefined ? artefact : { ...artefact, training };
}

const readers: Record<TaskKind, (fields: Fields) => Artefact> = {
  forecast: (fields) => {
    const features = fields.names('features', 1);
    const targets = fields.names('targets', 1);
    const window = fields.integer('window', 1);
    const end = fields.object('end');
    const endTime = end.optional('time', (all) => parseEndTime(all.object('time')));
    const time = fields.optional('time', (all) => parseTime(all.object('time')));
    return {
      kind: 'forecast',
      features,
      targets,
      window,
      horizon: fields.integer('horizon', 1),
      featureScaling: parseScaling(fields, 'featureScaling', features.length),
      targetScaling: parseScaling(fields, 'targetScaling', targets.length),
      ...(time && { time }),
      end: { rows: end.numbers('rows', window * features.length), ...(endTime && { time: endTime }) },
    };
  },
  classify: (fields) => {
    const features = fields.names('features', 1);
    const classes = fields.names('classes', 2);
    const majority = fields.integer('majority', 0);
    if (majority >= classes.length) fields.damaged('majority', `below ${classes.length}`);
    const group = fields.optional('group', (all) => all.string('group'));
    const steps = fields.integer('steps', 1);
    const channels = group === undefined ? features.length / steps : features.length;
    if (!Number.isInteger(channels)) fields.damaged('steps', `a divisor of ${features.length}`);
    return {
      kind: 'classify',
      label: fields.string('label'),
      features,
      classes,
      majority,
      steps,
      ...(group !== undefined && { group }),
      scaling: parseScaling(fields, 'scaling', channels),
    };
  },
  text: (fields) => {
    const characters = fields.names('characters', 2);
    if (characters.some((one) => [...one].length !== 1)) fields.damaged('characters', 'single characters');
    const frequencies = fields.numbers('frequencies', characters.length);
    return { kind: 'text', window: fields.integer('window', 1), characters, frequencies };
  },
  symbols: (fields) => {
    const window = fields.integer('window', 1);
    const symbols = fields.numbers('symbols');
    const distinct = new Set(symbols).size === symbols.length && symbols.every(Number.isInteger);
    if (!distinct || symbols.length < 2) fields.damaged('symbols', 'two or more different whole numbers');
    const scale = fields.number('scale');
    if (scale <= 0) fields.damaged('scale', 'above 0');
    const majority = fields.integer('majority', 0);
    if (majority >= symbols.length) fields.damaged('majority', `below ${symbols.length}`);
    return { kind: 'symbols', window, symbols, scale, majority, end: fields.numbers('end', window) };
  },
};

function parseScaling(parent: Fields, key: string, columns: number): Scaling {
  const fields = parent.object(key);
  const std = fields.numbers('std', columns);
  if (std.some((value) => value <= 0)) fields.damaged('std', 'above 0');
  return { mean: fields.numbers('mean', columns), std };
}

function parseTime(fields: Fields): NonNullable<ForecastArtefact['time']> {
  const step = fields.optional('step', (all) => {
    const inner = all.object('step');
    const unit = inner.oneOf('unit', ['month', 'millisecond', 'number']);
    const count = inner.number('count');
    return count > 0 ? { unit, count } : inner.damaged('count', 'above 0');
  });
  return { column: fields.string('column'), ...(step && { step }) };
}

function parseEndTime(fields: Fields): NonNullable<ForecastArtefact['end']['time']> {
  const value = fields.number('value');
  const style = fields.optional('style', (all) => {
    const inner = all.object('style');
    return {
      separator: inner.string('separator'),
      precision: inner.oneOf('precision', ['month', 'day', 'minute', 'second', 'millisecond']),
      joint: inner.string('joint'),
      zone: inner.string('zone'),
    };
  });
  if (style !== undefined && Math.abs(value) > 8.64e15) fields.damaged('value', 'a date');
  return { value, ...(style && { style }) };
}
