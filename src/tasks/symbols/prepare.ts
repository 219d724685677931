import { MemcellError } from '../../errors.js';
import { counted } from '../../format.js';
import { parseSpec } from '../../model/spec.js';
import type { Run } from '../definition.js';
import { checkParts } from '../prepared.js';
import { checkCount, checkSettings, type TrainingSettings, trainingCount } from '../settings.js';
import { parseSymbolsArtefact, type SymbolsArtefact } from './artefact.js';
import { scaleOf } from './network.js';
import type { SymbolsOptions } from './options.js';
import type { Sequence, SymbolValue } from './sequence.js';
import type { SymbolCorpus } from './training.js';

/** More different symbols than this are numbers to forecast, or a text. */
const mostSymbols = 10_000;
/** Fewer symbols than this are all trained on. */
const fewestToHoldOut = 50;
/** Windows that are tried, up to a quarter of what is trained on. */
const candidates = [1, 2, 3, 4, 6, 8, 12, 16];
/** Training steps of each, at most, and those without gain after which it stops. */
const trainingSteps = 2000;
const patientSteps = 300;

/**
 * Numbers the symbols, and settles how they will be learnt.
 * @throws MemcellError for a sequence that is too short, constant, or of too many different symbols
 */
export function prepareSequence(sequence: Sequence, name: string, options: SymbolsOptions, run: Run): SymbolCorpus {
  const { values } = sequence;
  const found = order([...new Set(values)]);
  const before = run.from?.read(parseSymbolsArtefact);
  const symbols = before ? knownSymbols(found, before, name, run.from?.name) : found;
  if (values.length < 2) throw new MemcellError(`${name}: has 1 symbol; training needs at least two`);
  if (found.length < 2) {
    throw new MemcellError(`${name}: every symbol is ${found[0]}; there is nothing to learn from a constant`);
  }
  if (symbols.length > mostSymbols) {
    const other = typeof symbols[0] === 'number' ? '--forecast' : '--text --tokens words';
    throw new MemcellError(`${name}: ${symbols.length} different symbols are more than ${mostSymbols}; use ${other}`);
  }
  const index = new Map(symbols.map((symbol, i) => [symbol, i]));
  const all = Int32Array.from(values, (value) => index.get(value) ?? 0);
  const size = symbols.length;
  const given = Object.fromEntries(Object.entries(run.settings).filter(([, value]) => value !== undefined));
  const split = run.settings.validationSplit ?? (run.plain || all.length < fewestToHoldOut ? 0 : 0.2);
  const ids = run.purpose === 'choose' ? all.subarray(0, trainingCount(all.length, split)) : all;
  const defaults = { optimizer: 'adam', validationSplit: split };
  const own = run.from?.layersFor([[size]], 'softmax') ?? run.layers;
  const layers = own ?? (run.plain ? `LSTM(50), Dense(${size}, softmax)` : defaultLayers(size));
  const oneLine = layers.trim().replace(/\s+/g, ' ');
  const first = parseSpec(oneLine)[0].getClassName() === 'Embedding' ? 'index' : 'scaled';
  const input = before?.input ?? first;
  const window = options.window === undefined ? before?.window : checkCount(options.window, 'window');
  const base = { name, ids, symbols, input, scale: before?.scale ?? scaleOf(symbols), layers: oneLine } as const;
  const complete = (own: Pick<TrainingSettings, 'epochs' | 'batchSize' | 'learningRate' | 'patience'>) => {
    const settings: TrainingSettings = { ...defaults, ...own, ...given, seed: run.seed };
    checkSettings(settings);
    return settings;
  };
  const edge = trainingCount(ids.length, split);
  checkParts(name, 'symbols', ids.length, edge, 1);
  if (run.plain) {
    const settings = complete({ epochs: 100, batchSize: ids.length <= 1000 ? 1 : 32, learningRate: 0.001 });
    const steps = window ?? 1;
    checkParts(name, 'symbols', ids.length, edge, steps);
    return { ...base, plain: true, edge, stopAt: edge, windows: [steps], settings };
  }
  const stopAt = edge < fewestToHoldOut * 0.8 ? edge : Math.floor(edge * 0.8);
  if (window !== undefined) checkParts(name, 'symbols', stopAt, stopAt, window);
  const batchSize = run.settings.batchSize ?? (edge <= 1000 ? 8 : 32);
  const steps = Math.max(1, Math.ceil(stopAt / batchSize));
  const settings = complete({
    epochs: Math.max(3, Math.ceil(trainingSteps / steps)),
    batchSize,
    learningRate: 0.005,
    patience: Math.max(3, Math.ceil(patientSteps / steps)),
  });
  const windows = window === undefined ? candidates.filter((one) => one === 1 || 4 * one <= stopAt) : [window];
  return { ...base, edge, stopAt, windows, settings };
}

/** The symbols of the model that training starts from. @throws MemcellError for others in the data */
function knownSymbols(
  found: readonly SymbolValue[],
  { symbols }: SymbolsArtefact,
  name: string,
  from = '',
): SymbolValue[] {
  const other = found.filter((symbol) => !symbols.includes(symbol));
  if (other.length === 0) return symbols;
  const more = other.length > 10 ? ` and ${other.length - 10} more` : '';
  throw new MemcellError(
    `${name}: has symbols that ${from} does not know: ${other.slice(0, 10).join(', ')}${more}; remove them, or train without --from`,
  );
}

function defaultLayers(size: number): string {
  return `Embedding(${size}, 16), LSTM(50), Dense(${size}, softmax)`;
}

/** A line where much of what is held out never comes before, so that nothing could know it. */
export function novelty({ name, ids, edge, symbols }: SymbolCorpus): string[] {
  const known = new Set(ids.subarray(0, edge));
  const heldOut = ids.subarray(edge);
  const unknown = heldOut.filter((id) => !known.has(id)).length;
  if (unknown <= 0.2 * heldOut.length) return [];
  const remedy = typeof symbols[0] === 'number' ? '; for numbers that go on, use --forecast' : '';
  return [
    `${name}: ${unknown} of the ${counted(heldOut.length, 'symbol')} held out ${unknown === 1 ? 'is' : 'are'} not among those to train on${remedy}`,
  ];
}

/** Numbers by size, words by code unit. */
function order(symbols: SymbolValue[]): SymbolValue[] {
  return symbols.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
