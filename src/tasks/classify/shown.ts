import type { NdArray } from '../../data/array.js';
import type { Frame } from '../../data/frame.js';
import { argMax } from '../../data/labels.js';
import { reducePoints, type ShownClasses, type ShownMistake } from '../shown.js';
import { type Encoding, type Samples, take } from './samples.js';
import { maskValue } from './scaling.js';

/** Mistakes that are shown, and steps of each. */
const most = { mistakes: 12, steps: 400 };

/** What the samples were, for pictures of the mistakes. */
export interface ShownSamples {
  /** The names of samples, for people. */
  name(sample: number): string;
  /** As the network sees them: (samples, features) or (samples, steps, features), and what they were scaled by. */
  x?: NdArray;
  scaling?: { mean: readonly number[]; std: readonly number[] };
  inputs: readonly string[];
  text?(sample: number): string;
}

/** The samples of a table, for `showClasses`: the scored ones of them. */
export function shownSamples(
  {
    frame,
    samples,
    encoding,
    rowOf = (sample) => frame.origins[samples.rows[sample]],
  }: { frame: Frame; samples: Samples; encoding: Encoding; rowOf?(sample: number): number },
  scored: Int32Array,
): ShownSamples {
  const { names, rows, inputs } = samples;
  const row = (i: number) => rows[scored[i]];
  const name = (i: number) => names?.[scored[i]] ?? `row ${rowOf(scored[i]) + 1}`;
  const { text, scaling } = encoding;
  const column = frame.columns.find(({ use, reading }) => use === 'feature' && reading.kind === 'text');
  if (text && column) return { name, inputs, text: (i) => column.cells[row(i)] };
  return { name, inputs, scaling, ...(!text && { x: take(samples.encode(encoding), scored) }) };
}

/**
 * @param actual class indices
 * @param probabilities (samples, classes)
 */
export function showClasses(
  classes: readonly string[],
  actual: Int32Array,
  probabilities: ArrayLike<number>,
  samples: ShownSamples,
): ShownClasses {
  const k = classes.length;
  const answered = actual.map((_, row) => argMax(probabilities, row, k));
  const p = Float64Array.from(answered, (c, row) => probabilities[row * k + c]);
  const wrong = Int32Array.from(actual.keys())
    .filter((row) => answered[row] !== actual[row])
    .sort((a, b) => p[b] - p[a]);
  return {
    kind: 'classify',
    classes: [...classes],
    reliability: reliability(actual, answered, p),
    inputs: [...samples.inputs],
    mistakes: Array.from(wrong.subarray(0, most.mistakes), (row) => ({
      name: samples.name(row),
      actual: classes[actual[row]],
      answered: classes[answered[row]],
      probability: p[row],
      ...inputsOf(samples, row),
    })),
  };
}

/** What is shown of two parts of the samples, as if they were one. */
export function joinShown(first: ShownClasses, second: ShownClasses): ShownClasses {
  const bins = new Map(first.reliability.map((bin) => [bin.from, bin]));
  for (const bin of second.reliability) {
    const own = bins.get(bin.from);
    const count = (own?.count ?? 0) + bin.count;
    const mean = (key: 'probability' | 'right') =>
      ((own?.[key] ?? 0) * (own?.count ?? 0) + bin[key] * bin.count) / count;
    bins.set(bin.from, { ...bin, count, probability: mean('probability'), right: mean('right') });
  }
  return {
    ...first,
    reliability: [...bins.values()].sort((a, b) => a.from - b.from),
    mistakes: [...first.mistakes, ...second.mistakes]
      .sort((a, b) => b.probability - a.probability)
      .slice(0, most.mistakes),
  };
}

/** Ten bins of the probability of the answer: A. P. Dawid, "The well-calibrated Bayesian", 1982. */
function reliability(actual: Int32Array, answered: Int32Array, p: Float64Array): ShownClasses['reliability'] {
  const bins = Array.from({ length: 10 }, (_, i) => ({
    from: i / 10,
    to: (i + 1) / 10,
    count: 0,
    probability: 0,
    right: 0,
  }));
  for (const [row, probability] of p.entries()) {
    const bin = bins[Math.min(9, Math.floor(10 * probability))];
    bin.count++;
    bin.probability += probability;
    if (answered[row] === actual[row]) bin.right++;
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ count, probability, right, ...range }) => ({
      ...range,
      count,
      probability: probability / count,
      right: right / count,
    }));
}

function inputsOf({ x, scaling, text }: ShownSamples, row: number): Pick<ShownMistake, 'steps' | 'text'> {
  if (text) return { text: text(row).slice(0, 500) };
  if (x === undefined) return {};
  const [, ...sizes] = x.shape;
  const width = sizes.at(-1) ?? 1;
  const steps = sizes.length > 1 ? sizes[0] : 1;
  const { mean = [0], std = [1] } = scaling ?? {};
  const rows: number[][] = [];
  for (let t = 0; t < steps; t++) {
    const own = x.data.subarray((row * steps + t) * width, (row * steps + t + 1) * width);
    if (own.every((value) => value === maskValue)) continue;
    rows.push(Array.from(own, (value, c) => unscaled(value, mean[c % mean.length], std[c % std.length])));
  }
  if (rows.length <= most.steps) return { steps: rows };
  const kept = reducePoints(
    rows.map((_, t) => t),
    rows.map(([value]) => value),
    most.steps,
  ).x;
  return { steps: kept.map((t) => rows[t]) };
}

/** x = z · std + mean, without the digits that float32 does not know. */
function unscaled(z: number, mean: number, std: number): number {
  const x = z * std + mean;
  const step = 10 ** Math.floor(Math.log10(std) - 5);
  return Number((Math.round(x / step) * step).toPrecision(12));
}
