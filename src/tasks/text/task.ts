import { MemcellError, usageError } from '../../errors.js';
import { otherWork } from '../../eventLoop.js';
import { counted, formatNumber, formatTable } from '../../format.js';
import type { Task } from '../definition.js';
import { checkParts } from '../prepared.js';
import { loadCounts, parseTextArtefact, type TextArtefact } from './artefact.js';
import { drawText } from './drawnText.js';
import { evaluateTokens, evaluateWindows, type Likelihood, type TextEvaluation, verdict } from './evaluation.js';
import { generate, generationPath } from './generate.js';
import { type GenerateOptions, type TextOptions, textFlags } from './options.js';
import { showText } from './shown.js';
import { unitOf } from './tokens.js';

export type { TextArtefact } from './artefact.js';
export type { TextEvaluation } from './evaluation.js';

/** The next character, word or byte pair of a text. */
export const textTask: Task<
  TextOptions,
  TextArtefact,
  TextEvaluation,
  GenerateOptions,
  { prompt: string; text: string }
> = {
  ...textFlags,

  // What trains loads TensorFlow.js, and what predicts does not.
  async prepare(source, options, run) {
    const { prepareCorpus } = await import('./prepare.js');
    const { trainPlain } = await import('./plain.js');
    const { buildTextNetwork } = await import('./rounds.js');
    const { trainText } = await import('./training.js');
    const { text, notes } = await drawText(source, run.seed);
    await otherWork();
    const corpus = prepareCorpus(text, source.name, options, run);
    const { ids, edge, layers } = corpus;
    if (run.layers !== undefined) buildTextNetwork(corpus, run).dispose();
    return {
      warnings: notes,
      layers,
      samples: edge,
      heldOut: ids.length - edge,
      train: () => (run.plain ? trainPlain(corpus, run) : trainText(corpus, run)),
    };
  },

  score: ({ bitsPerCharacter }) => ({ value: bitsPerCharacter, name: 'bits per character' }),

  parse: parseTextArtefact,

  shapes: ({ window, tokens }) => ({ input: [window], outputs: [[window, tokens.size], [tokens.size]] }),

  arrays: ({ window, tokens }) => ({
    x: `int32 [batch, ${window}]: numbers of ${tokens.kind}, oldest first, by their place in tokens`,
    y: 'float32: the probability of each of tokens to come next, at the last axis',
    tokens: tokens.texts,
  }),

  async evaluate({ model: network, artefact, name }, source, { from, shown }) {
    if (from !== undefined) {
      throw usageError('--from is for tables; give a file with the part of the text to evaluate');
    }
    const { tokens, window, context } = artefact;
    const { text, notes } = await drawText(source, 0);
    const ids = tokens.encode(text, source.name);
    const drawn = notes.length > 0 ? { drawn: notes[0] } : {};
    const saved = await loadCounts(artefact, name);
    if (saved === undefined && context === 'window') {
      checkParts(source.name, tokens.kind, ids.length, ids.length, window);
      return { ...(await evaluateWindows({ ...artefact, network }, ids)), ...drawn };
    }
    if (ids.length < 2)
      throw new MemcellError(
        `${source.name}: one ${tokens.kind === 'characters' ? 'character' : 'token'} has none after it to predict`,
      );
    if (context === 'window') checkParts(source.name, tokens.kind, ids.length, ids.length, window);
    const weight = artefact.counted?.weight ?? 1;
    const model = { ...artefact, network, weight, ...(saved && { counts: saved.model }) };
    const evaluation = { ...(await evaluateTokens(model, ids, { from: 0, to: ids.length })), ...drawn };
    const picture = shown && context === 'stream' ? showText(model, ids, 0) : undefined;
    if (picture) shown?.(picture);
    return saved?.text.includes(tokens.decode(ids)) ? { ...evaluation, seen: true } : evaluation;
  },

  async predict({ model, artefact, name }, source, options) {
    const prompt = options.prompt ?? (source === undefined ? '' : await source.text());
    let made = '';
    for await (const piece of generate(model, artefact, { ...options, prompt }, name)) made += piece;
    const path = generationPath(model);
    const whole = prompt + made;
    return { head: ['text'], rows: [[whole]], result: { prompt, text: whole, ...path }, text: whole, notes: [] };
  },

  tell(evaluation, on) {
    const { samples, crossEntropy, bitsPerCharacter, perplexity, unigramCrossEntropy, tokenKind } = evaluation;
    const per = tokenKind === undefined || tokenKind === 'characters' ? '' : ` a ${unitOf(tokenKind)}`;
    const headline = [
      `${counted(samples, 'character')}${on}: cross-entropy ${formatNumber(crossEntropy)} nats (${formatNumber(bitsPerCharacter)} bits) a character, perplexity ${formatNumber(perplexity)}${per}; by frequencies alone: ${formatNumber(unigramCrossEntropy)} nats`,
    ];
    const judged = verdict(evaluation).text;
    if (judged !== '') headline.push(judged[0].toUpperCase() + judged.slice(1));
    if (evaluation.unscored) headline.push(`Not scored: the last ${counted(evaluation.unscored, 'token')}`);
    if (evaluation.drawn) headline.push(evaluation.drawn);
    if (evaluation.seen) headline.push('This text is part of what the model was trained on: expect worse on others');
    return { headline, details: details(evaluation) };
  },

  next: (_artefact, folder) => `memcell generate ${folder} --length 400`,
};

function details(evaluation: TextEvaluation): string[] {
  const { network, counts, weight = 1 } = evaluation;
  if (network === undefined || counts === undefined) return [];
  const line = (name: string, { crossEntropy, bitsPerCharacter, perplexity }: Likelihood) => [
    name,
    ...[crossEntropy, bitsPerCharacter, perplexity].map(formatNumber),
  ];
  const rows = [
    ...(weight < 1 ? [line(`mixed, the network's share ${weight.toFixed(2)}`, evaluation)] : []),
    line('the network alone', network),
    ...(network.cold ? [line('the network, windows without context', network.cold)] : []),
    line(`counting ${counts.back} back alone (Kneser–Ney)`, counts),
  ];
  return ['', formatTable(['', 'nats', 'bits a character', 'perplexity'], rows)];
}
