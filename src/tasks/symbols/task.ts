import { usageError } from '../../errors.js';
import { otherWork } from '../../eventLoop.js';
import { counted, percent } from '../../format.js';
import type { Task } from '../definition.js';
import { parseSymbolsArtefact, type SymbolsArtefact } from './artefact.js';
import { type SymbolsEvaluation, verdict } from './evaluation.js';
import { type SymbolsOptions, type SymbolsPredictOptions, symbolsFlags } from './options.js';
import { evaluateSequence, predictSymbols } from './predict.js';
import { parseSymbols, readSequence } from './sequence.js';

export type { SymbolsArtefact } from './artefact.js';
export type { SymbolsEvaluation } from './evaluation.js';

/** The next symbol of a sequence of whole numbers or words. */
export const symbolsTask: Task<
  SymbolsOptions,
  SymbolsArtefact,
  SymbolsEvaluation,
  SymbolsPredictOptions,
  { symbols: (string | number)[] }
> = {
  ...symbolsFlags,

  // What trains loads TensorFlow.js, and what predicts does not.
  async prepare(source, options, run) {
    const { novelty, prepareSequence } = await import('./prepare.js');
    const { buildSymbolsNetwork, trainSymbols } = await import('./training.js');
    const sequence = await readSequence(source, run.seed);
    await otherWork();
    const corpus = prepareSequence(sequence, source.name, options, run);
    const { ids, edge, windows, layers } = corpus;
    if (run.layers !== undefined) for (const window of windows) buildSymbolsNetwork(corpus, window, run).dispose();
    return {
      warnings: [...sequence.notes, ...novelty(corpus)],
      layers,
      samples: edge - windows[0],
      heldOut: ids.length - edge,
      train: () => trainSymbols(corpus, run),
    };
  },

  score: ({ crossEntropy, accuracy }) =>
    crossEntropy === undefined
      ? { value: 1 - accuracy, name: 'share of mistakes' }
      : { value: crossEntropy, name: 'nats per symbol' },

  parse: parseSymbolsArtefact,

  shapes: ({ window, input, symbols }) => ({
    input: input === 'index' ? [window] : [window, 1],
    outputs: [[symbols.length]],
  }),

  arrays: ({ window, input, symbols, scale }) => ({
    x:
      input === 'index'
        ? `int32 [batch, ${window}]: the last ${window} symbols, oldest first, by their place in symbols`
        : `float32 [batch, ${window}, 1]: the last ${window} symbols, oldest first, each number (of words their place in symbols) divided by ${scale}`,
    y: `float32 [batch, ${symbols.length}]: the probability of each of symbols to come next`,
    symbols,
  }),

  async evaluate({ model, artefact }, source, { from }) {
    if (from !== undefined) {
      throw usageError('--from is for tables; give a file with the symbols to evaluate');
    }
    return evaluateSequence(model, artefact, (await readSequence(source)).values, source.name);
  },

  async predict({ model, artefact }, source, { steps = 10, start }) {
    if (start !== undefined && source !== undefined) {
      throw usageError('DATA and --start both say what to go on from; give one');
    }
    const given = start === undefined ? undefined : parseSymbols(start, artefact.symbols, 'start');
    const read = source === undefined ? undefined : (await readSequence(source)).values;
    const symbols = await predictSymbols(model, artefact, given ?? read, steps, source?.name ?? 'start');
    return {
      head: ['step', 'symbol'],
      rows: symbols.map((symbol, i) => [String(i + 1), symbol]),
      result: { symbols },
      text: symbols.join(' '),
      notes: [],
    };
  },

  tell(evaluation, on) {
    const { samples, accuracy, majorityAccuracy, repeatAccuracy, window } = evaluation;
    const simple = [`always the most frequent one: ${percent(majorityAccuracy)}`];
    if (repeatAccuracy !== undefined) simple.push(`the last one again: ${percent(repeatAccuracy)}`);
    if (evaluation.counts) {
      simple.push(`counting ${evaluation.counts.back} back: ${percent(evaluation.counts.accuracy)}`);
    }
    const sees = window === undefined ? '' : ` from the last ${window}`;
    const headline = [`${counted(samples, 'symbol')}${on}: accuracy ${percent(accuracy)}${sees}; ${simple.join('; ')}`];
    if (repeatAccuracy !== undefined) {
      const { text: judged } = verdict(evaluation);
      headline.push(judged[0].toUpperCase() + judged.slice(1));
    }
    return { headline, details: [] };
  },

  next: ({ end }, folder) => `memcell predict ${folder} --start "${end.join(' ')}" --steps 10`,
};
