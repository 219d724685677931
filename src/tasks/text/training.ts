import { otherWork } from '../../eventLoop.js';
import { prepareEngine } from '../../kernels/backend.js';
import type { Run, Trained } from '../definition.js';
import type { TextArtefact } from './artefact.js';
import { type Corpus, stoppingEdge, stoppingShare } from './corpus.js';
import { bestOrder, count, mostCounted, savedCounts } from './counting.js';
import {
  compareMixture,
  evaluateTokens,
  frequenciesOf,
  type TextEvaluation,
  type TextModel,
  verdict,
} from './evaluation.js';
import { buildTextNetwork, TextRounds } from './rounds.js';
import { showText } from './shown.js';

/**
 * Trains in three rounds. The first fits the network on the first nine tenths of the training part, stops by the last tenth,
 * and finds there how long the counted sequences should be and the network's share in the mixture with the counts. The
 * second goes on from there over the whole training part, with a learning rate that falls to nearly nothing; the model is
 * evaluated then, on a part that nothing has seen. The third does the same as the second over the whole text, for the
 * model that is saved.
 */
export async function trainText(corpus: Corpus, run: Run): Promise<Trained<TextArtefact, TextEvaluation>> {
  const { ids, edge, tokens, settings, window, layers, name } = corpus;
  const warnings: string[] = [];
  run.stage(`the network, stopped by the last ${100 * stoppingShare} % of the training part`);
  await otherWork();
  await prepareEngine();
  const rounds = new TextRounds(buildTextNetwork(corpus, run), corpus, run, warnings);
  try {
    const { history, diverged } = await rounds.begin();
    const training = ids.subarray(0, edge);
    const base = { tokens, window, context: rounds.context, frequencies: frequenciesOf(training, tokens.size) };
    const counting = { size: tokens.size, signal: run.signal };
    const { order, share } = await weighCounts({ ...base, network: rounds.network }, corpus, run, warnings);
    const counted = share === undefined ? undefined : await savedCounts(corpus, order, share);
    const artefact: TextArtefact = { kind: 'text', ...base, ...(counted && { counted }) };
    const made = { artefact, layers, settings, history };
    await rounds.goOn(training, 'the whole training part');
    await run.trained(rounds.network, made);
    run.stage('the evaluation');
    const counts = await count(training, order, counting);
    if (!counts) warnings.push(`${name}: interrupted before it was compared with counting; few tokens are scored`);
    const mixed = share !== undefined && counts ? { counts } : {};
    const model: TextModel = { ...base, network: rounds.network, weight: share ?? 1, ...mixed };
    const isHeldOut = edge < ids.length;
    const scored = isHeldOut ? { from: edge, to: ids.length } : { from: 0, to: edge };
    const evaluation = await evaluateTokens(model, ids, scored, {
      ...(counts && { baseline: counts }),
      cold: true,
      ...(run.signal && { signal: run.signal }),
    });
    const picture = run.shown && model.context === 'stream' ? showText(model, ids, scored.from) : undefined;
    if (picture) run.shown?.(picture);
    const { better, text } = verdict(evaluation);
    if (!isHeldOut) warnings.push(`${name}: nothing was held out; the evaluation is on the training part`);
    else if (!better) warnings.push(`${name}: the model is ${text}`);
    if (isHeldOut && run.purpose === undefined) {
      const again = await rounds.goOn(ids, 'the whole text, what was held out included');
      if (again) await run.trained(rounds.network, made);
    }
    const { network, stopped } = rounds;
    return {
      model: network,
      ...made,
      evaluation,
      warnings,
      ...(stopped && { stopped }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    rounds.network.dispose();
    throw error;
  }
}

/** How many tokens back are counted, and the network's share beside the counts: undefined where they add nothing. */
async function weighCounts(
  model: Pick<TextModel, 'tokens' | 'window' | 'context' | 'frequencies' | 'network'>,
  { ids, edge, tokens, pure, name }: Corpus,
  { signal }: Run,
  warnings: string[],
): Promise<{ order: number; share?: number }> {
  const stopping = { from: stoppingEdge(edge), to: edge };
  const counting = { size: tokens.size, signal };
  const order = await bestOrder(ids, stopping.from, stopping.to, counting);
  const counted = await count(ids.subarray(0, stopping.from), order, counting);
  if (pure || !counted) return { order };
  const { better, weight } = await compareMixture(model, counted, ids, stopping, signal);
  if (!better) {
    warnings.push(`${name}: counting adds nothing to the network; it is left out`);
    return { order };
  }
  if (ids.length > mostCounted) {
    warnings.push(`${name}: only the last ${mostCounted} tokens are counted beside the network`);
  }
  return { order, share: weight };
}
