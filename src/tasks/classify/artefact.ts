import type { FrameReading } from '../../data/frame.js';
import type { Scaling } from '../../data/scaler.js';
import { parseReading } from '../../data/understanding/parseReading.js';
import type { Fields } from '../../fields.js';
import type { NetworkArrays, SavedTask } from '../definition.js';
import { maskValue } from './scaling.js';
import { parseTextTokens, type TextTokens } from './texts.js';

/** All that telling classes needs beside the weights, as JSON: kept in the saved model's metadata. */
export interface ClassifyArtefact extends SavedTask {
  kind: 'classify';
  label: string;
  /** The columns that go in, in order; of texts the one column. */
  features: string[];
  /** Class names in the order of the model's outputs. */
  classes: string[];
  /** The class that most training samples have. */
  majority: number;
  /** Steps of a sample, of a text tokens; absent: a sample is one row of features. */
  steps?: number;
  /** The columns whose values group rows to sequences. */
  groups?: string[];
  /** Plain: the one such column. */
  group?: string;
  /** Of one step's inputs; a missing one is 0 afterwards. Without any for texts. */
  scaling: Scaling;
  /** Sequences of different lengths are filled up with `maskValue` at the end, for a Masking layer to leave out. */
  padded?: 'end';
  /** How the columns of a table are read; absent: plain, numbers as they stand. */
  reading?: FrameReading;
  /** How texts become ids. */
  text?: TextTokens;
  classWeights?: 'balanced';
  /** Of all samples that it was trained on: see `checksum`. */
  checksum?: string;
  /** Of the labels of the long table that its samples were drawn from: see `LabelSum`. */
  drawnFrom?: string;
}

/** Reads what was saved, every field checked; also what was saved before tables were understood. */
export function parseClassifyArtefact(fields: Fields): ClassifyArtefact {
  const features = fields.names('features', 1);
  const classes = fields.names('classes', 2);
  const majority = fields.integer('majority', 0);
  if (majority >= classes.length) fields.damaged('majority', `below ${classes.length}`);
  const group = fields.optional('group', (all) => all.string('group'));
  const groups = fields.optional('groups', (all) => all.names('groups', 1));
  const padded = fields.optional('padded', (all) => all.oneOf<'end'>('padded', ['end']));
  const classWeights = fields.optional('classWeights', (all) => all.oneOf<'balanced'>('classWeights', ['balanced']));
  const steps = fields.optional('steps', (all) => all.integer('steps', 1));
  const scaling = fields.object('scaling');
  const std = scaling.numbers('std');
  if (std.some((value) => value <= 0)) scaling.damaged('std', 'above 0');
  const reading = fields.optional('reading', (all) => parseReading(all.object('reading')));
  const text = fields.optional('text', (all) => parseTextTokens(all.object('text')));
  const checksum = fields.optional('checksum', (all) => all.string('checksum'));
  const drawnFrom = fields.optional('drawnFrom', (all) => all.string('drawnFrom'));
  if (steps === undefined && (group ?? groups ?? text) !== undefined) fields.damaged('steps', 'there');
  if (reading === undefined) {
    if (steps === undefined) fields.damaged('steps', 'a whole number of at least 1');
    const channels = group === undefined ? features.length / (steps ?? 1) : features.length;
    if (!Number.isInteger(channels)) fields.damaged('steps', `a divisor of ${features.length}`);
    if (std.length !== channels) scaling.damaged('std', `${channels} finite numbers`);
  }
  return {
    kind: 'classify',
    label: fields.string('label'),
    features,
    classes,
    majority,
    ...(steps !== undefined && { steps }),
    ...(group !== undefined && { group }),
    ...(groups && { groups }),
    scaling: { mean: scaling.numbers('mean', std.length), std },
    ...(padded && { padded }),
    ...(reading && { reading }),
    ...(text && { text }),
    ...(classWeights && { classWeights }),
    ...(checksum !== undefined && { checksum }),
    ...(drawnFrom !== undefined && { drawnFrom }),
  };
}

/** The shape of one sample, without the batch: features; steps and features; or the steps of a text. */
export function inputShapeOf({ steps, text, scaling }: Pick<ClassifyArtefact, 'steps' | 'text' | 'scaling'>): number[] {
  const width = scaling.mean.length;
  if (text) return [steps ?? 1];
  return steps === undefined ? [width] : [steps, width];
}

/** The shape of one sample, and of an answer, without the batch. */
export function classifyShapes(artefact: ClassifyArtefact): { input: number[]; outputs: number[][] } {
  return { input: inputShapeOf(artefact), outputs: [[artefact.classes.length]] };
}

/** What goes into a classifier's network and comes out, in words. */
export function classifyArrays(artefact: ClassifyArtefact): NetworkArrays {
  const { classes, features, label, padded, scaling, steps, text } = artefact;
  const y = `float32 [batch, ${classes.length}]: the probability of each of y_classes, the values of ${label}`;
  if (text) {
    const known = text.kind === 'words' ? 'words' : 'characters';
    return {
      x: `int32 [batch, ${steps}]: numbers of the ${known} of ${features[0]}, in memcell's metadata (task.text), filled up at the end with 0`,
      y,
      y_classes: classes,
    };
  }
  const shape = inputShapeOf(artefact).join(', ');
  const filled = padded ? `, filled up at the end with ${maskValue}` : '';
  const rows = steps === undefined ? 'a row' : `${steps} steps`;
  return {
    x: `float32 [batch, ${shape}]: ${rows} of x_columns, each number of a step (value - x_mean) / x_std, a missing one 0${filled}; texts are one number for each value`,
    y,
    x_columns: features,
    x_mean: scaling.mean,
    x_std: scaling.std,
    y_classes: classes,
  };
}
