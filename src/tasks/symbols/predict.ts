import { argMax } from '../../data/labels.js';
import { list } from '../../data/suggest.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import { checkParts, type Predictor } from '../prepared.js';
import { checkCount } from '../settings.js';
import type { SymbolsArtefact } from './artefact.js';
import type { SymbolsEvaluation } from './evaluation.js';
import { inputOf, scoreSymbols } from './network.js';
import type { SymbolValue } from './sequence.js';

/** Symbols that are predicted at most: some minutes. */
const mostSteps = 100_000;
/**
 * How often the network's most probable symbol is the next one.
 * @throws MemcellError when the sequence is shorter than the window or holds an unknown symbol
 */
export async function evaluateSequence(
  model: Predictor,
  artefact: SymbolsArtefact,
  values: readonly SymbolValue[],
  name: string,
): Promise<SymbolsEvaluation> {
  const { window, majority } = artefact;
  const ids = indicesOf(values, artefact, name);
  checkParts(name, 'symbols', ids.length, ids.length, window);
  const part = { from: window, to: ids.length };
  const { samples, accuracy, loss } = await scoreSymbols(model, ids, window, part, artefact);
  const share = (right: (i: number) => boolean) =>
    ids.subarray(window).filter((_, i) => right(i + window)).length / samples;
  return {
    kind: 'symbols',
    samples,
    accuracy,
    majorityAccuracy: share((i) => ids[i] === majority),
    window,
    crossEntropy: loss,
    repeatAccuracy: share((i) => ids[i] === ids[i - 1]),
  };
}

/**
 * The symbols that follow a sequence (the end of the data when none is given), each the most probable one, fed back in as
 * the next input.
 * @throws MemcellError when the sequence is shorter than the window or holds an unknown symbol, and for too many steps
 */
export async function predictSymbols(
  model: Predictor,
  artefact: SymbolsArtefact,
  start: readonly SymbolValue[] | undefined,
  steps: number,
  name = 'start',
): Promise<SymbolValue[]> {
  checkCount(steps, 'steps');
  if (steps > mostSteps) throw usageError(`steps: ${steps} is more than ${mostSteps}`);
  const { symbols, window } = artefact;
  const sequence = Array.from(indicesOf(start ?? artefact.end, artefact, name));
  if (sequence.length < window) {
    throw new MemcellError(
      `${name}: ${counted(sequence.length, 'symbol')}; this model predicts from the last ${window}, give as many`,
    );
  }
  const made: SymbolValue[] = [];
  while (made.length < steps) {
    const x = inputOf(Int32Array.from(sequence.slice(-window)), window, artefact);
    const { data } = await model.predict(x);
    const next = argMax(data, 0, symbols.length);
    made.push(symbols[next]);
    sequence.push(next);
  }
  return made;
}

function indicesOf(values: readonly SymbolValue[], { symbols }: SymbolsArtefact, name: string): Int32Array {
  const index = new Map(symbols.map((symbol, i) => [symbol, i]));
  return Int32Array.from(values, (value, i) => {
    const known = index.get(value) ?? index.get(String(value));
    if (known !== undefined) return known;
    throw new MemcellError(
      `${name}: ${value} (number ${i + 1}) is not among the ${symbols.length} symbols of the training data: ${list(symbols.map(String))}`,
    );
  });
}
