import type { TaskFlags } from '../definition.js';
import { atLeast0, count, flag, integer, type OptionTable, oneOf, probability, text } from '../options.js';
import { anyOf, between } from '../ranges.js';
import type { SamplingOptions } from '../sampling.js';
import type { TokenKind } from './tokens.js';

export interface TextOptions {
  /** Tokens of a training step: 32 (64 with layers of your own, 50 with `plain`). */
  window?: number;
  /** What a text is cut into: characters. */
  tokens?: TokenKind;
  /** Words (5000) or byte pairs (1000) beside the characters, at most. */
  vocabulary?: number;
  /** The network alone, not mixed with counts. */
  pure?: boolean;
}

export interface GenerateOptions extends SamplingOptions {
  /** The text to go on from; a line end when not given. */
  prompt?: string;
  /** Tokens to make at most: 400. */
  length?: number;
  /** The text ends before the first place where this is written. */
  stop?: string;
  seed?: number;
}

const textOptions: OptionTable<TextOptions> = {
  window: {
    flags: '--window <N>',
    help: 'tokens of a training step (32)',
    kind: count,
    range: anyOf(16, 32, 64, 128),
  },
  tokens: {
    flags: '--tokens <KIND>',
    help: 'what a text is cut into: characters, words or bpe (characters)',
    kind: oneOf('characters', 'words', 'bpe'),
  },
  vocabulary: {
    flags: '--vocabulary <N>',
    help: 'words or byte pairs beside the characters, at most (5000, 1000)',
    kind: count,
  },
  pure: { flags: '--pure', help: 'the network alone, not mixed with counts', kind: flag },
};

const generateOptions: OptionTable<GenerateOptions> = {
  prompt: { flags: '--prompt <TEXT>', help: 'the text to go on from', kind: text },
  length: { flags: '--length <N>', help: 'characters (or words, or byte pairs) to write (400)', kind: count },
  stop: { flags: '--stop <TEXT>', help: 'end before the first place where this is written', kind: text },
  temperature: {
    flags: '--temperature <T>',
    help: 'below 1 likelier, above 1 more varied, 0 always the likeliest (1)',
    kind: atLeast0,
  },
  topK: { flags: '--top-k <K>', help: 'draw from the K likeliest only', kind: count },
  topP: { flags: '--top-p <P>', help: 'draw from the likeliest that together reach P only', kind: probability },
  seed: { flags: '--seed <N>', help: 'the same seed gives the same text (0)', kind: integer },
};

export const textFlags = {
  kind: 'text',
  choose: { flags: '--text', help: 'learn the next character of a text' },
  options: textOptions,
  predictOptions: generateOptions,
  ranges: {
    learningRate: between(0.001, 0.02),
    batchSize: anyOf(4, 8, 16, 32),
    layers: {
      units: anyOf(64, 96, 128, 192, 256),
      depth: anyOf(1, 2),
      dropout: anyOf(0.1, 0.2, 0.3, 0.5),
      cell: anyOf('LSTM', 'GRU'),
    },
  },
} as const satisfies TaskFlags<TextOptions, GenerateOptions>;
