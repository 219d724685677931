import { elements } from '../data/array.js';
import { didYouMean } from '../data/suggest.js';
import { modelError } from '../errors.js';
import { Random } from '../random.js';
import { camelCase, type Spelling, short } from '../spelling.js';
import type { ConfigDict, SerializableObject } from '../tfjsTypes.js';
import { orthogonalRows } from './orthogonal.js';

/** Keras's initializers that memcell knows, in camelCase. */
export const initializerNames = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'orthogonal',
  'zeros',
  'ones',
  'constant',
  'identity',
  'randomUniform',
  'randomNormal',
  'truncatedNormal',
  'varianceScaling',
] as const;

export type InitializerName = (typeof initializerNames)[number];

/** An initializer with its settings, as tfjs and Keras serialise one: { className: 'RandomUniform', config: { maxval: 0.1 } }. */
export interface InitializerConfig {
  className: string;
  config: ConfigDict;
}

/** A name (Keras's snake_case spelling is accepted), a name with its settings, or an initializer of tfjs. */
export type Initializer =
  | Spelling<InitializerName>
  | InitializerConfig
  | { class_name: string; config: ConfigDict }
  | SerializableObject;

const classNames: Record<string, string> = { lecunUniform: 'LeCunUniform', lecunNormal: 'LeCunNormal' };

/** Scale, fan and distribution of the initializers that are cases of Keras's VarianceScaling. */
const varianceScalings: Record<string, [scale: number, mode: string, distribution: string]> = {
  glorotUniform: [1, 'fanAvg', 'uniform'],
  glorotNormal: [1, 'fanAvg', 'truncatedNormal'],
  heUniform: [2, 'fanIn', 'uniform'],
  heNormal: [2, 'fanIn', 'truncatedNormal'],
  lecunUniform: [1, 'fanIn', 'uniform'],
  lecunNormal: [1, 'fanIn', 'truncatedNormal'],
};

/**
 * What tfjs is told for an initializer's name.
 * @throws MemcellError 'model' when there is none of that name
 */
export function initializerConfig(name: string, what: string): InitializerConfig {
  const known = knownName(name);
  if (known === undefined) {
    const remedy = didYouMean(camelCase(name), initializerNames) || `; known are ${initializerNames.join(', ')}`;
    throw modelError(`${what}: unknown initializer '${short(name)}'${remedy}`);
  }
  const className = classNames[known] ?? known[0].toUpperCase() + known.slice(1);
  return { className, config: {} };
}

function knownName(name: string): InitializerName | undefined {
  const camel = camelCase(name).toLowerCase();
  return initializerNames.find((one) => one.toLowerCase() === camel);
}

/** True when drawInitial can draw what the configuration asks for, so that tfjs need not. */
export function canDraw(initializer: InitializerConfig): boolean {
  return knownName(initializer.className) !== undefined;
}

/**
 * Initial values of one weight by Keras 3's formulas, drawn from `key`, or from the initializer's own seed if it has one.
 * The initializer is one that canDraw accepts.
 */
export function drawInitial({ className, config }: InitializerConfig, shape: number[], key: number): Float32Array {
  const name = knownName(className) ?? className;
  const random = new Random(typeof config.seed === 'number' ? config.seed : key);
  const setting = (option: string, otherwise: number) => {
    const value = config[option];
    return typeof value === 'number' ? value : otherwise;
  };
  const size = elements(shape);
  switch (name) {
    case 'zeros':
      return new Float32Array(size);
    case 'ones':
      return new Float32Array(size).fill(1);
    case 'constant':
      return new Float32Array(size).fill(setting('value', 0));
    case 'identity':
      return identity(shape, setting('gain', 1));
    case 'orthogonal':
      return orthogonal(shape, setting('gain', 1), random);
    case 'randomUniform':
      return uniform(size, setting('minval', -0.05), setting('maxval', 0.05), random);
    case 'randomNormal':
      return normal(size, setting('mean', 0), setting('stddev', 0.05), random);
    case 'truncatedNormal':
      return truncatedNormal(size, setting('mean', 0), setting('stddev', 0.05), random);
    default: {
      const [scale, mode, distribution] = varianceScalings[name] ?? [
        setting('scale', 1),
        camelCase(String(config.mode ?? 'fanIn')),
        camelCase(String(config.distribution ?? 'truncatedNormal')),
      ];
      return scaled(shape, scale, mode, distribution, random);
    }
  }
}

/** Uniform in [low, high). */
function uniform(size: number, low: number, high: number, random: Random): Float32Array {
  return Float32Array.from({ length: size }, () => low + (high - low) * random.uniform());
}

function normal(size: number, mean: number, deviation: number, random: Random): Float32Array {
  return Float32Array.from({ length: size }, () => mean + deviation * random.normal());
}

/** Normal, redrawn until within two deviations of the mean. */
function truncatedNormal(size: number, mean: number, deviation: number, random: Random): Float32Array {
  const draw = () => {
    let z: number;
    do z = random.normal();
    while (Math.abs(z) > 2);
    return mean + deviation * z;
  };
  return Float32Array.from({ length: size }, draw);
}

/**
 * Keras's VarianceScaling: variance = scale / n, with n the fan in, the fan out or their mean. A truncated normal has 0.8796
 * of the deviation of the normal it is cut from, which is made up for; uniform is within ±√(3·variance).
 */
function scaled(shape: number[], scale: number, mode: string, distribution: string, random: Random): Float32Array {
  const [fanIn, fanOut] = fans(shape);
  const fan = mode === 'fanIn' ? fanIn : mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, fan);
  const size = elements(shape);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return uniform(size, -limit, limit, random);
  }
  if (distribution === 'untruncatedNormal') return normal(size, 0, Math.sqrt(variance), random);
  return truncatedNormal(size, 0, Math.sqrt(variance) / 0.879_625_661_034_239_8, random);
}

/** Numbers of inputs and outputs of a weight: the last two sizes, times the window of a convolution before them. */
function fans(shape: number[]): [fanIn: number, fanOut: number] {
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0], shape[0]];
  const window = elements(shape.slice(0, -2));
  return [shape[shape.length - 2] * window, shape[shape.length - 1] * window];
}

function identity(shape: number[], gain: number): Float32Array {
  const [rows, columns] = shape;
  const values = new Float32Array(elements(shape));
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = gain;
  return values;
}

/** A matrix with orthonormal rows or columns, whichever are fewer; all sizes but the last count as rows. */
function orthogonal(shape: number[], gain: number, random: Random): Float32Array {
  const columns = shape[shape.length - 1];
  const rows = elements(shape) / columns;
  const wide = rows <= columns;
  const q = orthogonalRows(Math.min(rows, columns), Math.max(rows, columns), random);
  const at = wide ? (i: number) => q[i] : (i: number) => q[(i % columns) * rows + Math.floor(i / columns)];
  return Float32Array.from({ length: rows * columns }, (_, i) => gain * at(i));
}
