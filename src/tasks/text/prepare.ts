import { list } from '../../data/suggest.js';
import { MemcellError, usageError } from '../../errors.js';
import type { Run } from '../definition.js';
import { checkParts } from '../prepared.js';
import { checkCount, checkSettings, type TrainingSettings, trainingCount } from '../settings.js';
import { refuseDecided, type Start } from '../start.js';
import { parseTextArtefact } from './artefact.js';
import { type Corpus, stoppingEdge } from './corpus.js';
import type { TextOptions } from './options.js';
import { plainDefaults } from './plain.js';
import { learnTokens, type Tokens, unitOf } from './tokens.js';

/** Fewer tokens than this are no text to learn from. */
const fewest = 50;

/** Tokens below which a text is small: more dropout, smaller batches, fewer units. */
const small = 50_000;

/** The part of the text that is held out when nobody says. */
const validationSplit = 0.2;

/**
 * Cuts a text into tokens and settles how it will be trained. The characters are those of the whole text, words and byte
 * pairs those of the training part.
 * @throws MemcellError when the text is too short or has one character only, and for options that do not fit
 */
export function prepareCorpus(text: string, name: string, options: TextOptions, run: Run): Corpus {
  const before = run.from?.read(parseTextArtefact);
  if (before) refuseDecided(run.from?.name ?? '', options, ['tokens', 'vocabulary']);
  const kind = before?.tokens.kind ?? options.tokens ?? 'characters';
  if (options.vocabulary !== undefined && kind === 'characters') {
    throw usageError('vocabulary: characters have no size; give --tokens words or --tokens bpe');
  }
  const whole = text.normalize('NFC');
  const split = run.settings.validationSplit ?? validationSplit;
  if (!(split >= 0 && split < 1)) {
    throw usageError(`validation split: ${split} is not in [0, 1)`);
  }
  const training = firstPart(whole, split);
  const tokens = before?.tokens ?? learnTokens([whole], kind, options.vocabulary, [training]);
  if (before && run.from) checkKnown(before.tokens, whole, name, run.from);
  if (tokens.characters.length < 2)
    throw new MemcellError(`${name}: holds one character only; there is nothing to learn`);
  const all = tokens.encode(whole, name);
  const ids = run.purpose === 'choose' ? all.subarray(0, trainingCount(all.length, split)) : all;
  const edge = trainingCount(ids.length, split);
  const given = Object.fromEntries(Object.entries(run.settings).filter(([, value]) => value !== undefined));
  const window = options.window === undefined ? undefined : checkCount(options.window, 'window');
  const units = `${unitOf(kind)}s`;
  const own = run.from?.layersFor([[1, tokens.size], [tokens.size]], 'softmax') ?? run.layers;
  const base = { name, tokens, ids, edge, pure: options.pure ?? false };
  if (run.plain) {
    const size = window ?? before?.window ?? plainDefaults.window;
    checkParts(name, units, ids.length, edge, size);
    const { epochs, batchSize, learningRate } = plainDefaults;
    const defaults = { epochs, batchSize, learningRate, optimizer: 'adam', validationSplit };
    const settings: TrainingSettings = { ...defaults, ...given, seed: run.seed };
    checkSettings(settings);
    const layers = `Embedding(${tokens.size}, 32), LSTM(128, return_sequences=true), Dense(${tokens.size}, softmax)`;
    return { ...base, window: size, settings, layers: oneLine(own ?? layers) };
  }
  if (edge < fewest) {
    throw new MemcellError(
      `${name}: ${edge} ${units} to train on are too few, a text needs at least ${fewest}; --symbols is for a sequence of symbols`,
    );
  }
  if (ids.length - edge === 1) {
    throw new MemcellError(`${name}: only 1 of its ${units} is held out; take another --validation-split`);
  }
  const fitted = stoppingEdge(edge);
  const longest = Math.floor(fitted / 2);
  if (window !== undefined && window > longest) {
    throw new MemcellError(
      `${name}: its ${fitted} ${units} are too few for window ${window}; take --window ${longest} or less`,
    );
  }
  const recipe = run.layers === undefined ? ownLayers : givenLayers;
  const size = window ?? Math.min(before?.window ?? recipe.window, before ? longest : Math.max(4, fitted >> 3));
  const settings = chooseSettings(fitted, size, recipe, { ...given }, run.seed);
  return { ...base, window: size, settings, layers: oneLine(own ?? defaultLayers(tokens.size, ids.length)) };
}

/** The tokens are those of the model that training starts from. @throws MemcellError for characters that it does not have */
function checkKnown(tokens: Tokens, text: string, name: string, from: Start): void {
  const { unknown } = tokens.encodeKnown(text);
  const found = [...new Set(unknown)].map((character) => JSON.stringify(character));
  if (found.length === 0) {
    from.say(`the ${tokens.size} ${tokens.kind === 'characters' ? 'characters' : 'tokens'} are those of ${from.name}`);
    return;
  }
  const more = found.length > 10 ? ` and ${found.length - 10} more` : '';
  throw new MemcellError(
    `${name}: has characters that ${from.name} does not know: ${list(found.slice(0, 10))}${more}; replace them, or train without --from`,
  );
}

/** The characters of a text without the last `split` of them. */
function firstPart(text: string, split: number): string {
  let count = 0;
  for (const _ of text) count++;
  let left = trainingCount(count, split);
  let end = 0;
  for (const character of text) {
    if (left-- === 0) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Dropout .2 after the embedding, and .5 or .3 after the LSTM: small texts overfit within a few epochs without it. */
function defaultLayers(size: number, length: number): string {
  const units = length < small ? 128 : length < 1_000_000 ? 192 : 256;
  const dropout = length < small ? 0.5 : 0.3;
  return `Embedding(${size}, 32), Dropout(0.2), LSTM(${units}, return_sequences=true), Dropout(${dropout}), Dense(${size}, softmax)`;
}

/**
 * The layers that nobody has chosen learn from streams: steps of 32 tokens reach in 23 to 30 epochs what those of 64 need 40 to 60 for, at a
 * higher learning rate. Layers that a user chose may have to begin every window anew.
 */
const ownLayers = { window: 32, rates: { small: 0.008, large: 0.004 } };
const givenLayers = { window: 64, rates: { small: 0.005, large: 0.004 } };

/**
 * Training ends by the stopping part; this many steps of 32 tokens are the most for 225 kB, and more for larger texts by the square
 * root.
 */
const mostSteps = 5000;
/** Patience is this many epochs, and at least as many steps. */
const patientEpochs = 5;
const patientSteps = 150;

function chooseSettings(
  length: number,
  window: number,
  { rates }: typeof ownLayers,
  given: Partial<TrainingSettings>,
  seed: number,
): TrainingSettings {
  const batchSize = given.batchSize ?? (length < small ? 8 : 16);
  const steps = Math.max(1, Math.ceil(Math.floor(length / window) / batchSize));
  const most = ((mostSteps * 32) / window) * Math.sqrt(Math.max(1, length / 162_000));
  const settings: TrainingSettings = {
    epochs: Math.max(3, Math.ceil(most / steps)),
    batchSize,
    optimizer: 'adam',
    learningRate: length < small ? rates.small : rates.large,
    validationSplit,
    patience: Math.max(patientEpochs, Math.ceil(patientSteps / steps)),
    ...given,
    seed,
  };
  checkSettings(settings);
  return settings;
}

function oneLine(layers: string): string {
  return layers.trim().replace(/\s+/g, ' ');
}
