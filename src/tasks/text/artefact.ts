import { base64 } from '../../data/base64.js';
import { MemcellError } from '../../errors.js';
import type { Fields } from '../../fields.js';
import type { SavedTask } from '../definition.js';
import { KneserNey } from './kneserNey.js';
import { parseCharacters, parseTokens, type Tokens } from './tokens.js';

/** What is saved beside the network. */
export interface TextArtefact extends SavedTask {
  kind: 'text';
  /** Tokens that the network saw at once in training. */
  window: number;
  tokens: Tokens;
  /** The share of each token in the training part. */
  frequencies: number[];
  /** How the text before a token is given to the network: all of it, step by step, or the last window of it. */
  context: 'stream' | 'window';
  /** The Kneser–Ney model that the network is mixed with. */
  counted?: SavedCounts;
}

export interface SavedCounts {
  /** Tokens of the longest sequences. */
  order: number;
  /** The network's share of the mixture; the rest is the counts'. */
  weight: number;
  /** The text that was counted: UTF-8, zlib, base64. Counting it again takes .3 s for 225 kB; a table of the counts is larger. */
  text: string;
}

/** Reads what was saved; models of earlier versions have the characters only. */
export function parseTextArtefact(fields: Fields): TextArtefact {
  const tokens = fields.optional('tokens', (all) => parseTokens(all.object('tokens'))) ?? parseCharacters(fields);
  if (tokens.size < 2) fields.damaged('tokens', 'two or more');
  const counted = fields.optional('counted', (all) => parseCounts(all.object('counted')));
  return {
    kind: 'text',
    window: fields.integer('window', 1),
    tokens,
    frequencies: fields.numbers('frequencies', tokens.size),
    context: fields.optional('context', (all) => all.oneOf('context', ['stream', 'window'])) ?? 'window',
    ...(counted && { counted }),
  };
}

function parseCounts(fields: Fields): SavedCounts {
  const order = fields.integer('order', 1);
  if (order > mostOrder) fields.damaged('order', `at most ${mostOrder}`);
  const weight = fields.number('weight');
  if (weight < 0 || weight > 1) fields.damaged('weight', 'from 0 to 1');
  return { order, weight, text: fields.string('text') };
}

const mostOrder = 20;

const rebuilt = new WeakMap<SavedCounts, Promise<{ model: KneserNey; text: string }>>();

/**
 * The Kneser–Ney model of an artefact, counted when first asked for, and the text that it counted.
 * @param name the model's, for errors
 * @throws MemcellError (model) when what was saved is damaged
 */
export function loadCounts(artefact: TextArtefact, name: string) {
  const { counted, tokens } = artefact;
  if (counted === undefined) return undefined;
  let loading = rebuilt.get(counted);
  if (loading === undefined) {
    loading = unpackText(counted.text, `${name}: the saved text`).then((text) => ({
      text,
      model: new KneserNey(tokens.encode(text, `${name}: the saved text`), tokens.size, counted.order),
    }));
    rebuilt.set(counted, loading);
  }
  return loading;
}

/** A text as UTF-8, zlib, base64. */
export async function packText(text: string): Promise<string> {
  return base64(await through(new TextEncoder().encode(text), new CompressionStream('deflate')));
}

/** @throws MemcellError (model) for what `packText` has not made */
export async function unpackText(packed: string, what: string): Promise<string> {
  try {
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const text = await through(bytes, new DecompressionStream('deflate'));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    throw new MemcellError(`${what} is damaged; train the model again`, { code: 'model', cause });
  }
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream) {
  const whole = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(whole).arrayBuffer());
}
